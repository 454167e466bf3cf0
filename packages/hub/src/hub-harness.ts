/** A hub in this process for tests: a folder of its own, a page of three files, both doors open. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { HubSettings } from '@honeyguide/model'
import { createLogger } from '@honeyguide/model/log'
import { openHub, type Hub } from './hub.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  json<Body = Record<string, unknown>>(): Body
}

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface HubHarness {
  readonly dir: string
  readonly settings: HubSettings
  readonly hub: Hub
  readonly lines: readonly Record<string, unknown>[]
  /** Over the unix socket. */
  readonly ask: (path: string, asked?: Asked) => Promise<Answer>
  /** Over TCP, with Host and nothing else unless given. */
  readonly askPage: (path: string, asked?: Asked) => Promise<Answer>
  /** Cookie of a new session. */
  readonly signIn: () => Promise<string>
}

export function askHttp(
  where: { readonly socketPath: string } | { readonly host: string; readonly port: number },
  path: string,
  asked: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = asked.body === undefined ? undefined : JSON.stringify(asked.body)
    const request = httpRequest(
      {
        ...where,
        path,
        method: asked.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...asked.headers,
        },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: <Body>() => JSON.parse(text) as Body,
          })
        })
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

export function hubSettings(dir: string, over: Partial<HubSettings> = {}): HubSettings {
  return {
    stateDir: join(dir, 'state'),
    uplinkSocket: join(dir, 'run', 'uplink.sock'),
    apiSocket: join(dir, 'run', 'api.sock'),
    listen: { host: '127.0.0.1', port: 0 },
    hostNames: [],
    pageDir: join(dir, 'page'),
    rulesDirs: [],
    audit: { keepDays: 365, bytes: 1 << 20 },
    store: {
      processBytes: 1 << 30,
      memoryBytes: 256 << 20,
      capBytes: 1 << 30,
      kind: 'memory',
    },
    replay: null,
    logLevel: 'debug',
    ...over,
  }
}

export async function writePage(dir: string): Promise<void> {
  await mkdir(join(dir, 'page', 'assets'), { recursive: true })
  await writeFile(join(dir, 'page', 'index.html'), '<!doctype html><title>Honeyguide</title>')
  await writeFile(join(dir, 'page', 'assets', 'app-AbCd1234.js'), 'export {}')
  await writeFile(join(dir, 'page', 'favicon.svg'), '<svg/>')
  await writeFile(join(dir, 'secret.txt'), 'secret')
}

export async function startHub(
  t: TestContext,
  over: Partial<HubSettings> = {},
  options: { readonly snapshotMs?: number } = {},
): Promise<HubHarness> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-hub-'))
  await writePage(dir)
  const settings = hubSettings(dir, over)
  const lines: Record<string, unknown>[] = []
  const hub = await openHub({
    settings,
    version: '0.1.0',
    log: createLogger({
      component: 'hub',
      level: 'debug',
      sink: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
      now: Date.now,
    }),
    ...options,
  })
  t.after(async () => {
    await hub[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  const { hostname, port } = new URL(hub.address)
  const page = { host: hostname, port: Number(port) }
  const harness: HubHarness = {
    dir,
    settings,
    hub,
    lines,
    ask: (path, asked) => askHttp({ socketPath: settings.apiSocket }, path, asked),
    askPage: (path, asked) => askHttp(page, path, asked),
    async signIn() {
      const link = await harness.ask('/api/v1/link', { method: 'POST' })
      const token = link.json<{ address: string }>().address.split('#')[1]
      const answer = await harness.askPage('/api/v1/session', {
        body: { token },
        headers: { origin: hub.address },
      })
      return String(answer.headers['set-cookie']?.[0]).split(';')[0] ?? ''
    },
  }
  return harness
}
