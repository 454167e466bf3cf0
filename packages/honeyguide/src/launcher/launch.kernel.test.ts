/** The launcher with real users, namespaces, cgroups and pins, and daemons that say what they may do. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { instanceOf, type Instance } from '../place.ts'
import { cgroupDir } from './cgroup.ts'
import { endOrphans, othersRun, removeTraces } from './clean.ts'
import { isAlive, readRunRecord } from './run-record.ts'
import { findUser, removeUser, userNames } from './users.ts'

const isRoot = process.getuid?.() === 0

interface Seen {
  readonly uid: string[]
  readonly gid: string[]
  readonly groups: string
  readonly capabilities: string[]
  readonly noNewPrivs: string
  readonly [what: string]: unknown
}

interface Running {
  readonly child: ChildProcess
  readonly lines: Record<string, unknown>[]
  readonly exit: Promise<number | null>
  until(what: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
}

suite('launcher', { skip: isRoot ? false : 'needs root' }, () => {
  let home = ''
  let root = ''
  let state = ''
  let instance: Instance
  const started: Running[] = []

  let madeHere: string[] = []

  before(() => {
    madeHere = Object.values(userNames).filter((name) => findUser(name) === undefined)
    // A home that only root may enter, as root's own is.
    home = mkdtempSync(join(tmpdir(), 'honeyguide-home-'))
    assert.equal(statSync(home).mode & 0o777, 0o700)
    root = join(home, 'clone')
    state = join(root, '.honeyguide')
    for (const name of ['sensor', 'hub']) {
      mkdirSync(join(root, 'packages', name, 'src'), { recursive: true })
      cpSync(
        join(import.meta.dirname, 'fake/daemon.child.ts'),
        join(root, 'packages', name, 'src/main.ts'),
      )
    }
    instance = instanceOf(state)
  })

  // A test that failed must not fail the next one.
  afterEach(async () => {
    for (const { child, exit } of started.splice(0)) {
      child.kill('SIGKILL')
      await exit
      child.stdout?.destroy()
      child.stderr?.destroy()
    }
    await endOrphans(instance)
  })

  after(async () => {
    await endOrphans(instance)
    removeTraces(instance)
    // Users that were made for this test go with it, unless somebody else's daemons run as them.
    if (!othersRun(instance)) for (const name of madeHere) removeUser(name)
    rmSync(home, { recursive: true, force: true })
  })

  function start(port = '0'): Running {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'launch.child.ts'), root, state, port],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    const lines: Record<string, unknown>[] = []
    const waiting: (() => void)[] = []
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(JSON.parse(line) as Record<string, unknown>)
      for (const wake of waiting.splice(0)) wake()
    })
    const exit = new Promise<number | null>((done) => child.on('exit', (code) => done(code)))
    const running: Running = {
      child,
      lines,
      exit,
      async until(what) {
        for (;;) {
          const found = lines.find(what)
          if (found) return found
          const ended = await Promise.race([
            new Promise<false>((done) => waiting.push(() => done(false))),
            exit.then(() => true),
            sleep(10_000, true, { ref: false }),
          ])
          if (ended && !lines.some(what))
            throw new Error(`it did not say so; ${JSON.stringify(lines)} ${errors}`)
        }
      },
    }
    started.push(running)
    return running
  }

  const isUp = (running: Running) =>
    Promise.all([
      running.until((line) => 'signIn' in line),
      running.until((line) => line['component'] === 'sensor'),
    ])
  const seenBy = (name: string): Seen =>
    JSON.parse(readFileSync(join(state, name, 'seen.json'), 'utf8')) as Seen
  const pids = (): number[] =>
    (readRunRecord(instance.recordFile)?.daemons ?? []).map(({ process: one }) => one?.pid ?? 0)

  test('runs each daemon with exactly its rights from a home that its user cannot enter', async () => {
    const running = start()
    await isUp(running)
    const sensorUser = findUser('honeyguide-sensor')
    const hubUser = findUser('honeyguide')
    assert.ok(sensorUser && hubUser)
    const sensor = seenBy('sensor')
    const hub = seenBy('hub')
    assert.deepEqual(sensor.uid, Array(4).fill(String(sensorUser.uid)))
    assert.deepEqual(sensor.gid, Array(4).fill(String(sensorUser.gid)))
    assert.deepEqual(hub.uid, Array(4).fill(String(hubUser.uid)))
    assert.equal(sensor.groups + hub.groups, '')
    // CAP_BPF 39, PERFMON 38, SYS_PTRACE 19, NET_ADMIN 12, DAC_READ_SEARCH 2.
    assert.deepEqual(sensor.capabilities, Array(5).fill('000000c000081004'))
    assert.deepEqual(hub.capabilities, Array(5).fill('0000000000000000'))
    assert.deepEqual([sensor.noNewPrivs, hub.noNewPrivs], ['1', '1'])
    assert.equal(hub['shadow'], 'EACCES')
    assert.equal(hub['ownCode'], 'ok')
    assert.equal(hub['writeCode'], 'EROFS')
    assert.equal(sensor['writeCode'], 'EROFS')
    assert.deepEqual([hub['writeState'], sensor['writeState']], ['ok', 'ok'])
    assert.match(String(hub['otherState']), /EACCES|ENOENT/)
    assert.equal(
      hub['otherList'],
      'ok 0',
      'the hub sees an empty folder where the sensor has its state',
    )
    assert.equal(hub['otherSettings'], 'EACCES')
    assert.deepEqual([sensor['pins'], sensor['pinWrite']], ['ok', 'ok'])
    // What the launcher gives, and what the shells on the way add; nothing of the one who started it.
    const given = ['HOME', 'LANG', 'NODE_COMPILE_CACHE', 'PATH']
    const forMemory = ['MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_']
    const ofShells = new Set(['PWD', 'OLDPWD', 'SHLVL', '_'])
    assert.deepEqual(
      (hub['environment'] as string[]).filter((name) => !ofShells.has(name)),
      [...given, ...forMemory].toSorted(),
    )
    assert.equal(statSync(home).mode & 0o777, 0o700, 'the home is as closed as before')
    for (let round = 0; round < 100 && !existsSync(join(state, 'sensor/uplink')); round++)
      await sleep(20)
    assert.equal(readFileSync(join(state, 'sensor/uplink'), 'utf8'), 'welcome')
    const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8)
    assert.equal(mode(join(instance.uplinkSocket, '..')), '2750')
    assert.equal(mode(join(state, 'hub')), '700')
    assert.equal(mode(instance.pinDir), '700')
    assert.equal(statSync(instance.uplinkSocket).gid, sensorUser.gid)
    const cgroup = cgroupDir(instance.id)
    if (cgroup !== undefined)
      for (const pid of pids())
        assert.match(
          readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
          new RegExp(`^0::/honeyguide/${instance.id}$`, 'm'),
        )
    running.child.kill('SIGTERM')
    assert.equal(await running.exit, 0)
  })

  test('ends everything within 5 s and leaves nothing but the data', async () => {
    const running = start()
    await isUp(running)
    const were = pids()
    const began = performance.now()
    running.child.kill('SIGINT')
    assert.equal(await running.exit, 0)
    assert.ok(performance.now() - began < 5000)
    for (const pid of were) assert.ok(!existsSync(`/proc/${pid}`))
    assert.ok(!existsSync(instance.runDir))
    assert.ok(!existsSync(instance.pinDir))
    const cgroup = cgroupDir(instance.id)
    assert.ok(cgroup === undefined || !existsSync(cgroup))
    assert.ok(existsSync(join(state, 'hub/seen.json')))
  })

  test('starts a killed daemon again, and a second launcher says who runs and where', async () => {
    const running = start()
    await isUp(running)
    const [hub = 0, sensor = 0] = pids()
    process.kill(sensor, 'SIGKILL')
    process.kill(hub, 'SIGKILL')
    for (let round = 0; round < 200; round++) {
      const record = readRunRecord(instance.recordFile)
      if (
        record?.daemons.every(({ state: one, restarts }) => one === 'up' && restarts === 1) === true
      )
        break
      await sleep(25)
    }
    const record = readRunRecord(instance.recordFile)
    assert.deepEqual(
      record?.daemons.map(({ state: one, restarts, lastEnd }) => [one, restarts, lastEnd]),
      Array(2).fill(['up', 1, 'was ended by SIGKILL']),
    )
    const second = start()
    let errors = ''
    second.child.stderr?.on('data', (text: string) => (errors += text))
    assert.notEqual(await second.exit, 0)
    assert.match(
      errors,
      new RegExp(
        `HG_ALREADY_RUNNING|already runs here.*pid ${running.child.pid}.*http://127.0.0.1`,
      ),
    )
    running.child.kill('SIGTERM')
    assert.equal(await running.exit, 0)
  })

  test('a launcher that is killed leaves no daemon, and the next one takes over', async () => {
    const running = start()
    await isUp(running)
    const record = readRunRecord(instance.recordFile)
    running.child.kill('SIGKILL')
    await running.exit
    const alive = () => (record?.daemons ?? []).filter(({ process: one }) => one && isAlive(one))
    for (let round = 0; round < 40 && alive().length > 0; round++) await sleep(25)
    assert.deepEqual(alive(), [])
    assert.ok(existsSync(instance.pinDir), 'the pins stay, so that nothing is lost')
    const next = start()
    await isUp(next)
    next.child.kill('SIGTERM')
    assert.equal(await next.exit, 0)
    assert.ok(!existsSync(instance.pinDir))
  })

  test('takes the next free port when the wanted one is taken', async () => {
    await using taken = createServer().listen(0, '127.0.0.1')
    await new Promise((done) => taken.once('listening', done))
    const address = taken.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const running = start(String(port))
    const [ready] = await isUp(running)
    assert.match(String(ready['address']), new RegExp(`:${port + 1}$`))
    running.child.kill('SIGTERM')
    await running.exit
  })
})
