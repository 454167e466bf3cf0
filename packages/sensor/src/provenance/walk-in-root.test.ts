import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openPath, readBelow, reopen, walkInRoot } from './walk-in-root.ts'

function withRoot(use: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'hg-walk-'))
  try {
    mkdirSync(join(root, 'usr/bin'), { recursive: true })
    mkdirSync(join(root, 'etc/alternatives'), { recursive: true })
    writeFileSync(join(root, 'usr/bin/vim'), 'vim')
    symlinkSync('usr/bin', join(root, 'bin'))
    symlinkSync('/etc/alternatives/editor', join(root, 'usr/bin/editor'))
    symlinkSync('../../bin/vim', join(root, 'etc/alternatives/editor'))
    symlinkSync('/etc/passwd', join(root, 'usr/bin/outside'))
    symlinkSync('../../../../../../../../etc/passwd', join(root, 'usr/bin/above'))
    symlinkSync('loop', join(root, 'usr/bin/loop'))
    symlinkSync('/', join(root, 'usr/top'))
    use(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

suite('walk in a root', () => {
  test('follows links from that root and never out of it', () =>
    withRoot((path) => {
      using root = openPath(path)
      assert.ok(root)
      const pathOf = (name: string): string | undefined => {
        using found = walkInRoot(root, name)
        return found?.path
      }
      assert.equal(pathOf('/bin/editor'), '/usr/bin/vim')
      assert.equal(pathOf('/usr/top/usr/top/bin/../bin/./editor'), '/usr/bin/vim')
      assert.equal(pathOf('/bin/outside'), undefined, 'there is no /etc/passwd in there')
      assert.equal(pathOf('/bin/above'), undefined)
      assert.equal(pathOf('/bin/loop'), undefined)
      assert.equal(pathOf('/bin/nothing'), undefined)
      assert.equal(pathOf('/usr/bin/vim/x'), undefined)
      assert.equal(pathOf('/../..'), '/')
      using vim = walkInRoot(root, '/bin/vim')
      assert.ok(vim)
      assert.equal(vim.stat.ino, statSync(join(path, 'usr/bin/vim'), { bigint: true }).ino)
      using file = reopen(vim)
      assert.equal(fstatSync(file?.fd ?? -1).size, 3)
    }))
  test('enters no folder that it may not', () =>
    withRoot((path) => {
      using folder = openPath(path)
      assert.ok(folder)
      const entered: string[] = []
      const mayEnter = (at: string): boolean => {
        entered.push(at)
        return at !== '/etc/alternatives'
      }
      using found = walkInRoot({ ...folder, mayEnter }, '/bin/editor')
      assert.equal(found, undefined)
      assert.deepEqual(entered, [
        '/bin',
        '/usr',
        '/usr/bin',
        '/usr/bin/editor',
        '/etc',
        '/etc/alternatives',
      ])
    }))
  test('takes names of any bytes, and leaves no descriptor open', () =>
    withRoot((path) => {
      const name = Buffer.from([0x61, 0xff, 0x0a, 0xc3])
      writeFileSync(Buffer.concat([Buffer.from(`${path}/usr/bin/`), name]), 'x')
      const before = readdirSync('/proc/self/fd').length
      {
        using root = openPath(path)
        assert.ok(root)
        using found = walkInRoot(root, `/bin/${name.toString('latin1')}`)
        assert.equal(found?.path, `/usr/bin/${name.toString('latin1')}`)
        assert.equal(walkInRoot(root, '/usr/bin/a/b/c'), undefined)
        assert.equal(readBelow(root, 'usr/..', 10), undefined)
      }
      assert.equal(readdirSync('/proc/self/fd').length, before)
    }))
  test('does not wait for a pipe, and reads ordinary files of bounded length only', () =>
    withRoot((path) => {
      execFileSync('mkfifo', [join(path, 'pipe')])
      using root = openPath(realpathSync(path))
      assert.ok(root)
      using pipe = walkInRoot(root, '/pipe')
      assert.ok(pipe)
      assert.ok(pipe.stat.isFIFO())
      assert.equal(reopen(pipe), undefined)
      assert.equal(readBelow(root, 'pipe', 10), undefined)
      assert.equal(readBelow(root, 'bin', 10), undefined, 'a link is not followed')
      writeFileSync(join(path, 'eleven'), '12345678901')
      assert.equal(readBelow(root, 'eleven', 10), undefined)
      assert.equal(readBelow(root, 'eleven', 11)?.toString(), '12345678901')
    }))
})
