import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { probeFeature } from '@honeyguide/bpf'
import { imageFlags } from '@honeyguide/model/tables/exec'
import {
  amount,
  kernelSkip,
  openTestKernel,
  runProgram,
  said,
  testProgram,
  type PlainRow,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'
import { unifiedMount } from '../../kernel/unified-mount.ts'

const has = (row: PlainRow, flag: number): boolean => (Number(row['flags']) & flag) !== 0
const argvOf = (...args: string[]): string => args.map((arg) => `${arg}\0`).join('')

suite('exec probe', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  let folder = ''
  const who = testProgram('who')
  const family = testProgram('family')

  before(async () => {
    sensor = await openTestKernel({ probes: ['exec', 'fork', 'exit'] })
    folder = join(sensor.settings.stateDir, 'work')
    mkdirSync(folder)
    sensor.drain()
  })
  after(() => sensor[Symbol.asyncDispose]())

  /** The only exec of a process, or its only one of a file. */
  function execOf(pid: number, file?: string): PlainRow {
    const rows = sensor.drain().get('exec') ?? []
    const found = rows.filter(
      (row) => row['pid'] === pid && (file === undefined || row['file'] === file),
    )
    assert.equal(found.length, 1, `one exec of ${pid}, among ${rows.length}`)
    return found[0] as PlainRow
  }

  test('every field is what the process knows of itself', () => {
    const run = runProgram(who, ['one', 'two words', ''], { cwd: folder })
    const self = JSON.parse(run.text)
    const row = execOf(run.pid)
    const namespace = (text: string): number => Number(/\d+/.exec(text)?.[0])
    assert.equal(row['pid'], self.pid)
    assert.equal(row['tid'], self.pid)
    assert.equal(row['parentPid'], process.pid)
    assert.equal(row['uid'], self.uid)
    assert.equal(row['euid'], self.euid)
    assert.equal(row['gid'], self.gid)
    assert.equal(row['egid'], self.egid)
    assert.equal(row['loginUid'], Number(self.loginUid))
    assert.equal(row['sessionId'], Number(self.sessionId))
    assert.equal(row['capEffective'], BigInt(`0x${self.capEff}`))
    assert.equal(row['capPermitted'], BigInt(`0x${self.capPrm}`))
    assert.equal(row['capInheritable'], BigInt(`0x${self.capInh}`))
    assert.equal(row['mountNs'], namespace(self.mountNs))
    assert.equal(row['pidNs'], namespace(self.pidNs))
    assert.equal(row['netNs'], namespace(self.netNs))
    assert.equal(row['userNs'], namespace(self.userNs))
    assert.equal(row['nsPid'], self.pid)
    assert.equal(row['cwd'], self.cwd)
    assert.equal(row['file'], self.exe)
    assert.equal(row['fileTyped'], who)
    assert.equal(row['interpreter'], '')
    assert.equal(row['inode'], BigInt(self.inode))
    const device = BigInt(self.device)
    const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)
    const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n)
    assert.equal(row['device'], Number((major << 20n) | minor))
    assert.equal(row['argv'], argvOf(who, 'one', 'two words', ''))
    assert.equal(row['argvBytes'], self.argvBytes)
    assert.equal(BigInt(row['startNs'] as bigint) / 10_000_000n, BigInt(self.startTicks))
    assert.equal(row['previousExecNo'], Number(row['execNo']) - 1)
    assert.equal(row['flags'], 0)
  })

  test('keeps bytes that are not UTF-8', () => {
    const run = spawnSync('/bin/sh', ['-c', `exec ${who} "$(printf '\\377\\376\\001x')"`], {
      encoding: 'latin1',
    })
    assert.equal(run.status, 0)
    const rows = sensor.drain().get('exec') ?? []
    const row = rows.find((one) => one['pid'] === run.pid && one['file'] === who)
    assert.equal(row?.['argv'], argvOf(who, '\xff\xfe\x01x'))
  })

  test('holds one argument of 131,000 bytes whole', () => {
    const long = 'x'.repeat(131_000 - who.length)
    const run = runProgram(who, [long])
    const row = execOf(run.pid)
    assert.equal(row['argvBytes'], who.length + 1 + long.length + 1)
    assert.equal(row['argv'], argvOf(who, long))
    assert.ok(!has(row, imageFlags.argvTruncated))
  })

  test('holds the first 128 KiB of 600 kB, and says that it is cut', () => {
    const args = Array.from({ length: 6 }, (_, i) => String(i).repeat(100_000))
    const run = runProgram(who, args)
    const row = execOf(run.pid)
    const whole = argvOf(who, ...args)
    assert.equal(row['argvBytes'], whole.length)
    assert.equal(row['argv'], whole.slice(0, 128 << 10))
    assert.ok(has(row, imageFlags.argvTruncated))
  })

  test('a script is the file, and its interpreter is told', () => {
    const script = join(folder, 'script.sh')
    writeFileSync(script, `#!${who} -x\n`)
    chmodSync(script, 0o755)
    const run = runProgram('./../work/script.sh', ['arg'], { cwd: folder })
    const row = execOf(run.pid)
    assert.ok(has(row, imageFlags.script))
    assert.equal(row['file'], script)
    assert.equal(row['fileTyped'], './../work/script.sh')
    assert.equal(row['interpreter'], who)
    assert.equal(row['argv'], argvOf(who, '-x', './../work/script.sh', 'arg'))
    assert.deepEqual([row['inode'], row['device']], scriptIdentity(script))
    assert.deepEqual([row['interpreterInode'], row['interpreterDevice']], identityOf(who))
  })

  test('of a script that runs a script, the first is the file', () => {
    const inner = join(folder, 'inner.sh')
    const outer = join(folder, 'outer.sh')
    writeFileSync(inner, `#!${who}\n`)
    writeFileSync(outer, `#!${inner}\n`)
    for (const path of [inner, outer]) chmodSync(path, 0o755)
    // One that fails first leaves nothing behind that the next could be taken for.
    const broken = join(folder, 'broken.sh')
    writeFileSync(broken, '#!/nonexistent/interpreter\n')
    chmodSync(broken, 0o755)
    const run = spawnSync('/bin/sh', ['-c', `${broken}; exec ${outer}`], { encoding: 'latin1' })
    const row = execOf(run.pid, outer)
    assert.equal(row['interpreter'], who)
    assert.deepEqual([row['inode'], row['device']], scriptIdentity(outer))
    assert.deepEqual([row['interpreterInode'], row['interpreterDevice']], identityOf(who))
  })

  test('a program is no script: it has no interpreter, and an inode of its own', () => {
    const row = execOf(runProgram(who).pid)
    assert.deepEqual([row['inode'], row['device']], identityOf(who))
    assert.deepEqual([row['interpreterInode'], row['interpreterDevice']], [0n, 0])
  })

  test('a memfd is told from an unlinked file', () => {
    const memfd = runProgram(family, ['memfd', who])
    const inMemory = execOf(said(memfd, 'memfd'))
    assert.ok(has(inMemory, imageFlags.memfd))
    assert.ok(!has(inMemory, imageFlags.deleted))
    assert.equal(inMemory['file'], 'memfd:payload')
    assert.equal(inMemory['argv'], argvOf('in-memory'))

    const copy = join(folder, 'copy')
    copyFileSync(who, copy)
    const gone = runProgram(family, ['deleted', who, copy])
    const deleted = execOf(said(gone, 'deleted'))
    assert.ok(has(deleted, imageFlags.deleted))
    assert.ok(!has(deleted, imageFlags.memfd))
    assert.equal(deleted['file'], copy)
  })

  test('deep paths are walked to the root, across mounts', () => {
    let deep = join(folder, 'deep')
    mkdirSync(deep)
    spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', deep])
    const mount = deep
    try {
      for (let i = 0; i < 60; i++) deep = join(deep, `d${i}`)
      mkdirSync(deep, { recursive: true })
      const copy = join(deep, 'program')
      copyFileSync(who, copy)
      const run = runProgram('./program', [], { cwd: deep })
      const row = execOf(run.pid)
      assert.equal(row['file'], copy)
      assert.equal(row['cwd'], deep)
      assert.ok(!has(row, imageFlags.filePartial | imageFlags.cwdPartial))
    } finally {
      spawnSync('umount', [mount])
      rmSync(mount, { recursive: true })
    }
  })

  test('in other namespaces, with another root, everything is as the process sees it', () => {
    const run = spawnSync(
      'unshare',
      ['--pid', '--fork', '--net', '--mount-proc', '--user', '--map-root-user', who],
      { encoding: 'utf8' },
    )
    assert.equal(run.status, 0, run.stderr)
    const self = JSON.parse(run.stdout)
    const row = sensor
      .drain()
      .get('exec')
      ?.find((one) => one['file'] === who)
    assert.ok(row)
    const namespace = (text: string): number => Number(/\d+/.exec(text)?.[0])
    assert.equal(row['nsPid'], self.pid)
    assert.equal(row['nsPid'], 1)
    assert.notEqual(row['pid'], 1)
    assert.equal(row['pidNs'], namespace(self.pidNs))
    assert.equal(row['netNs'], namespace(self.netNs))
    assert.equal(row['mountNs'], namespace(self.mountNs))
    assert.equal(row['userNs'], namespace(self.userNs))
  })

  test('paths begin at the root of the process', () => {
    const root = join(folder, 'root')
    mkdirSync(join(root, 'bin'), { recursive: true })
    copyFileSync(testProgram('who', true), join(root, 'bin/who'))
    sensor.drain()
    spawnSync('chroot', [root, '/bin/who'])
    const row = sensor
      .drain()
      .get('exec')
      ?.find((one) => one['fileTyped'] === '/bin/who')
    assert.equal(row?.['file'], '/bin/who')
    assert.equal(row?.['cwd'], '/')
  })

  test('names the terminal', () => {
    const run = runProgram(family, ['terminal', who])
    const self = JSON.parse(/\{.*\}/.exec(run.text)?.[0] ?? '{}')
    assert.match(self.tty, /^\/dev\/pts\/\d+$/, run.text)
    const row = execOf(said(run, 'terminal'))
    assert.equal(`/dev/${row['tty']}`, self.tty)
  })

  test('a set-user-id program raises privileges; the same user running it does not', () => {
    const setuid = join(folder, 'setuid')
    copyFileSync(testProgram('who', true), setuid)
    chmodSync(setuid, 0o4755)
    chmodSync(folder, 0o755)
    chmodSync(sensor.settings.stateDir, 0o755)
    const run = spawnSync('/usr/bin/setpriv', ['--reuid', '65534', '--clear-groups', setuid], {
      encoding: 'utf8',
    })
    assert.equal(run.status, 0, `${run.error} ${run.stderr}`)
    const self = JSON.parse(run.stdout)
    assert.equal(self.euid, 0)
    const row = sensor
      .drain()
      .get('exec')
      ?.find((one) => one['file'] === setuid)
    assert.equal(row?.['uid'], 65534)
    assert.equal(row?.['euid'], 0)
    assert.ok(row && has(row, imageFlags.privilegesRaised))
    const asRoot = runProgram(setuid)
    assert.ok(!has(execOf(asRoot.pid), imageFlags.privilegesRaised))
  })

  test('says where a process stands in a version 2 cgroup', { skip: unifiedSkip() }, () => {
    const mount = unifiedMount() ?? ''
    const cgroup = join(mount, `hg-test-${process.pid}`, 'web.service')
    mkdirSync(cgroup, { recursive: true })
    try {
      const run = spawnSync('/bin/sh', ['-c', `echo $$ > ${cgroup}/cgroup.procs && exec ${who}`], {
        encoding: 'utf8',
      })
      const self = JSON.parse(run.stdout)
      const row = sensor
        .drain()
        .get('exec')
        ?.find((one) => one['pid'] === self.pid && one['file'] === who)
      assert.equal(row?.['cgroup'], self.unified)
      assert.equal(row?.['unit'], 'web.service')
      assert.ok(Number(row?.['cgroupId']) > 1)
    } finally {
      spawnSync('rmdir', [cgroup, join(cgroup, '..')])
    }
  })

  test('says where a process stands in a version 1 hierarchy', { skip: pidsSkip() }, () => {
    const id = 'c0ffee'.repeat(10) + 'abcd'
    const parent = `/sys/fs/cgroup/pids/hg-test-${process.pid}`
    const cgroup = `${parent}/docker-${id}.scope`
    mkdirSync(cgroup, { recursive: true })
    try {
      const run = spawnSync('/bin/sh', ['-c', `echo $$ > ${cgroup}/cgroup.procs && exec ${who}`], {
        encoding: 'utf8',
      })
      const self = JSON.parse(run.stdout)
      const row = sensor
        .drain()
        .get('exec')
        ?.find((one) => one['pid'] === self.pid && one['file'] === who)
      assert.equal(row?.['cgroup'], cgroup.slice('/sys/fs/cgroup/pids'.length))
      assert.equal(row?.['container'], id)
      assert.equal(row?.['cgroupId'], 1n)
    } finally {
      spawnSync('rmdir', [cgroup, parent])
    }
  })

  test(
    'processes of two cgroups, in turns, each stand in their own',
    { skip: workloadSkip() },
    () => {
      const mount = workloadMount() ?? ''
      const parent = join(mount, `hg-turns-${process.pid}`)
      const [web, batch, renamed] = ['web', 'a-batch-of-work', 'web2'].map((name) =>
        join(parent, name),
      ) as [string, string, string]
      for (const cgroup of [web, batch]) mkdirSync(cgroup, { recursive: true })
      const turns = [web, batch, web, web, batch, web]
      const run = (cgroups: readonly string[]): unknown[] => {
        sensor.drain()
        const script = cgroups.map((one) => `echo $$ > ${one}/cgroup.procs; ${who} > /dev/null`)
        spawnSync('taskset', ['-c', '0', '/bin/sh', '-c', script.join('; ')])
        const rows = sensor.drain().get('exec') ?? []
        return rows.filter((row) => row['file'] === who).map((row) => row['cgroup'])
      }
      try {
        assert.deepEqual(
          run(turns),
          turns.map((one) => one.slice(mount.length)),
        )
        // Version 1 alone lets a cgroup have another name; the new one counts after a second.
        if (unifiedMount() === mount) return
        renameSync(web, renamed)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100)
        assert.deepEqual(run([renamed]), [renamed.slice(mount.length)])
      } finally {
        spawnSync('rmdir', [web, renamed, batch, parent])
      }
    },
  )

  test('a storm of long argument lists cuts them, and loses no exec', () => {
    const long = 'y'.repeat(120_000)
    // More than the ring of 2 MiB holds.
    const count = amount(40, 24)
    const script = `for i in $(seq ${count}); do ${who} ${long} > /dev/null; done`
    writeFileSync(join(folder, 'storm.sh'), script)
    spawnSync('/bin/sh', [join(folder, 'storm.sh')])
    const rows = sensor.drain()
    const execs = (rows.get('exec') ?? []).filter((row) => row['file'] === who)
    assert.equal(execs.length, count)
    assert.ok(execs.some((row) => has(row, imageFlags.argvTruncated)))
    for (const row of execs) {
      assert.equal(row['argvBytes'], who.length + 1 + long.length + 1)
      assert.ok(argvOf(who, long).startsWith(String(row['argv'])))
      assert.ok(String(row['argv']).length >= 256)
    }
    // What others do meanwhile (the memory of a just-in-time compiler, say) gives way in a ring this full.
    const ofLives = (rows.get('loss') ?? []).filter((row) =>
      ['exec', 'exec_failed', 'fork', 'exit'].includes(String(row['hook'])),
    )
    assert.deepEqual(ofLives, [])
  })
})

/** Inode and device of a path as the kernel has them: `stat` packs a device in another way. */
function identityOf(path: string): [bigint, number] {
  const { ino, dev } = statSync(path, { bigint: true })
  const major = (dev >> 8n) & 0xfffn
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xfff00n)
  return [ino, Number((major << 20n) | minor)]
}

/** What is told of a script: nothing where the kernel has no fentry, for then only its path is left. */
function scriptIdentity(path: string): [bigint, number] {
  return probeFeature('fentry').supported ? identityOf(path) : [0n, 0]
}

/** The hierarchy that tells workloads here: version 2 unless every process is in its root. */
function workloadMount(): string | undefined {
  return pidsSkip() === false ? '/sys/fs/cgroup/pids' : unifiedMount()
}

function workloadSkip(): string | false {
  return workloadMount() === undefined ? 'needs a mounted cgroup2 or the pids hierarchy' : false
}
function unifiedSkip(): string | false {
  return unifiedMount() === undefined ? 'needs a mounted cgroup2' : false
}
function pidsSkip(): string | false {
  return existsSync('/sys/fs/cgroup/pids/cgroup.procs')
    ? false
    : 'needs the version 1 pids hierarchy'
}
