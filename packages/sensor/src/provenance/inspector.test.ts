import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  provenanceFlags,
  provenanceRoles,
  provenanceStates,
} from '@honeyguide/model/tables/provenance'
import { deviceNumber } from './device-number.ts'
import type { Fact } from './fact.ts'
import { createInspector, type Inspector, type Remembered } from './inspector.ts'
import type { SeenFile } from './seen-file.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root (namespaces of its own)'
const { ownedMatches, ownedDiffers, ownedNoDigest, notOwned, unknown } = provenanceStates
const { image } = provenanceRoles

const digest = (algorithm: string, path: string): string =>
  createHash(algorithm).update(readFileSync(path)).digest('hex')
const mountNs = (pid: number | 'self'): number => statSync(`/proc/${pid}/ns/mnt`).ino

/** As the kernel would tell it of this path of ours. */
function seen(path: string, changes: Partial<SeenFile> = {}): SeenFile {
  const { ino, dev } = statSync(path, { bigint: true })
  return {
    role: image,
    device: deviceNumber(dev),
    inode: ino,
    path,
    isTyped: false,
    isPartial: false,
    isDeleted: false,
    isMemfd: false,
    isFromSnapshot: false,
    pid: 0,
    parentPid: process.pid,
    mountNs: mountNs('self'),
    ...changes,
  }
}

/** Time is told: nothing waits for its share, and what is put off is due when `pass` says so. */
function testInspector(
  maxFileBytes = 64 << 20,
  before?: Remembered,
): Inspector & {
  look(...files: SeenFile[]): Fact[]
  pass(ms: number): void
} {
  let nowMs = 1_000_000
  const inspector = createInspector({
    maxFileBytes,
    share: 1,
    nowMs: () => nowMs,
    cpuMs: () => 0,
    before,
  })
  return {
    see: (files) => inspector.see(files),
    forget: () => inspector.forget(),
    run: () => inspector.run(),
    take: () => inspector.take(),
    remember: () => inspector.remember(),
    get waiting() {
      return inspector.waiting
    },
    databases: inspector.databases,
    pass: (ms) => void (nowMs += ms),
    look(...files) {
      inspector.see(files)
      while (inspector.run() === 0 || inspector.waiting > 0);
      return [...inspector.take().facts]
    },
  }
}

function ofImages(facts: readonly Fact[]): Fact[] {
  return facts.filter(({ role }) => role === image)
}

function withFolder(use: (folder: string) => void): void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hg-provenance-')))
  try {
    use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A shell in a mount namespace of its own that has run `script` and waits. */
async function withShell(
  script: string,
  use: (child: ChildProcess & { pid: number }) => void,
): Promise<void> {
  const child = spawn(
    'unshare',
    ['--mount', '--propagation=private', '--', 'sh', '-euc', `${script}\necho ready; read _`],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  try {
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve)
      child.once('exit', (code) => reject(new Error(`the shell ended with ${code}`)))
    })
    assert.ok(child.pid)
    use(child as ChildProcess & { pid: number })
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.stdin.end()
    child.kill('SIGKILL')
    await ended
  }
}

/** What a process in another namespace sees at a path, as the kernel would tell it. */
function seenBy(child: { pid: number }, path: string, changes: Partial<SeenFile> = {}): SeenFile {
  return {
    ...seen(`/proc/${child.pid}/root${path}`),
    path,
    pid: child.pid,
    mountNs: mountNs(child.pid),
    ...changes,
  }
}

