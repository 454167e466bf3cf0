/** The parts of the launcher that need no privileges. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createReporter } from '../terminal/reporter.ts'
import { createBackoff } from './backoff.ts'
import { createDaemonLog, type LogLine } from './daemon-log.ts'
import { isLocked, takeLock } from './lock.ts'
import { parseMountinfo } from './mounts.ts'
import { confine, viewScript } from './privilege.ts'
import { isAlive, processName, readRunRecord, startTicks } from './run-record.ts'
import { superviseDaemon } from './supervise.ts'
import { parsePasswd } from './users.ts'

function scratch(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'honeyguide-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

suite('launcher, its parts', () => {
  test('says the same to people and to programs, and shows what would act on a terminal', () => {
    const written: string[] = []
    const out = { write: (text: string) => written.push(text) }
    createReporter({ out, isJson: false }).say('one\n  two \u001b[2J')
    createReporter({ out, isJson: true, now: () => 'now' }).warn('three', { port: 1 })
    assert.deepEqual(written, [
      'one\n  two \\x1b[2J\n',
      '{"time":"now","level":"warn","component":"launcher","message":"three","port":1}\n',
    ])
  })

  test('waits 100 ms, doubles up to 5 s, and begins again after a minute up', () => {
    const backoff = createBackoff()
    assert.deepEqual(
      Array.from({ length: 9 }, () => backoff.next(0)),
      [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000],
    )
    assert.equal(backoff.next(60_000), 100)
    assert.equal(backoff.next(59_999), 200)
  })

  test('never puts a name into the text of a script', () => {
    const command = confine(
      {
        uid: 1,
        gid: 2,
        capabilities: ['bpf'],
        appDir: '/run/$(x)',
        binds: [{ from: "/a'b", to: '/c d', isWritable: false }],
        cgroup: undefined,
        openFiles: 64,
      },
      ['node', '; x'],
    )
    assert.equal(command.filter((word) => word.includes('mount -n')).length, 1)
    assert.ok(command.includes("/a'b") && command.includes('; x'))
    assert.ok(
      command.includes('--bounding-set=-all,+bpf') &&
        command.includes('--no-new-privs') &&
        command.includes('--clear-groups'),
    )
    assert.equal(spawnSync('/bin/sh', ['-n', '-c', viewScript]).status, 0)
  })

  test('tells the ready line from log lines, and says a repeated message once a minute with its count', () => {
    const lines: LogLine[] = []
    let ready = 0
    let now = 0
    const log = createDaemonLog({
      component: 'hub',
      onReady: () => (ready += 1),
      onLine: (line) => lines.push(line),
      now: () => now,
    })
    log.push(
      '{"ready":true,"component":"hub","pid":1}\n{"level":"warn","msg":"full"}\n{"level":"wa',
    )
    log.push('rn","msg":"full"}\n{"level":"warn","msg":"full"}\nnot json\n')
    now = 60_001
    log.push('{"level":"warn","msg":"full"}\n')
    log.end()
    assert.equal(ready, 1)
    assert.deepEqual(
      lines.map(({ message, times }) => [message, times]),
      [
        ['full', 1],
        ['not json', 1],
        ['full', 3],
      ],
    )
    assert.ok(lines.every(({ json }) => typeof JSON.parse(json) === 'object'))
  })

  test('takes any output of a daemon without failing and without growing', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.constantFrom('{', '{"ready":true', '}\n', '\n', 'null\n', '[]\n', '{"level":{}}\n'),
          ),
        ),
        (chunks) => {
          const log = createDaemonLog({
            component: 'x',
            onReady: () => undefined,
            onLine: ({ json }) => assert.ok(JSON.parse(json)),
          })
          for (const chunk of chunks) log.push(chunk)
          log.end()
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test('starts a daemon again when it ends, and not once it is told to stop', async () => {
    using folder = scratch()
    const program = join(folder.path, 'daemon.mjs')
    writeFileSync(
      program,
      `console.log(JSON.stringify({ ready: true, component: 'hub', pid: process.pid })); setTimeout(() => process.exit(3), 20)`,
    )
    let starts = 0
    const daemon = superviseDaemon({
      name: 'hub',
      command: [process.execPath, program],
      environment: {},
      beforeStart: () => (starts += 1),
      onChange: () => undefined,
      onLog: () => undefined,
    })
    await daemon.ready
    while (daemon.state.restarts < 2) await new Promise((done) => setTimeout(done, 10))
    assert.match(daemon.state.lastEnd, /exit code 3/)
    await daemon.stop(1000)
    const were = starts
    await new Promise((done) => setTimeout(done, 500))
    assert.equal(starts, were)
    assert.ok(were >= 3)
  })

  test('ends a daemon that does not listen to SIGTERM', async () => {
    using folder = scratch()
    const program = join(folder.path, 'daemon.mjs')
    writeFileSync(
      program,
      `process.on('SIGTERM', () => {}); console.log(JSON.stringify({ ready: true })); setInterval(() => {}, 1000)`,
    )
    const daemon = superviseDaemon({
      name: 'hub',
      command: [process.execPath, program],
      environment: {},
      beforeStart: () => undefined,
      onChange: () => undefined,
      onLog: () => undefined,
    })
    await daemon.ready
    const began = performance.now()
    await daemon.stop(200)
    assert.ok(performance.now() - began < 3000)
    assert.equal(daemon.state.lastEnd, 'was ended by SIGKILL')
  })

  test('a lock is held by one, and free when its holder has gone', () => {
    using folder = scratch()
    const path = join(folder.path, 'lock')
    assert.equal(isLocked(path), false)
    {
      using lock = takeLock(path)
      assert.ok(lock)
      assert.equal(takeLock(path), undefined)
      assert.equal(isLocked(path), true)
    }
    assert.equal(isLocked(path), false)
  })

  test('a pid names a process together with its start only', () => {
    const self = processName(process.pid)
    assert.ok(self && isAlive(self))
    assert.equal(isAlive({ pid: process.pid, startTicks: '1' }), false)
    assert.equal(startTicks(2 ** 22 + 1), undefined)
  })

  test('a record that is no record is none', () => {
    using folder = scratch()
    mkdirSync(join(folder.path, 'x'))
    for (const text of ['', '{', '{}', '[]', 'null']) {
      writeFileSync(join(folder.path, 'run.json'), text)
      assert.equal(readRunRecord(join(folder.path, 'run.json')), undefined)
    }
  })

  test('finds mounts whose folders have spaces, and users that were made here', () => {
    const [mount] = parseMountinfo(
      '30 1 0:26 / /mnt/a\\040b rw,nosuid shared:9 - cgroup2 cgroup2 rw\nnonsense\n',
    )
    assert.deepEqual(mount, { target: '/mnt/a b', type: 'cgroup2' })
    assert.ok(
      parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).some(
        ({ target }) => target === '/proc',
      ),
    )
    assert.deepEqual(
      parsePasswd('hg:x:99:98:Honeyguide daemon (made by honeyguide up):/:/bin/false'),
      { name: 'hg', uid: 99, gid: 98, isOurs: true },
    )
    assert.equal(parsePasswd('root:x:0:0:root:/root:/bin/bash')?.isOurs, false)
    assert.equal(parsePasswd('nonsense'), undefined)
  })
})
