/**
 * Honeyguide as a user starts it, in a state folder of its own, for one acceptance script.
 *
 * Asked over the hub's unix socket, the way the command line does. Ended by `down`, also when the script failed.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { instanceOf, type Instance } from '../../../packages/honeyguide/src/place.ts'
import type {
  HuntAnswer,
  IncidentAnswer,
  IncidentsAnswer,
  LinkAnswer,
  Status,
} from '@honeyguide/model'

let markers = 0

export interface StackOptions {
  readonly root: string
  readonly folder: string
  /** More arguments for `up`. */
  readonly args?: readonly string[]
  readonly log?: (text: string) => void
}

export interface Stack extends AsyncDisposable {
  readonly state: string
  readonly instance: Instance
  readonly launcher: ChildProcess
  /** Address of the page. */
  readonly address: string
  /** Asks the hub; throws with the error's code and message. */
  ask<Answer>(path: string, body?: unknown): Promise<Answer>
  /** Rows of a hunt as objects, and its evidence. */
  hunt(
    sql: string,
  ): Promise<{ rows: Record<string, string | number | boolean | null>[]; answer: HuntAnswer }>
  /** Asks until `isDone` says so; gives the last answer. Throws after `timeoutMs`. */
  huntUntil(
    sql: string,
    isDone: (rows: Record<string, string | number | boolean | null>[]) => boolean,
    timeoutMs: number,
  ): Promise<Record<string, string | number | boolean | null>[]>
  /** Resolves when sensor, spool, detection and store have taken in all that happened before this call. */
  settle(timeoutMs?: number): Promise<void>
  incidents(): Promise<IncidentsAnswer['incidents']>
  incident(uid: string): Promise<IncidentAnswer>
  /** A new one-time address. */
  link(): Promise<LinkAnswer>
  /** Process ids by component: sensor, hub, store. */
  pids(): Promise<Record<string, number>>
  /** Everything that it printed. */
  readonly output: () => string
  /** Ctrl-C and wait; resolves with the seconds that it took. */
  stop(): Promise<number>
}

