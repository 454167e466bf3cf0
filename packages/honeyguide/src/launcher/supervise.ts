/**
 * Keeps one daemon running: starts it, waits for its ready line, starts it again when it ends, with back-off.
 *
 * Owns the child: `stop` asks, then kills. Nothing is restarted once stopping has begun.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadyLine } from '@honeyguide/model/settings'
import { createBackoff } from './backoff.ts'
import { createDaemonLog, type LogLine } from './daemon-log.ts'

export interface DaemonState {
  readonly state: 'starting' | 'up' | 'down'
  readonly pid: number | undefined
  readonly restarts: number
  readonly lastEnd: string
}

export interface Daemon {
  readonly name: string
  readonly state: DaemonState
  /** Resolves at the first ready line; rejects never. */
  readonly ready: Promise<ReadyLine>
  /** Sends SIGTERM, then after `graceMs` SIGKILL; resolves when it is gone. */
  stop(graceMs: number): Promise<void>
}

export interface DaemonOptions {
  readonly name: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Before every start: removes what a killed one left, its sockets for example. */
  readonly beforeStart: () => void
  readonly onChange: (state: DaemonState) => void
  readonly onLog: (line: LogLine) => void
}

function endWords(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
}

export function superviseDaemon(options: DaemonOptions): Daemon {
  const { name, command, environment, beforeStart, onChange, onLog } = options
  const backoff = createBackoff()
  const stopping = new AbortController()
  const firstReady = Promise.withResolvers<ReadyLine>()
  let child: ChildProcess | undefined
  let state: DaemonState = { state: 'starting', pid: undefined, restarts: 0, lastEnd: '' }

  function change(next: Partial<DaemonState>): void {
    state = { ...state, ...next }
    onChange(state)
  }

  async function runOnce(): Promise<void> {
    const [program = '', ...args] = command
    const gone = Promise.withResolvers<string>()
    beforeStart()
    const began = spawn(program, args, {
      cwd: '/',
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A session of its own: Ctrl-C reaches the launcher, which ends its daemons in the right order.
      detached: true,
    })
    child = began
    const onReady = (ready: ReadyLine): void => {
      change({ state: 'up' })
      firstReady.resolve(ready)
    }
    for (const stream of [began.stdout, began.stderr]) {
      const log = createDaemonLog({ component: name, onReady, onLine: onLog })
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => log.push(chunk))
      stream.on('end', () => log.end())
    }
    began.once('error', (error) => gone.resolve(`could not be started: ${error.message}`))
    began.once('exit', (code, signal) => gone.resolve(endWords(code, signal)))
    change({ state: 'starting', pid: began.pid })
    const lastEnd = await gone.promise
    child = undefined
    change({ state: 'down', pid: undefined, lastEnd })
  }

  async function keepRunning(): Promise<void> {
    while (!stopping.signal.aborted) {
      const began = performance.now()
      await runOnce()
      if (stopping.signal.aborted) return
      const waitMs = backoff.next(performance.now() - began)
      const message = `${name} ${state.lastEnd}; started again in ${waitMs / 1000} s`
      onLog({
        level: 'error',
        message,
        times: 1,
        json: JSON.stringify({
          time: new Date().toISOString(),
          level: 'error',
          component: 'launcher',
          message,
        }),
      })
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (!stopping.signal.aborted) change({ restarts: state.restarts + 1 })
    }
  }

  const ended = keepRunning()
  return {
    name,
    get state() {
      return state
    },
    ready: firstReady.promise,
    async stop(graceMs) {
      stopping.abort()
      child?.kill('SIGTERM')
      const isGone = await Promise.race([ended.then(() => true), sleep(graceMs, false)])
      if (!isGone) {
        child?.kill('SIGKILL')
        await ended
      }
    },
  }
}
