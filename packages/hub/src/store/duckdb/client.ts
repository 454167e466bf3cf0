/**
 * The hub's end of the DuckDB store: starts its process under a ceiling, starts it again when it dies, asks it.
 *
 * A query that neither ends nor can be interrupted is ended with its process; nothing else of the hub
 * waits for it. Calls that were under way when the process died fail with HG_STORE_AWAY, people's queries
 * that killed it with HG_SQL_CANCELLED.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { HoneyguideError } from '@honeyguide/model'
import type { Spool } from '../../spool/index.ts'
import { createEventStore } from '../answers.ts'
import type { CoreMethod, CoreMethods, StoreBackend } from '../backend.ts'
import { SqlRefused } from '../guard/sql-refused.ts'
import { createStateKeeper } from '../state-keeper.ts'
import type { EventStore } from '../store.ts'
import { askLimits } from './ask.ts'
import type { CallError, FromChild, ToChild } from './messages.ts'

export interface DuckdbStoreOptions {
  /** The events file; made when it is not there. */
  readonly path: string
  readonly spool: Spool
  readonly derived: Spool
  /** Ceiling of the process's data segment (prlimit --data), bytes; what it needs to run at least; 0 for none. */
  readonly processBytes: number
  /** DuckDB's own memory limit, bytes. */
  readonly memoryBytes: number
  readonly flushMs?: number
  /** What the store's process writes on stderr, a line each. */
  readonly onLog?: (line: string) => void
}

const baseBytes = 1.25 * 1024 ** 3
const firstDelayMs = 100
const longestDelayMs = 10_000
/** How long after its deadline a query may take to be interrupted. */
const graceMs = 5_000
const mostCalls = 256

interface Call {
  readonly method: CoreMethod
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  deadline?: NodeJS.Timeout
}

function errorOf(error: CallError): Error {
  return error.code === 'HG_SQL_REFUSED'
    ? new SqlRefused(
        error.detail.replace(/^Line \d+, column \d+: /, ''),
        error.line === undefined || error.column === undefined
          ? undefined
          : { line: error.line, column: error.column },
      )
    : new HoneyguideError(error.code, error.detail)
}