/** Runs `bin/honeyguide` with these words; resolves with code and output, never throws for a code. */
export async function honeyguide(
  root: string,
  args: readonly string[],
  options: {
    readonly input?: string
    readonly timeoutMs?: number
    readonly env?: NodeJS.ProcessEnv
  } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(join(root, 'bin/honeyguide'), args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.end(options.input ?? '')
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearTimeout(timer)
  return { code, stdout, stderr }
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { root, folder, args = [], log = () => undefined } = options
  const state = join(folder, 'state')
  const launcher = spawn(
    join(root, 'bin/honeyguide'),
    ['up', '--json', '--state', state, '--port', '0', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  let address = ''
  let closed = false
  const take = (text: string): void => {
    output += text
    for (const line of text.split('\n')) {
      const found = /"address":"(http[^"]+)"/.exec(line)
      if (found?.[1] && address === '') address = found[1]
    }
    log(text.trimEnd())
  }
  launcher.stdout.setEncoding('utf8').on('data', take)
  launcher.stderr.setEncoding('utf8').on('data', take)
  launcher.on('close', () => (closed = true))
  const instance = instanceOf(state)
  const socketPath = instance.apiSocket

  function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const sent = request(
        {
          socketPath,
          path,
          method: text === undefined ? 'GET' : 'POST',
          headers:
            text === undefined
              ? { host: 'localhost' }
              : { host: 'localhost', 'content-type': 'application/json' },
        },
        (answer) => {
          let got = ''
          answer.setEncoding('utf8').on('data', (part: string) => (got += part))
          answer.on('error', reject)
          answer.on('end', () => {
            try {
              const parsed = JSON.parse(got) as Answer & {
                error?: { code: string; message: string }
              }
              if (parsed.error)
                reject(
                  Object.assign(
                    new Error(`${parsed.error.code}: ${parsed.error.message}`),
                    parsed.error,
                  ),
                )
              else resolve(parsed)
            } catch (cause) {
              reject(
                new Error(`${path} answered ${answer.statusCode}: ${got.slice(0, 200)}`, { cause }),
              )
            }
          })
        },
      )
      sent.on('error', reject)
      sent.end(text)
    })
  }

  async function hunt(sql: string) {
    const answer = await ask<HuntAnswer>('/api/v1/hunt', { sql, limit: 10_000 })
    const rows = answer.rows.map((row) =>
      Object.fromEntries(answer.columns.map(({ name }, i) => [name, row[i] ?? null])),
    )
    return { rows, answer }
  }

  async function stop(): Promise<number> {
    const began = performance.now()
    if (!closed) {
      launcher.kill('SIGINT')
      const timer = setTimeout(() => launcher.kill('SIGKILL'), 15_000)
      while (!closed) await sleep(20)
      clearTimeout(timer)
    }
    return (performance.now() - began) / 1000
  }

  const stack: Stack = {
    state,
    instance,
    launcher,
    get address() {
      return address
    },
    ask,
    hunt,
    async huntUntil(sql, isDone, timeoutMs) {
      const until = performance.now() + timeoutMs
      for (;;) {
        const rows = await hunt(sql).then(
          (found) => found.rows,
          (error: unknown) => {
            if (performance.now() > until) throw error
            return undefined
          },
        )
        if (rows && isDone(rows)) return rows
        if (performance.now() > until)
          throw new Error(
            `not so after ${timeoutMs} ms: ${sql}\nlast: ${JSON.stringify(rows?.slice(0, 3))}`,
          )
        await sleep(250)
      }
    },
    async settle(timeoutMs = 60_000) {
      const until = performance.now() + timeoutMs
      // A refused connection to an address that nobody else uses goes through the data ring behind all that
      // happened before it. Twice, more than a second apart: losses are told once a second at the latest.
      for (let marker = 0; marker < 2; marker++) {
        const number = (process.pid * 64 + markers++) & 0xff_ff_ff
        const address = `127.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
        await new Promise<void>((resolve) => {
          const socket = connect({ host: address, port: 1 })
          socket.on('error', () => resolve()).on('connect', () => resolve())
        })
        const sql = `SELECT count(*) AS n FROM network_activity WHERE dst_endpoint_ip = '${address}' AND dst_endpoint_port = 1`
        await stack.huntUntil(sql, (rows) => Number(rows[0]?.['n']) > 0, until - performance.now())
        if (marker === 0) await sleep(1500)
      }
    },
    incidents: async () => (await ask<IncidentsAnswer>('/api/v1/incidents')).incidents,
    incident: (uid) => ask<IncidentAnswer>(`/api/v1/incidents/${uid}`),
    link: () => ask<LinkAnswer>('/api/v1/link', {}),
    async pids() {
      const { stdout } = await honeyguide(root, ['status', '--json', '--state', state])
      const status = JSON.parse(stdout) as {
        daemons?: { name: string; state: string; pid?: number }[]
      }
      const pids = Object.fromEntries(
        (status.daemons ?? []).flatMap(({ name, state: how, pid }) =>
          how === 'up' && pid !== undefined ? [[name, pid]] : [],
        ),
      )
      const hub = pids['hub']
      if (hub !== undefined) {
        // The store is a child of the hub; this kernel may have no /proc/PID/task/TID/children.
        for (const entry of await readdir('/proc')) {
          if (!/^\d+$/.test(entry)) continue
          const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
          if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== hub) continue
          const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')
          if (line.includes('store/duckdb/child')) pids['store'] = Number(entry)
        }
      }
      return pids
    },
    output: () => output,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await honeyguide(root, ['down', '--purge', '--state', state])
    },
  }

  const until = performance.now() + 60_000
  while (address === '') {
    if (closed || performance.now() > until) {
      await stack[Symbol.asyncDispose]()
      throw new Error(`honeyguide up did not get ready:\n${output.slice(-3000)}`)
    }
    await sleep(50)
  }
  // The page answers before the sensor has attached; generators must not be earlier than it.
  const isReplay = args.includes('--replay') || args.includes('--no-sensor')
  while (!isReplay && performance.now() < until) {
    const status = await ask<Status>('/api/v1/status').catch(() => undefined)
    if (status && status.sensorsUp > 0) return stack
    await sleep(100)
  }
  if (isReplay) return stack
  await stack[Symbol.asyncDispose]()
  throw new Error(`no sensor came up:\n${output.slice(-3000)}`)
}

/** Value of a field of /proc/PID/status, for example `Uid`. */
export async function processStatus(pid: number): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Object.fromEntries(
    text
      .split('\n')
      .flatMap((line) =>
        line.includes(':')
          ? [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]]
          : [],
      ),
  )
}
