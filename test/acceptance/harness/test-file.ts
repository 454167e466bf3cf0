/** Runs one file of tests and takes what its tests say: JSON that they tell as diagnostics, failures, skips. */
import { run } from 'node:test'

export interface TestFile {
  readonly passed: number
  /** Name and reason. */
  readonly failed: readonly string[]
  readonly skipped: readonly string[]
  /** Diagnostics that are JSON objects. */
  readonly told: readonly Record<string, unknown>[]
}

interface EventData {
  readonly name?: string
  readonly skip?: string | boolean
  readonly message?: string
  readonly details?: {
    readonly type?: string
    readonly error?: { readonly cause?: unknown; readonly message?: string }
  }
}

/** `environment` is what the file is given beside this process's own. */
export async function runTestFile(
  file: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<TestFile> {
  const before = Object.keys(environment).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, environment)
  let passed = 0
  const failed: string[] = []
  const skipped: string[] = []
  const told: Record<string, unknown>[] = []
  try {
    for await (const { type, data } of run({ files: [file], concurrency: 1 }) as AsyncIterable<{
      readonly type: string
      readonly data: EventData
    }>) {
      const { name = '', skip, message = '', details } = data
      if (type === 'test:diagnostic' && message.startsWith('{'))
        told.push(JSON.parse(message) as Record<string, unknown>)
      if (details?.type === 'suite') continue
      if (type === 'test:pass' && (skip === undefined || skip === false)) passed += 1
      else if (type === 'test:pass') skipped.push(`${name}: ${String(skip)}`)
      if (type !== 'test:fail') continue
      const cause = details?.error?.cause
      failed.push(
        `${name}: ${cause instanceof Error ? cause.message : (details?.error?.message ?? '')}`,
      )
    }
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  return { passed, failed, skipped, told }
}
