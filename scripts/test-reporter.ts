/**
 * Reports a suite of node:test: failures in full, everything else as counts in the file that HG_TEST_REPORT names.
 *
 * node:test wants a default export here.
 */
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

/** What a suite's run came to; written as JSON. */
export interface SuiteReport {
  passed: number
  failed: number
  /** Name of the test with its suites, `a > b`, and the reason. */
  skipped: { name: string; reason: string; file: string }[]
}

interface TestData {
  readonly name: string
  readonly nesting: number
  readonly file?: string
  readonly line?: number
  readonly skip?: string | boolean
  readonly todo?: string | boolean
  readonly details?: {
    readonly type?: string
    readonly duration_ms?: number
    readonly error?: { readonly cause?: unknown; readonly message?: string }
  }
}

function causeText(
  error: { readonly cause?: unknown; readonly message?: string } | undefined,
): string {
  const cause = error?.cause ?? error
  if (cause instanceof Error) return cause.stack ?? cause.message
  return typeof cause === 'string' ? cause : JSON.stringify(cause)
}

export default async function* report(
  source: AsyncIterable<{ readonly type: string; readonly data: unknown }>,
): AsyncGenerator<string> {
  const result: SuiteReport = { passed: 0, failed: 0, skipped: [] }
  const path: string[] = []
  for await (const { type, data } of source) {
    const test = data as TestData
    if (type === 'test:start') {
      path.length = test.nesting
      path.push(test.name)
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const name = [...path.slice(0, test.nesting), test.name].join(' > ')
    const file = test.file === undefined ? '' : relative(process.cwd(), test.file)
    const isSuite = test.details?.type === 'suite'
    if (test.skip !== undefined && test.skip !== false) {
      result.skipped.push({ name, reason: typeof test.skip === 'string' ? test.skip : '', file })
    } else if (type === 'test:pass') {
      if (!isSuite) result.passed += 1
    } else {
      const cause = causeText(test.details?.error)
      // A suite fails when a test of it does, which was told already.
      if (isSuite && /subtests? failed/.test(cause)) continue
      result.failed += 1
      yield `\nfailed: ${name}\n  ${file}${test.line === undefined ? '' : `:${test.line}`}\n${cause.replace(/^/gm, '  ')}\n`
    }
  }
  const out = process.env['HG_TEST_REPORT']
  if (out !== undefined) writeFileSync(out, JSON.stringify(result))
}
