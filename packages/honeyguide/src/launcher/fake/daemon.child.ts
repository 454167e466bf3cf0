/**
 * Stands in for sensor and hub in the tests of the launcher: says what it may and may not do.
 *
 *     daemon.ts sensor|hub --settings FILE
 *
 * Imports nothing but `node:`, as it is copied into a folder of its own. Writes `seen.json` into its state folder.
 */
import { createServer as createHttpServer } from 'node:http'
import { accessSync, chmodSync, constants, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'

const name = process.argv[1]?.includes('sensor') ? 'sensor' : 'hub'
const settings = JSON.parse(
  readFileSync(process.argv[process.argv.indexOf('--settings') + 1] ?? '', 'utf8'),
) as Record<string, unknown>
const stateDir = String(settings['stateDir'])

function attempt(work: () => unknown): string {
  try {
    work()
    return 'ok'
  } catch (error) {
    return String(Reflect.get(Object(error), 'code'))
  }
}

const status = readFileSync('/proc/self/status', 'utf8')
const field = (key: string): string =>
  new RegExp(`^${key}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? ''
const other = stateDir.replace(/\/(sensor|hub)$/, name === 'hub' ? '/sensor' : '/hub')
const seen = {
  uid: field('Uid').split(/\s+/),
  gid: field('Gid').split(/\s+/),
  groups: field('Groups'),
  capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(field),
  noNewPrivs: field('NoNewPrivs'),
  shadow: attempt(() => readFileSync('/etc/shadow')),
  ownCode: attempt(() => readFileSync(process.argv[1] ?? '')),
  writeCode: attempt(() => writeFileSync(`${process.argv[1]}.new`, '')),
  writeState: attempt(() => writeFileSync(join(stateDir, 'probe'), '')),
  otherState: attempt(() => writeFileSync(join(other, 'probe'), '')),
  otherList: attempt(() => readdirSync(other))
    .concat(` ${attempt(() => readdirSync(other)) === 'ok' ? readdirSync(other).length : ''}`)
    .trim(),
  otherSettings: attempt(() =>
    readFileSync(
      `/proc/self/root${(process.argv[process.argv.indexOf('--settings') + 1] ?? '').replace(`${name}.json`, name === 'hub' ? 'sensor.json' : 'hub.json')}`,
    ),
  ),
  pins: attempt(() => readdirSync(String(settings['pinDir'] ?? process.env['PIN_DIR']))),
  pinWrite: attempt(() => accessSync(String(settings['pinDir'] ?? ''), constants.W_OK)),
  environment: Object.keys(process.env).toSorted(),
}
writeFileSync(join(stateDir, 'seen.json'), JSON.stringify(seen))
const ready = (more: object): void =>
  console.log(JSON.stringify({ ready: true, component: name, pid: process.pid, ...more }))

if (name === 'hub') {
  const listen = settings['listen'] as { host: string; port: number }
  const answer = (path: string | undefined): unknown => {
    if (path === '/api/v1/link')
      return {
        address: `http://127.0.0.1:${listen.port}/#hg1_fake`,
        expires: new Date().toISOString(),
      }
    if (path === '/api/v1/status')
      return { version: '0', since: '', components: [], sensors: 1, sensorsUp: 1 }
    return { hosts: [] }
  }
  createServer((socket) => socket.end('welcome')).listen(String(settings['uplinkSocket']), () =>
    chmodSync(String(settings['uplinkSocket']), 0o660),
  )
  createHttpServer((request, response) => response.end(JSON.stringify(answer(request.url)))).listen(
    String(settings['apiSocket']),
  )
  createHttpServer((_, response) => response.end('page')).listen(listen.port, listen.host, () =>
    ready({ address: `http://127.0.0.1:${listen.port}` }),
  )
} else {
  createServer().listen(String(settings['observeSocket']), () => ready({}))
  const connect = (): void => {
    const socket = createConnection(String(settings['uplinkSocket']))
    socket.on('data', (data) => writeFileSync(join(stateDir, 'uplink'), data))
    socket.on('error', () => setTimeout(connect, 20))
  }
  connect()
}
console.log(JSON.stringify({ level: 'warn', msg: `${name} says something` }))
process.on('SIGTERM', () => process.exit(0))
setInterval(() => {}, 1000)
