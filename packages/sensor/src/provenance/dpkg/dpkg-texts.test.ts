import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { createRandom } from '../../../../../test/fuzz/random.ts'
import { listedNames, parseDiversions } from './diversions.ts'
import { listHolds, md5Of } from './file-lists.ts'
import { conffileDigest, parseStatus } from './status.ts'

const sum = (digit: string): string => digit.repeat(32)
const status = `Package: one
Status: install ok installed
Version: 1:2.0-1
Architecture: amd64
Multi-Arch: same
Conffiles:
 /etc/one.conf ${sum('a')}
 /etc/one with space ${sum('b')} obsolete
 /etc/new newconffile
Description: a package
 Package: two
 .
 more

package: removed
status: deinstall ok config-files
architecture: all
version: 1

Package: two
Status: hold ok half-configured
Version: 2
Architecture: i386
Conffiles:
 /etc/one.conf ${sum('c')}
 /etc/two.conf ${sum('d')} remove-on-upgrade obsolete
`
const one = { name: 'one', version: '1:2.0-1', architecture: 'amd64' }
const two = { name: 'two', version: '2', architecture: 'i386' }

suite('dpkg status', () => {
  test('tells packages whose files are there', () => {
    assert.deepEqual([...parseStatus(status)], [one, two])
    assert.deepEqual([...parseStatus('\n\n\nPackage: x\n\n:\n \nStatus')], [])
  })
  test('tells what a configuration file came with', () => {
    assert.equal(conffileDigest(status, one, '/etc/one.conf'), sum('a'))
    assert.equal(conffileDigest(status, one, '/etc/one with space'), sum('b'))
    assert.equal(conffileDigest(status, one, '/etc/one'), undefined)
    assert.equal(conffileDigest(status, one, '/etc/new'), undefined)
    assert.equal(conffileDigest(status, two, '/etc/one.conf'), sum('c'))
    assert.equal(conffileDigest(status, two, '/etc/two.conf'), sum('d'))
    assert.equal(conffileDigest(status, { ...two, name: 'x' }, '/etc/two.conf'), undefined)
  })
  test('of this machine is what dpkg-query says', () => {
    const asked = execFileSync(
      'dpkg-query',
      ['-W', '-f', '${db:Status-Status} ${Package} ${Version} ${Architecture}\n'],
      { encoding: 'latin1', maxBuffer: 64 << 20 },
    )
    const expected = asked
      .trim()
      .split('\n')
      .filter((line) => !/^(not-installed|config-files) /.test(line))
      .map((line) => line.slice(line.indexOf(' ') + 1))
    const found = [...parseStatus(readFileSync('/var/lib/dpkg/status', 'latin1'))]
    assert.deepEqual(
      found
        .map(({ name, version, architecture }) => `${name} ${version} ${architecture}`)
        .toSorted(),
      expected.toSorted(),
    )
  })
})

suite('lists of dpkg', () => {
  test('hold a path as a whole line only', () => {
    const list = '/.\n/usr\n/usr/bin/ab\n/usr/bin/a\n/usr/bin/a/usr/bin/b'
    assert.ok(listHolds(list, '/.'))
    assert.ok(listHolds(list, '/usr/bin/a'))
    assert.ok(!listHolds(list, '/usr/bin/b'))
    assert.ok(listHolds(list, '/usr/bin/a/usr/bin/b'))
    assert.ok(!listHolds(list, '/usr/bin'))
    assert.ok(!listHolds('', '/x'))
  })
  test('give the digest of a path and of no other', () => {
    const sums = `${sum('1')}  usr/bin/a\n${sum('2')}  usr/bin/a  usr/bin/b\n${sum('3')}  usr/bin/b\nnonsense  usr/bin/c\n${sum('4')}  usr/bin/c`
    assert.equal(md5Of(sums, '/usr/bin/a'), sum('1'))
    assert.equal(md5Of(sums, '/usr/bin/b'), sum('3'))
    assert.equal(md5Of(sums, '/usr/bin/a  usr/bin/b'), sum('2'))
    assert.equal(md5Of(sums, '/usr/bin/c'), sum('4'))
    assert.equal(md5Of(sums, '/bin/a'), undefined)
    assert.equal(md5Of('', '/a'), undefined)
  })
  test('are found through by any bytes: every line, and nothing that is none', () => {
    const random = createRandom(3)
    const parts = ['a', ' ', '  ', '\xff', '/', '.', sum('0'), '\t']
    for (let round = 0; round < 500; round++) {
      const paths = Array.from(
        { length: 1 + random.below(8) },
        () => `/${Array.from({ length: 1 + random.below(4) }, () => random.pick(parts)).join('')}`,
      )
      const list = paths.map((path) => `${path}\n`).join('')
      const sums = paths.map((path, i) => `${i.toString(16).padStart(32, '0')}  ${path.slice(1)}\n`)
      const other = `/${random.pick(parts)}${random.pick(parts)}`
      for (const path of [...paths, other]) {
        assert.equal(listHolds(list, path), paths.includes(path))
        const at = paths.indexOf(path)
        assert.equal(
          md5Of(sums.join(''), path),
          at < 0 ? undefined : at.toString(16).padStart(32, '0'),
          JSON.stringify({ sums, path }),
        )
      }
    }
  })
  test('of this machine give every digest that they hold', () => {
    const folder = '/var/lib/dpkg/info'
    const names = readdirSync(folder).filter((name) => name.endsWith('.md5sums'))
    for (const name of names.slice(0, 60)) {
      const sums = readFileSync(`${folder}/${name}`, 'latin1')
      const lines = sums.split('\n').filter((line) => line !== '')
      for (const line of lines.slice(0, 40))
        assert.equal(md5Of(sums, `/${line.slice(34)}`), line.slice(0, 32))
    }
  })
})

suite('diversions of dpkg', () => {
  const diversions = parseDiversions(
    '/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/mine\n/usr/bin/mine.theirs\n:\nbroken\n/x\ny\n/half\n',
  )
  const may = (paths: string[], by: string): string[] =>
    listedNames(paths, diversions)
      .filter(({ mayOwn }) => mayOwn(by))
      .map(({ path }) => path)

  test('leave the name to the package that diverted the others', () => {
    assert.deepEqual(may(['/usr/bin/sh', '/bin/sh'], 'dash'), ['/usr/bin/sh', '/bin/sh'])
    assert.deepEqual(may(['/usr/bin/sh', '/bin/sh'], 'bash'), [])
    assert.deepEqual(may(['/usr/bin/other'], 'bash'), ['/usr/bin/other'])
  })
  test('find the file of another package where it was sent', () => {
    assert.deepEqual(may(['/bin/sh.distrib'], 'bash'), ['/bin/sh.distrib', '/bin/sh'])
    assert.deepEqual(may(['/bin/sh.distrib'], 'dash'), ['/bin/sh.distrib'])
  })
  test('made by hand leave the name to nobody', () => {
    assert.deepEqual(may(['/usr/bin/mine'], 'any'), [])
    assert.deepEqual(may(['/usr/bin/mine.theirs'], 'any'), [
      '/usr/bin/mine.theirs',
      '/usr/bin/mine',
    ])
  })
  test('of a broken file are skipped', () => {
    assert.equal(diversions.length, 2)
  })
})