suite('files of this Debian', () => {
  test('a program of a package is as packaged, also where the package spells its path otherwise', () => {
    const inspector = testInspector()
    const [fact, ...more] = inspector.look(seen('/usr/bin/true'))
    assert.deepEqual(more, [])
    assert.ok(fact)
    const { size, mtimeNs, ctimeNs, mode } = statSync('/usr/bin/true', { bigint: true })
    const version = spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'coreutils'], {
      encoding: 'utf8',
    }).stdout
    assert.deepEqual(
      {
        state: fact.state,
        reason: fact.reason,
        flags: fact.flags & ~provenanceFlags.provisional,
        manager: fact.manager,
        package: fact.package,
        version: fact.version,
        packagedPath: fact.packagedPath,
        digestAlgorithm: fact.digestAlgorithm,
        packagedDigest: fact.packagedDigest,
        digest: fact.digest,
        sha256: fact.sha256,
        size: fact.sizeBytes,
        modifiedNs: fact.modifiedNs,
        changedNs: fact.changedNs,
        mode: fact.mode,
        uid: fact.uid,
      },
      {
        state: ownedMatches,
        reason: '',
        flags: 0,
        manager: 'dpkg',
        package: 'coreutils',
        version,
        packagedPath: '/bin/true',
        digestAlgorithm: 'md5',
        packagedDigest: digest('md5', '/usr/bin/true'),
        digest: digest('md5', '/usr/bin/true'),
        sha256: digest('sha256', '/usr/bin/true'),
        size,
        modifiedNs: mtimeNs,
        changedNs: ctimeNs,
        mode: Number(mode),
        uid: 0,
      },
    )
  })

  test('a script of a package is found through links, as typed', () => {
    const real = realpathSync('/usr/bin/which')
    assert.match(readlinkSync('/usr/bin/which'), /^\/etc\/alternatives\//)
    for (const inode of [statSync(real, { bigint: true }).ino, 0n]) {
      const file = seen(real, { path: '/bin/which', isTyped: true, inode })
      const [fact] = testInspector().look(inode === 0n ? { ...file, device: 0 } : file)
      assert.ok(fact)
      assert.equal(fact.state, ownedMatches)
      assert.equal(fact.package, 'debianutils')
      assert.equal(fact.path, '/bin/which')
      assert.match(fact.packagedPath, /which\.debianutils$/)
      assert.equal(fact.inode, statSync(real, { bigint: true }).ino)
      assert.equal(fact.device, deviceNumber(statSync(real, { bigint: true }).dev))
      assert.equal((fact.flags & provenanceFlags.byPath) !== 0, inode === 0n)
    }
  })

  test('a library of a package is as packaged', () => {
    const maps = readFileSync('/proc/self/maps', 'latin1')
    const libc = /\S*\/libc\.so\.6/.exec(maps)?.[0]
    assert.ok(libc)
    const [fact] = testInspector().look(seen(libc, { role: provenanceRoles.library }))
    assert.equal(fact?.state, ownedMatches)
    assert.equal(fact?.package, 'libc6')
  })

  test('the first look at a program that runs takes its libraries along', () => {
    const child = spawn('sleep', ['1000'])
    try {
      // Until its libraries are there.
      while (!/libc\.so/.test(readFileSync(`/proc/${child.pid}/maps`, 'latin1')));
      const facts = testInspector().look(
        seen(realpathSync('/usr/bin/sleep'), { pid: child.pid ?? 0 }),
      )
      assert.equal(facts.filter(({ role }) => role === image).length, 1)
      const libraries = facts.filter(({ role }) => role === provenanceRoles.library)
      assert.ok(libraries.some((fact) => fact.path.endsWith('/libc.so.6')))
      for (const { state, path } of libraries) assert.equal(state, ownedMatches, path)
    } finally {
      child.kill('SIGKILL')
    }
  })

  test('a copy of it somewhere else is in no package, and tells its owner and times', () =>
    withFolder((folder) => {
      const copy = join(folder, 'true')
      copyFileSync('/usr/bin/true', copy)
      utimesSync(copy, 1000, 2000)
      const [fact] = testInspector().look(seen(copy))
      assert.ok(fact)
      assert.equal(fact.state, notOwned)
      assert.equal(fact.package, '')
      assert.equal(fact.sha256, digest('sha256', '/usr/bin/true'))
      assert.equal(fact.modifiedNs, 2_000_000_000_000n)
      const { birthtimeNs, ctimeNs } = statSync(copy, { bigint: true })
      assert.equal(fact.changedNs, ctimeNs)
      assert.equal(fact.bornNs, birthtimeNs)
    }))

  test('what is longer than allowed is not read, and says so', () => {
    const [fact] = testInspector(1000).look(seen('/usr/bin/true'))
    assert.equal(fact?.state, ownedNoDigest)
    assert.equal(fact?.package, 'coreutils')
    assert.match(fact?.reason ?? '', /maxFileBytes/)
    assert.equal(fact?.sha256, '')
  })

  test('is told once for each state of the file and each of its names, and again after a hub connects', () =>
    withFolder((folder) => {
      const path = join(folder, 'program')
      copyFileSync('/usr/bin/true', path)
      const inspector = testInspector()
      const file = seen(path)
      const [first] = inspector.look(file)
      assert.ok(first)
      inspector.pass(5000)
      assert.deepEqual(inspector.look(file, file), [])
      inspector.forget()
      inspector.pass(5000)
      assert.deepEqual(inspector.look(file), [first])
      // In place, with the old time of its content: the time of the inode tells.
      const { mtime } = statSync(path)
      appendFileSync(path, 'more')
      utimesSync(path, mtime, mtime)
      inspector.pass(5000)
      const [second] = inspector.look(file)
      assert.ok(second)
      assert.equal(second.inode, first.inode)
      assert.notEqual(second.sha256, first.sha256)
      assert.ok(second.changedNs > first.changedNs)
      linkSync(path, `${path}-too`)
      inspector.pass(5000)
      const facts = inspector.look(file, { ...file, path: `${path}-too` })
      assert.deepEqual(facts.map((fact) => fact.path).toSorted(), [path, `${path}-too`])
    }))

  test('an inspector goes on where another one ended', () =>
    withFolder((folder) => {
      const path = join(folder, 'program')
      copyFileSync('/usr/bin/true', path)
      const first = testInspector()
      assert.equal(first.look(seen(path), seen('/usr/bin/true')).length, 2)
      const remembered = structuredClone(first.remember())
      assert.equal(remembered.told.length, 2)
      const second = testInspector(64 << 20, remembered)
      assert.deepEqual(second.look(seen(path), seen('/usr/bin/true')), [])
      appendFileSync(path, 'more')
      second.pass(5000)
      assert.equal(second.look(seen(path)).length, 1)
      second.forget()
      second.pass(5000)
      assert.deepEqual(
        second.look(seen(path), seen('/usr/bin/true')).map((fact) => fact.path),
        [path, '/usr/bin/true'],
      )
    }))

  test('is looked at once a second at most, and what came in between is not forgotten', () =>
    withFolder((folder) => {
      const path = join(folder, 'program')
      copyFileSync('/usr/bin/true', path)
      const inspector = testInspector()
      assert.equal(inspector.look(seen(path)).length, 1)
      inspector.pass(100)
      appendFileSync(path, 'more')
      inspector.see([seen(path), seen(path)])
      assert.equal(inspector.run(), 900)
      assert.deepEqual(inspector.take(), { facts: [], offered: 0, lost: 0 })
      inspector.pass(900)
      assert.equal(inspector.look().length, 1)
    }))

  test('what is gone, or another file by now, is told as unknown, once', () =>
    withFolder((folder) => {
      const inspector = testInspector()
      const path = join(folder, 'program')
      copyFileSync('/usr/bin/true', path)
      const file = seen(path)
      unlinkSync(path)
      const [fact, ...more] = inspector.look(file)
      assert.deepEqual(more, [])
      assert.equal(fact?.state, unknown)
      assert.equal(fact?.reason, 'it is gone')
      assert.equal(fact?.inode, file.inode)
      assert.equal(fact?.changedNs, 0n)
      inspector.pass(5000)
      assert.deepEqual(inspector.look(file), [])
      copyFileSync('/usr/bin/false', path)
      const other = { ...file, inode: file.inode + 1_000_000n }
      assert.equal(inspector.look(other)[0]?.reason, 'another file has its place by now')
    }))

  test('a deleted program is had as long as it runs', () =>
    withFolder((folder) => {
      const path = join(folder, 'sleeper')
      copyFileSync('/usr/bin/sleep', path)
      chmodSync(path, 0o755)
      const file = seen(path)
      const child = spawn(path, ['1000'])
      try {
        while (!readFileSync(`/proc/${child.pid}/cmdline`, 'latin1').startsWith(path));
        unlinkSync(path)
        const [fact] = ofImages(
          testInspector().look({ ...file, pid: child.pid ?? 0, isDeleted: true }),
        )
        assert.ok(fact)
        assert.equal(fact.state, unknown)
        assert.equal(fact.reason, 'it has no name any more')
        assert.equal(fact.sha256, digest('sha256', '/usr/bin/sleep'))
        assert.ok(fact.flags & provenanceFlags.deleted)
      } finally {
        child.kill('SIGKILL')
      }
    }))

  test('what has just run goes before what was there already, and small before large', () =>
    withFolder((folder) => {
      let nowMs = 0
      const inspector = createInspector({
        maxFileBytes: 64 << 20,
        share: 1,
        nowMs: () => (nowMs += 0.5),
        cpuMs: () => 0,
      })
      const file = (name: string, size: number, changes: Partial<SeenFile> = {}): SeenFile => {
        writeFileSync(join(folder, name), '')
        truncateSync(join(folder, name), size)
        return seen(join(folder, name), changes)
      }
      const old = { isFromSnapshot: true }
      inspector.see([file('old-large', 8 << 20, old), file('old-small', 1 << 20, old)])
      inspector.run()
      inspector.see([file('large', 8 << 20), file('small', 1 << 20)])
      while (inspector.run() === 0 || inspector.waiting > 0);
      assert.deepEqual(
        inspector.take().facts.map(({ path }) => path.slice(folder.length + 1)),
        ['small', 'large', 'old-small', 'old-large'],
      )
    }))

  test('counts what does not fit, and does the rest', () =>
    withFolder((folder) => {
      const inspector = testInspector()
      const files = Array.from({ length: 1100 }, (_, i) =>
        seen('/usr/bin/true', { path: `${folder}/${i}` }),
      )
      inspector.see(files)
      assert.equal(inspector.look().length, 1024)
      inspector.see(files.slice(0, 1))
      assert.deepEqual(inspector.take(), { facts: [], offered: 0, lost: 0 })
      inspector.see(files)
      const { offered, lost } = inspector.take()
      assert.deepEqual({ offered, lost }, { offered: 76, lost: 0 })
    }))
})

