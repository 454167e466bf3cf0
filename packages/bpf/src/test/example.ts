/** Runs an example as a person would: waits for its first line, ends it by Ctrl-C, and gives what it printed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { ExampleName } from '../../examples/build.ts'

/** Where the examples lie in the repository; another folder is an installed package's. */
const here = fileURLToPath(new URL('../../examples/', import.meta.url))

export interface EndedExample {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A running example, killed by dispose unless it has ended. */
export class RunningExample implements Disposable {
  readonly #process: ChildProcess
  readonly #ended: Promise<EndedExample>
  #stdout = ''
  #stderr = ''

  constructor(process: ChildProcess) {
    this.#process = process
    process.stdout?.on('data', (text) => (this.#stdout += text))
    process.stderr?.on('data', (text) => (this.#stderr += text))
    this.#ended = once(process, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  /** Resolves when it has printed `text`; throws when it ends before. */
  async printed(text: string): Promise<void> {
    let hasEnded = false
    const ended = this.#ended.then(() => (hasEnded = true))
    while (!this.#stdout.includes(text)) {
      if (hasEnded) throw new Error(`it ended without "${text}": ${this.#stdout}${this.#stderr}`)
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10))])
    }
  }

  /** Waits for its end. */
  get ended(): Promise<EndedExample> {
    return this.#ended
  }

  /** Ctrl-C, and its end. */
  interrupt(): Promise<EndedExample> {
    this.#process.kill('SIGINT')
    return this.#ended
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL')
  }
}

/** Starts an example with arguments. */
export function startExample(
  name: ExampleName,
  args: readonly string[],
  options: {
    readonly folder?: string
    readonly environment?: NodeJS.ProcessEnv
    /** A process in whose network namespace it runs. */
    readonly inNamespaceOf?: number
  } = {},
): RunningExample {
  const { folder = here, environment = process.env, inNamespaceOf } = options
  const words = [execPath, `${folder}/${name}/main.${folder === here ? 'ts' : 'js'}`, ...args]
  if (inNamespaceOf !== undefined)
    words.unshift('/usr/bin/nsenter', `--net=/proc/${inNamespaceOf}/ns/net`)
  const [command = execPath, ...rest] = words
  return new RunningExample(
    spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: environment }),
  )
}