export async function openDuckdbStore(options: DuckdbStoreOptions): Promise<EventStore> {
  const { spool, derived } = options
  const keeper = createStateKeeper()
  let child: ChildProcess | undefined
  let calls = new Map<number, Call>()
  let nextCall = 1
  let delayMs = firstDelayMs
  let restart: NodeJS.Timeout | undefined
  let closing = false
  let fatal: HoneyguideError | undefined
  let exited: Promise<void> = Promise.resolve()
  const stops: (() => void)[] = []

  function send(message: ToChild): void {
    // A send to a process that is dying fails; its exit tells.
    if (child?.connected) child.send(message, () => undefined)
  }

  function take(message: FromChild): void {
    switch (message.kind) {
      case 'progress':
        keeper.progressed(message.taken, message.error)
        return
      case 'answer':
      case 'failed': {
        const call = calls.get(message.id)
        if (!call) return
        calls.delete(message.id)
        clearTimeout(call.deadline)
        if (message.kind === 'answer') call.resolve(message.value)
        else call.reject(errorOf(message.error))
        return
      }
      case 'fatal':
        fatal = new HoneyguideError(message.error.code, message.error.detail)
        keeper.set({ state: 'down', detail: fatal.message })
    }
  }

  function start(): void {
    const takenAtStart = keeper.state.taken.spool
    const script = fileURLToPath(
      new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url),
    )
    const command = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--max-semi-space-size=8',
      '--max-old-space-size=512',
      script,
    ]
    // A ceiling of its data turns a query's memory bomb into that query's error.
    // Node and DuckDB's idle threads alone map 1.2 GiB writable (0.4 GiB of it resident): less cannot run.
    const ceiling = Math.max(options.processBytes, options.memoryBytes + baseBytes)
    const limited =
      options.processBytes > 0 ? ['prlimit', `--data=${ceiling}`, ...command] : command
    const [file = '', ...args] = limited
    const started = spawn(file, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Six heavy queries fill the default four threads, and everything else waits for seconds (measured).
      env: { ...process.env, UV_THREADPOOL_SIZE: '8' },
    })
    child = started
    let rest = ''
    started.stderr?.setEncoding('utf8')
    started.stderr?.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = (lines.pop() ?? '').slice(-4096)
      for (const line of lines) options.onLog?.(line.slice(0, 4096))
    })
    started.on('message', (message) => take(message as FromChild))
    exited = new Promise((resolve) => {
      const gone = (detail: string, killed: boolean): void => {
        if (child !== started) return
        const wasUp = keeper.state.state === 'up'
        child = undefined
        const lost = calls
        calls = new Map()
        for (const call of lost.values()) {
          clearTimeout(call.deadline)
          call.reject(
            call.method === 'ask' && !closing
              ? new HoneyguideError(
                  'HG_SQL_CANCELLED',
                  'The store had to be restarted while it ran.',
                )
              : new HoneyguideError('HG_STORE_AWAY'),
          )
        }
        resolve()
        if (closing || fatal) return
        // One that took something in, or was killed by somebody else, has earned a quick restart; one
        // that fails by itself waits ever longer.
        const gotOn = keeper.state.taken.spool > takenAtStart || (killed && wasUp)
        delayMs = gotOn ? firstDelayMs : Math.min(delayMs * 2, longestDelayMs)
        keeper.set({
          state: 'starting',
          detail,
          restarts: keeper.state.restarts + 1,
          pid: undefined,
        })
        restart = setTimeout(start, delayMs)
      }
      started.on('error', (error) => gone(error.message, false))
      started.on('exit', (code, signal) =>
        gone(`It ended with ${signal ?? `status ${code}`}.`, signal === 'SIGKILL'),
      )
    })
    send({
      kind: 'open',
      path: options.path,
      memoryBytes: options.memoryBytes,
      spoolDir: spool.dir,
      derivedDir: derived.dir,
      ends: { spool: spool.end, derived: derived.end },
      flushMs: options.flushMs ?? 500,
    })
    keeper.set({ pid: started.pid })
  }

  stops.push(
    spool.onAdvance((end) => send({ kind: 'extend', log: 'spool', end })),
    derived.onAdvance((end) => send({ kind: 'extend', log: 'derived', end })),
  )
  start()

  const backend: StoreBackend = {
    kind: 'duckdb',
    get state() {
      return keeper.state
    },
    onState: keeper.onState,
    call<Method extends CoreMethod>(method: Method, ...args: Parameters<CoreMethods[Method]>) {
      return new Promise<Awaited<ReturnType<CoreMethods[Method]>>>((resolve, reject) => {
        if (fatal) {
          reject(fatal)
          return
        }
        if (!child?.connected || calls.size >= mostCalls) {
          reject(new HoneyguideError('HG_STORE_AWAY'))
          return
        }
        const id = nextCall++
        const call: Call = { method, resolve: resolve as (value: unknown) => void, reject }
        const asked = child
        const limitMs =
          method === 'ask' ? askLimits.timeoutMs : method === 'retain' ? 600_000 : 60_000
        call.deadline = setTimeout(() => {
          // It could not be interrupted: the process goes, and starts again from the logs.
          asked.kill('SIGKILL')
        }, limitMs + graceMs)
        calls.set(id, call)
        send({ kind: 'call', id, method, args: args })
      })
    },
    async [Symbol.asyncDispose]() {
      closing = true
      clearTimeout(restart)
      for (const stop of stops) stop()
      if (!child) return
      const closed = child
      send({ kind: 'close' })
      const late = setTimeout(() => closed.kill('SIGKILL'), 3_000)
      await exited
      clearTimeout(late)
      keeper.set({ state: 'down', detail: 'It was closed.', pid: undefined })
    },
  }
  return createEventStore(backend)
}
