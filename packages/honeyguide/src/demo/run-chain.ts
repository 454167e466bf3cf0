/**
 * Carries out a chain of real steps, safely: traffic on loopback only, files only below a folder of its own
 * under /tmp, no root, and everything is ended and removed at the end, after a failure and after Ctrl-C.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { techniqueOf, techniqueOfLook, type Chain, type ChainStep } from './chain.ts'
import {
  payloadArguments,
  payloadBytes,
  quote,
  type CallBack,
  type PayloadKind,
} from './payload.ts'
import { perlServer } from './perl-server.ts'
import type { Random } from './random.ts'
import { endSession } from './session.ts'
import type { Tools } from './seeded-chain.ts'

export interface StepReport {
  /** ISO 8601 UTC, just before the step. */
  readonly time: string
  readonly step: ChainStep['do'] | 'server' | 'end'
  readonly technique: string
  readonly what: string
}

export interface RunChainOptions {
  readonly chain: Chain
  readonly random: Random
  readonly tools: Tools
  readonly signal: AbortSignal
  readonly onStep: (step: StepReport) => void
}

export interface ChainResult {
  /** Pid of the server that everything descends from. */
  readonly serverPid: number
  /** Connections that came back. */
  readonly connections: number
  readonly folder: string
}

/** How long connections may be late, and how often that is looked at, ms. */
const lateMs = 50
const mostLateTries = 200

function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error('the server has no output'))
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('error', reject)
    child.once('exit', (code) =>
      reject(new Error(`the server ended with ${code} before it listened`)),
    )
  })
}

/** Starts the server in a session of its own, so that all that descends from it can be ended. */
function startServer(chain: Chain, folder: string, word: string): ChildProcess {
  const environment = {
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    LANG: 'C.UTF-8',
    HOME: folder,
  }
  const options = {
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'] as ['pipe', 'pipe', 'ignore'],
    argv0: chain.server.name,
  }
  if (chain.server.kind === 'perl') {
    const script = join(folder, chain.server.name)
    writeFileSync(script, perlServer)
    const child = spawn('perl', [script, chain.mode], { ...options, env: environment })
    child.stdin.on('error', () => undefined)
    child.stdin.write(`${word}\n`)
    return child
  }
  const main = join(
    import.meta.dirname,
    import.meta.filename.endsWith('.ts') ? 'server.child.ts' : 'server.child.js',
  )
  return spawn(process.execPath, [main, chain.mode], {
    ...options,
    env: { ...environment, HONEYGUIDE_DEMO_WORD: word },
  })
}

/** Asks the server to run `command`; resolves when it has. */
function ask(
  agent: Agent,
  port: number,
  word: string,
  command: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/',
        signal,
        agent,
        headers: { 'x-word': word, 'content-length': Buffer.byteLength(command) },
      },
      (answer) => {
        answer.resume()
        answer.once('end', resolve)
      },
    )
    asked.once('error', reject)
    asked.end(command)
  })
}

class OneConnection extends Agent implements Disposable {
  constructor() {
    super({ keepAlive: true, maxSockets: 1, timeout: 60_000 })
  }
  [Symbol.dispose](): void {
    this.destroy()
  }
}

