/** The C program that probes are tried on (`test-programs/target.c`): built once, run and told what to do. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../test-programs/target.c', import.meta.url))
const build = fileURLToPath(new URL('../../../../build/bpf-test/', import.meta.url))

/** Position-independent as everything is today, or with fixed addresses, or without a table of symbols. */
export type TargetKind = 'pie' | 'fixed' | 'stripped'
export const targetKinds = ['pie', 'fixed', 'stripped'] as const satisfies readonly TargetKind[]

// `-rdynamic` exports functions as libraries do: what a stripped file still has.
const flags = {
  pie: ['-pie', '-fPIE'],
  fixed: ['-no-pie', '-fno-pie'],
  stripped: ['-pie', '-fPIE', '-rdynamic', '-s'],
} as const satisfies Record<TargetKind, readonly string[]>

/** Path of the program, built where it is older than its source (guests find it built). */
export function buildTarget(kind: TargetKind): string {
  const path = join(build, `target-${kind}`)
  const built = statSync(path, { throwIfNoEntry: false })
  if (built && built.mtimeMs >= statSync(source).mtimeMs) return path
  mkdirSync(dirname(path), { recursive: true })
  // Two suites that build at once must not see each other's half-written file.
  const fresh = `${path}.${process.pid}`
  execFileSync('clang', ['-O1', '-fno-omit-frame-pointer', ...flags[kind], '-o', fresh, source])
  renameSync(fresh, path)
  return path
}

/** A running target. */
export class Target implements Disposable {
  readonly #process: ChildProcess

  constructor(started: ChildProcess) {
    this.#process = started
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Has it do something and waits until it is done. */
  async tell(line: string): Promise<void> {
    const { stdin, stdout } = this.#process
    if (!stdin || !stdout) throw new Error('the target has no pipes')
    const answered = once(stdout, 'data')
    stdin.write(`${line}\n`)
    await answered
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL')
  }
}

/** Starts one. */
export async function startTarget(kind: TargetKind): Promise<Target> {
  const started = spawn(buildTarget(kind), { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(started.stdout, 'data')
  return new Target(started)
}
