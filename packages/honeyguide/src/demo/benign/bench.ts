/** Where benign work is done: a folder of its own, a way to run programs there, and an end to all of it. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '../random.ts'

export interface Bench {
  readonly folder: string
  readonly random: Random
  readonly signal: AbortSignal
  /** Runs a program to its end. Rejects when it fails, with what it said. */
  run(
    program: string,
    args: readonly string[],
    options?: {
      readonly cwd?: string
      readonly input?: string
      readonly environment?: Readonly<Record<string, string>>
    },
  ): Promise<string>
  /** Starts a program that stays; it is ended with the bench. Resolves with its first line of output. */
  start(
    program: string,
    args: readonly string[],
    options?: { readonly cwd?: string },
  ): Promise<string>
  /** Writes a file below the folder, `0o644` unless said. */
  write(name: string, text: string, mode?: number): string
}

/** Most output that is kept of one program, bytes. */
const outputLimit = 64 * 1024

export interface OwnedBench extends Bench, AsyncDisposable {}

export function createBench(folder: string, random: Random, signal: AbortSignal): OwnedBench {
  const environment = {
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
    HOME: folder,
    LANG: 'C.UTF-8',
    TERM: 'dumb',
  }
  const staying = new Set<ReturnType<typeof spawn>>()
  return {
    folder,
    random,
    signal,
    run(program, args, { cwd = folder, input, environment: more = {} } = {}) {
      return new Promise((resolve, reject) => {
        const child = spawn(program, args, {
          cwd,
          env: { ...environment, ...more },
          signal,
          stdio: ['pipe', 'pipe', 'pipe'],
        })
        let output = ''
        const keep = (chunk: Buffer): void => {
          if (output.length < outputLimit) output += chunk.toString()
        }
        child.stdout.on('data', keep)
        child.stderr.on('data', keep)
        child.stdin.on('error', () => undefined)
        child.stdin.end(input)
        child.once('error', reject)
        child.once('close', (code) => {
          if (code === 0) resolve(output)
          else reject(new Error(`${program} ended with ${code}: ${output.trim().slice(-300)}`))
        })
      })
    },
    start(program, args, { cwd = folder } = {}) {
      return new Promise((resolve, reject) => {
        const child = spawn(program, args, {
          cwd,
          env: environment,
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        staying.add(child)
        child.once('error', reject)
        child.once('exit', (code) => {
          staying.delete(child)
          reject(new Error(`${program} ended with ${code}`))
        })
        for (const stream of [child.stdout, child.stderr])
          stream.once('data', (chunk: Buffer) => resolve(chunk.toString().split('\n')[0] ?? ''))
        // A server that says nothing is taken to be there after a while.
        setTimeout(() => resolve(''), 500).unref()
      })
    },
    write(name, text, mode = 0o644) {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text, { mode })
      return path
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [...staying].map(
          (child) =>
            new Promise<void>((done) => {
              child.once('exit', () => done())
              child.kill('SIGTERM')
              setTimeout(() => child.kill('SIGKILL'), 1000).unref()
            }),
        ),
      )
    },
  }
}