export async function runChain(options: RunChainOptions): Promise<ChainResult> {
  const { chain, random, tools, signal, onStep } = options
  const folder = mkdtempSync(join(tmpdir(), `${chain.folder}-`))
  const word = randomBytes(12).toString('hex')
  let connections = 0
  const payloads = new Map<string, { bytes: Uint8Array; kind: PayloadKind; callBack: CallBack }>()
  const files = createServer((asked, answer) => {
    const found = payloads.get(asked.url?.slice(1) ?? '')
    if (found) answer.end(found.bytes)
    else answer.writeHead(404).end()
  })
  const home = createTcpServer((socket) => {
    connections += 1
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end('wait\n'))
    setTimeout(() => socket.destroy(), 3000).unref()
  })
  // Who comes in does so once: the pace of the steps is not a series of connections.
  using agent = new OneConnection()
  let server: ChildProcess | undefined
  const report = (step: StepReport['step'], technique: string, what: string): void =>
    onStep({ time: new Date().toISOString(), step, technique, what })
  try {
    const filePort = await listen(files)
    const homePort = await listen(home)
    server = startServer(chain, folder, word)
    const serverPort = Number(await firstLine(server))
    report(
      'server',
      '-',
      `${chain.server.name} (${chain.server.kind}, pid ${server.pid}) listens at 127.0.0.1:${serverPort}`,
    )
    const run = (command: string): Promise<void> => ask(agent, serverPort, word, command, signal)
    const pausesOf = (step: { times: number; everyMs: number; jitter: number }): number[] =>
      Array.from(
        { length: step.times },
        () => (step.everyMs * (1 + step.jitter * (2 * random.next() - 1))) / 1000,
      )
    await sleep(300, undefined, { signal })
    let busyUntil = 0
    let expected = 0
    for (const step of chain.steps) {
      const technique = techniqueOf(step)
      switch (step.do) {
        case 'download': {
          const tool = step.with === 'auto' ? random.pick(tools.downloaders) : step.with
          const target = join(folder, step.name)
          // The interval is that of the `run` which starts this file; known here, as a script carries it.
          const later = chain.steps.find((one) => one.do === 'run' && one.name === step.name)
          const callBack: CallBack = {
            port: homePort,
            pauses: later?.do === 'run' ? pausesOf(later) : [1],
          }
          payloads.set(step.name, {
            bytes: payloadBytes(step.payload, callBack),
            kind: step.payload,
            callBack,
          })
          const url = `http://127.0.0.1:${filePort}/${step.name}`
          const command =
            tool === 'curl'
              ? `curl -fsS -o ${quote(target)} ${url}`
              : tool === 'wget'
                ? `wget -q -O ${quote(target)} ${url}`
                : `perl -MHTTP::Tiny -e ${quote(`HTTP::Tiny->new->mirror("${url}", "${target}")`)}`
          report('download', technique, command)
          await run(command)
          break
        }
        case 'run': {
          const payload = payloads.get(step.name)
          if (!payload) throw new Error(`${step.name} was not downloaded`)
          const words = [
            join(folder, step.name),
            ...payloadArguments(payload.kind, payload.callBack),
          ]
            .map(quote)
            .join(' ')
          report(
            'run',
            technique,
            `${join(folder, step.name)} (${step.times} connections back to 127.0.0.1:${homePort}, every ${step.everyMs} ms)`,
          )
          await run(
            `chmod 700 ${quote(join(folder, step.name))}; ${words} >/dev/null 2>&1 </dev/null &`,
          )
          expected += payload.callBack.pauses.length
          busyUntil = Math.max(
            busyUntil,
            Date.now() + 1000 * payload.callBack.pauses.reduce((sum, one) => sum + one, 0) + 500,
          )
          break
        }
        case 'look':
          for (const command of step.commands) {
            report('look', techniqueOfLook(command), command)
            await run(`${command} >/dev/null 2>&1`)
            await sleep(random.whole(80, 400), undefined, { signal })
          }
          break
        case 'connect': {
          const tool = step.with === 'auto' ? random.pick(tools.downloaders) : step.with
          report(
            'connect',
            technique,
            `${tool} to 127.0.0.1:${homePort}, ${step.times} times, every ${step.everyMs} ms`,
          )
          for (const pause of pausesOf(step)) {
            expected += 1
            await run(connectCommand(tool, homePort))
            await sleep(pause * 1000, undefined, { signal })
          }
          break
        }
        case 'shell':
          report('shell', technique, step.command)
          await run(`cd ${quote(folder)} && ${step.command}`)
          break
        case 'remove':
          report('remove', technique, step.name)
          await run(`rm -f ${quote(join(folder, step.name))}`)
          break
        case 'wait':
          break
      }
      await sleep(step.pauseMs, undefined, { signal })
    }
    await sleep(Math.max(0, busyUntil - Date.now()), undefined, { signal })
    // On a busy machine the last ones come later; one that failed does not come at all.
    for (let tries = 0; connections < expected && tries < mostLateTries; tries++)
      await sleep(lateMs, undefined, { signal })
    report('end', '-', `${connections} connections came back; everything is ended and removed`)
    return { serverPid: server.pid ?? 0, connections, folder }
  } finally {
    server?.stdin?.end()
    if (server?.pid !== undefined) await endSession(server.pid)
    for (const one of [files, home]) one.close()
    files.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
}

function connectCommand(tool: 'curl' | 'wget' | 'perl' | 'bash', port: number): string {
  switch (tool) {
    case 'curl':
      return `curl -s -m 2 http://127.0.0.1:${port}/ >/dev/null 2>&1`
    case 'wget':
      return `wget -q -T 2 -t 1 -O /dev/null http://127.0.0.1:${port}/ 2>/dev/null`
    case 'perl':
      return `perl -MIO::Socket::INET -e ${quote(`my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => ${port}, Timeout => 2); print $s "hello\\n" if $s`)}`
    case 'bash':
      return `bash -c ${quote(`echo hello >/dev/tcp/127.0.0.1/${port}`)}`
  }
}