suite('files that other roots show', { skip }, () => {
  test('a program that somebody bound over one of a package differs', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hg-bound-')))
    try {
      copyFileSync('/usr/bin/true', join(folder, 'true'))
      appendFileSync(join(folder, 'true'), 'backdoor')
      await withShell(`mount --bind ${folder}/true /usr/bin/true`, (child) => {
        const inspector = testInspector()
        const [fact] = inspector.look(seenBy(child, '/usr/bin/true'))
        assert.equal(fact?.state, ownedDiffers)
        assert.equal(fact?.package, 'coreutils')
        assert.equal(fact?.packagedDigest, digest('md5', '/usr/bin/true'))
        assert.equal(fact?.digest, digest('md5', join(folder, 'true')))
        assert.equal((fact?.flags ?? 0) & provenanceFlags.foreignDatabase, 0)
        // Ours is another file, and as packaged.
        assert.equal(inspector.look(seen('/usr/bin/true'))[0]?.state, ownedMatches)
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a configuration file is as packaged or changed, as it may be', async () => {
    const conffile = '/etc/cron.daily/dpkg'
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hg-conffile-')))
    try {
      const [own] = testInspector().look(seen(conffile))
      assert.equal(own?.state, ownedMatches)
      assert.ok((own?.flags ?? 0) & provenanceFlags.configuration)
      copyFileSync(conffile, join(folder, 'dpkg'))
      appendFileSync(join(folder, 'dpkg'), '# mine\n')
      await withShell(`mount --bind ${folder}/dpkg ${conffile}`, (child) => {
        const [fact] = testInspector().look(seenBy(child, conffile))
        assert.equal(fact?.state, ownedNoDigest)
        assert.equal(fact?.package, 'dpkg')
        assert.match(fact?.reason ?? '', /configuration file/)
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  /** A process in a root with a database of dpkg of its own, which has one package `box`. */
  async function withRoot(
    use: (root: string, at: (path: string) => SeenFile) => void | Promise<void>,
  ): Promise<void> {
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'hg-root-')))
    try {
      for (const folder of ['usr/bin', 'var/lib/dpkg/info', 'tmp'])
        mkdirSync(join(root, folder), { recursive: true })
      copyFileSync('/usr/bin/busybox', join(root, 'usr/bin/busybox'))
      writeFileSync(join(root, 'usr/bin/script'), '#!/bin/sh\n')
      symlinkSync('/usr/bin/script', join(root, 'tmp/script'))
      symlinkSync('usr/bin', join(root, 'bin'))
      const info = join(root, 'var/lib/dpkg/info')
      writeFileSync(
        join(root, 'var/lib/dpkg/status'),
        'Package: box\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\n\nPackage: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n',
      )
      writeFileSync(join(info, 'box.list'), '/.\n/bin\n/bin/busybox\n/bin/script\n')
      writeFileSync(join(info, 'gone.list'), '/tmp\n/tmp/x\n')
      writeFileSync(
        join(info, 'box.md5sums'),
        `${digest('md5', '/usr/bin/busybox')}  bin/busybox\n${'0'.repeat(32)}  bin/script\n`,
      )
      const child = spawn('chroot', [root, '/bin/busybox', 'sleep', '1000'])
      try {
        while (!readFileSync(`/proc/${child.pid}/cmdline`, 'latin1').startsWith('/bin/busybox'));
        const pid = child.pid ?? 0
        await use(root, (path) => seenBy({ pid }, path))
      } finally {
        child.kill('SIGKILL')
      }
    } finally {
      rmSync(root, { recursive: true })
    }
  }

  test('a root with its own database is asked by that one, and links lead nowhere else', () =>
    withRoot((root, at) => {
      const inspector = testInspector()
      const [program] = inspector.look(at('/usr/bin/busybox'))
      assert.equal(program?.state, ownedMatches)
      assert.equal(program?.package, 'box')
      assert.equal(program?.version, '1:2-3')
      assert.equal(program?.packagedPath, '/bin/busybox')
      assert.ok((program?.flags ?? 0) & provenanceFlags.foreignDatabase)
      const [script] = inspector.look({
        ...at('/usr/bin/script'),
        path: '/tmp/script',
        isTyped: true,
      })
      assert.equal(script?.state, ownedDiffers)
      assert.equal(script?.packagedPath, '/bin/script')
      writeFileSync(join(root, 'tmp/x'), 'x')
      assert.equal(inspector.look(at('/tmp/x'))[0]?.state, notOwned, 'its package is not installed')
      rmSync(join(root, 'var'), { recursive: true })
      mkdirSync(join(root, 'lib/apk/db'), { recursive: true })
      writeFileSync(join(root, 'lib/apk/db/installed'), '')
      writeFileSync(join(root, 'tmp/y'), 'y')
      const [alpine] = inspector.look(at('/tmp/y'))
      assert.equal(alpine?.state, unknown)
      assert.match(alpine?.reason ?? '', /apk/)
    }))

  test('what runs while packages are installed is told at once, and again when they are', () =>
    withRoot((root, at) => {
      const inspector = testInspector()
      inspector.look(at('/usr/bin/busybox'))
      inspector.pass(1000)
      // The file is there before the list that has it.
      writeFileSync(join(root, 'usr/bin/new'), 'new')
      appendFileSync(join(root, 'var/lib/dpkg/status'), '\n')
      const [first] = inspector.look(at('/usr/bin/new'))
      assert.equal(first?.state, notOwned)
      assert.ok((first?.flags ?? 0) & provenanceFlags.provisional)
      writeFileSync(join(root, 'var/lib/dpkg/info/box.list'), '/bin/busybox\n/usr/bin/new\n')
      writeFileSync(
        join(root, 'var/lib/dpkg/info/box.md5sums'),
        `${digest('md5', join(root, 'usr/bin/new'))}  usr/bin/new\n`,
      )
      appendFileSync(join(root, 'var/lib/dpkg/status'), '\n')
      inspector.pass(5000)
      assert.deepEqual(inspector.look(), [], 'still the same')
      inspector.pass(5000)
      const [second, ...more] = inspector.look()
      assert.deepEqual(more, [])
      assert.equal(second?.state, ownedMatches)
      assert.equal(second?.path, '/usr/bin/new')
      assert.equal((second?.flags ?? 0) & provenanceFlags.provisional, 0)
      inspector.pass(5000)
      assert.deepEqual(inspector.look(), [])
    }))

  test('the rights of the sensor are enough, and what root alone may read is read', () =>
    withRoot((root, at) => {
      const folder = join(root, 'tmp/closed')
      mkdirSync(folder, { mode: 0o700 })
      copyFileSync('/usr/bin/true', join(folder, 'program'))
      chmodSync(join(folder, 'program'), 0o700)
      const file = at('/tmp/closed/program')
      const code = `
        import { createInspector } from ${JSON.stringify(join(import.meta.dirname, 'inspector.ts'))}
        const inspector = createInspector({ maxFileBytes: 1 << 26, share: 1, nowMs: () => performance.now(), cpuMs: () => 0 })
        inspector.see([{ ...JSON.parse(process.argv[1]), inode: ${file.inode}n }])
        while (inspector.run() === 0 || inspector.waiting > 0);
        const [{ state, sha256 }] = inspector.take().facts
        console.log(JSON.stringify({ state, sha256 }))`
      const run = (capabilities: string): string => {
        const set = `-all${capabilities}`
        const done = spawnSync(
          'setpriv',
          [
            ...['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'],
            ...[`--bounding-set=${set}`, `--inh-caps=${set}`, `--ambient-caps=${set}`, '--'],
            ...[process.execPath, '--input-type=module', '--eval', code],
            JSON.stringify({ ...file, inode: undefined }),
          ],
          { encoding: 'utf8' },
        )
        assert.equal(done.status, 0, done.stderr)
        return done.stdout
      }
      assert.deepEqual(JSON.parse(run(',+dac_read_search,+sys_ptrace')), {
        state: notOwned,
        sha256: digest('sha256', '/usr/bin/true'),
      })
    }))

  test('an overlay shows other devices to stat than the kernel tells, and is recognised', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hg-overlay-')))
    try {
      for (const name of ['lower', 'upper', 'work', 'merged', 'outside'])
        mkdirSync(join(folder, name))
      // Layers of two file systems: only then the numbers differ.
      const script = [
        `mount -t tmpfs lower ${folder}/lower`,
        `cp /usr/bin/true ${folder}/lower/true`,
        `mount -t overlay -o lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work overlay ${folder}/merged`,
        `cp /usr/bin/false ${folder}/merged/false`,
      ].join('\n')
      await withShell(script, (child) => {
        const mountinfo = readFileSync(`/proc/${child.pid}/mountinfo`, 'latin1')
        const line = mountinfo.split('\n').find((one) => one.includes(`${folder}/merged `))
        const [major = 0, minor = 0] = (line?.split(' ')[2] ?? '').split(':').map(Number)
        for (const name of ['true', 'false']) {
          const path = join(folder, 'merged', name)
          const file = seenBy(child, path, { device: ((major << 20) | minor) >>> 0 })
          const [fact] = testInspector().look(file)
          assert.equal(fact?.state, notOwned, `${name}: ${fact?.reason}`)
          assert.equal(fact?.device, file.device)
          assert.equal(fact?.sha256, digest('sha256', `/usr/bin/${name}`))
          const elsewhere = { ...file, device: file.device + 5000 }
          assert.equal(testInspector().look(elsewhere)[0]?.state, unknown)
        }
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test(
    'a file system that nobody answers for is not touched',
    { skip: existsSync('/dev/fuse') ? false : 'needs /dev/fuse' },
    async () => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hg-fuse-')))
      try {
        mkdirSync(join(folder, 'mute'))
        symlinkSync('mute', join(folder, 'link'))
        // Opened and never read: whoever looks into it waits.
        const script = `exec 3<>/dev/fuse\nmount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 mute ${folder}/mute`
        await withShell(script, (child) => {
          const mountinfo = readFileSync(`/proc/${child.pid}/mountinfo`, 'latin1')
          const line = mountinfo.split('\n').find((one) => one.includes(`${folder}/mute `))
          const [major = 0, minor = 0] = (line?.split(' ')[2] ?? '').split(':').map(Number)
          const of = (changes: Partial<SeenFile>): SeenFile => ({
            ...seen('/usr/bin/true'),
            pid: child.pid,
            mountNs: mountNs(child.pid),
            path: join(folder, 'mute/program'),
            ...changes,
          })
          for (const file of [
            of({ device: ((major << 20) | minor) >>> 0 }),
            of({}),
            of({ path: `${folder}/mute/../x`, isTyped: true, inode: 0n }),
            of({ path: `${folder}/link/x`, isTyped: true, inode: 0n }),
            of({ path: `${folder}/link/../x`, isTyped: true }),
          ]) {
            const [fact] = testInspector().look(file)
            assert.equal(fact?.state, unknown)
            assert.match(fact?.reason ?? '', /fuse/)
          }
        })
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )
})
