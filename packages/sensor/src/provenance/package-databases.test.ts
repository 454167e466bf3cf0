import assert from 'node:assert/strict'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { lockFd } from '@honeyguide/bpf'
import {
  createPackageDatabases,
  type FoundOwner,
  type PackageDatabases,
} from './package-databases.ts'
import { openPath } from './walk-in-root.ts'
import { finish } from './work.ts'

/** A root with dpkg's database of one package that has `file`. */
function writeRoot(root: string, name: string, file: string): void {
  const info = join(root, 'var/lib/dpkg/info')
  mkdirSync(info, { recursive: true })
  writeFileSync(join(info, `${name}.list`), `${file}\n`)
  writeFileSync(join(info, `${name}.md5sums`), `${'0'.repeat(32)}  ${file.slice(1)}\n`)
  writeFileSync(
    join(root, 'var/lib/dpkg/status'),
    `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n`,
  )
}

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'hg-databases-'))
  try {
    use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function find(databases: PackageDatabases, root: string, path: string): FoundOwner {
  using at = openPath(root)
  assert.ok(at)
  return finish(databases.find(at, path))
}

const nameOf = ({ ownership }: FoundOwner): string =>
  ownership.kind === 'owned' ? ownership.owner.name : ownership.kind

suite('package databases', () => {
  test('are one for each root, and not mixed up', () =>
    withFolder((folder) => {
      const databases = createPackageDatabases(() => 1e6)
      for (const name of ['one', 'two']) writeRoot(join(folder, name), name, '/usr/bin/x')
      assert.equal(nameOf(find(databases, join(folder, 'one'), '/usr/bin/x')), 'one')
      assert.equal(nameOf(find(databases, join(folder, 'two'), '/usr/bin/x')), 'two')
      assert.equal(find(databases, join(folder, 'two'), '/usr/bin/x').isForeign, true)
      assert.equal(nameOf(find(databases, '/', '/usr/bin/true')), 'coreutils')
      assert.equal(find(databases, '/', '/usr/bin/true').isForeign, false)
      assert.equal(databases.evictions, 0)
    }))

  test('are bounded: the one that was not asked for longest goes, and is read again', () =>
    withFolder((folder) => {
      const databases = createPackageDatabases(() => 1e6)
      const ask = (number: number): string => {
        const root = join(folder, `${number}`)
        return nameOf(find(databases, root, '/usr/bin/x'))
      }
      for (let i = 0; i < 8; i++) {
        writeRoot(join(folder, `${i}`), `package-${i}`, '/usr/bin/x')
        assert.equal(ask(i), `package-${i}`)
      }
      const { bytes } = databases
      assert.equal(databases.evictions, 0)
      ask(0)
      writeRoot(join(folder, '8'), 'package-8', '/usr/bin/x')
      ask(8)
      assert.equal(databases.evictions, 1)
      assert.equal(databases.bytes, bytes)
      ask(0)
      assert.equal(databases.evictions, 1, 'it was asked for just before')
      assert.equal(ask(1), 'package-1')
      assert.equal(databases.evictions, 2)
    }))

  test('are read again when they have changed, every 10 s at most; in between nothing is sure', () =>
    withFolder((folder) => {
      let nowMs = 1e6
      const databases = createPackageDatabases(() => nowMs)
      writeRoot(folder, 'old', '/usr/bin/x')
      assert.deepEqual(
        [
          nameOf(find(databases, folder, '/usr/bin/y')),
          find(databases, folder, '/usr/bin/y').isMoving,
        ],
        ['not_owned', false],
      )
      nowMs += 100
      writeRoot(folder, 'newer', '/usr/bin/y')
      const between = find(databases, folder, '/usr/bin/y')
      assert.deepEqual([nameOf(between), between.isMoving], ['not_owned', true])
      nowMs += 10_000
      const after = find(databases, folder, '/usr/bin/y')
      assert.deepEqual([nameOf(after), after.isMoving], ['newer', true], 'it has just changed')
      nowMs += 5000
      assert.equal(find(databases, folder, '/usr/bin/y').isMoving, false)
    }))

  test('are on the move while somebody holds their lock', () =>
    withFolder((folder) => {
      const databases = createPackageDatabases(() => 1e6)
      writeRoot(folder, 'one', '/usr/bin/x')
      const fd = openSync(join(folder, 'var/lib/dpkg/lock'), 'w')
      assert.equal(find(databases, folder, '/usr/bin/x').isMoving, false)
      assert.ok(lockFd(fd))
      assert.equal(find(databases, folder, '/usr/bin/x').isMoving, true)
      closeSync(fd)
      assert.equal(find(databases, folder, '/usr/bin/x').isMoving, false)
    }))

  test('of another kind are told as unknown, and so is a root without any', () =>
    withFolder((folder) => {
      const databases = createPackageDatabases(() => 1e6)
      const reason = (root: string): string => {
        const { ownership } = find(databases, root, '/usr/bin/x')
        assert.ok(ownership.kind === 'unknown')
        return ownership.reason
      }
      mkdirSync(join(folder, 'none'))
      assert.match(reason(join(folder, 'none')), /no package database/)
      mkdirSync(join(folder, 'arch/var/lib/pacman/local'), { recursive: true })
      assert.match(reason(join(folder, 'arch')), /pacman/)
      mkdirSync(join(folder, 'el8/var/lib/rpm'), { recursive: true })
      writeFileSync(join(folder, 'el8/var/lib/rpm/Packages'), '')
      assert.match(reason(join(folder, 'el8')), /Berkeley DB/)
      // Of two, one answers for its own files only.
      writeRoot(join(folder, 'el8'), 'alien', '/usr/bin/y')
      assert.match(reason(join(folder, 'el8')), /Berkeley DB/)
      assert.equal(nameOf(find(databases, join(folder, 'el8'), '/usr/bin/y')), 'alien')
    }))

  test('that cannot be what they seem are told as unknown, not as not owned', () =>
    withFolder((folder) => {
      const databases = createPackageDatabases(() => 1e6)
      writeRoot(folder, 'one', '/usr/bin/x')
      const info = join(folder, 'var/lib/dpkg/info')
      // As large as no list is, and sparse.
      writeFileSync(join(info, 'one.list'), '')
      const fd = openSync(join(info, 'one.list'), 'w')
      ftruncateSync(fd, 17 << 20)
      closeSync(fd)
      const { ownership } = find(databases, folder, '/usr/bin/x')
      assert.ok(ownership.kind === 'unknown')
      assert.match(ownership.reason, /list of one/)
    }))
})
