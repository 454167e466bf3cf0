import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Ownership } from '../package-database.ts'
import { openPath } from '../walk-in-root.ts'
import { finish } from '../work.ts'
import { createRpmDatabase } from './rpm-database.ts'

const script = '#!/bin/sh\n'

/** Makes a package with rpmbuild and installs it with rpm into a root of its own, as a real system has it. */
function buildPackage(folder: string, name: string, algorithm: number, files: string): string {
  const spec = join(folder, `${name}.spec`)
  writeFileSync(
    spec,
    `Name: ${name}
Version: 1.2
Release: 3
Epoch: 4
Summary: for a test
License: none
BuildArch: noarch
%description
%prep
%build
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc %{buildroot}/opt/${name}
printf '#!/bin/sh\\n' > %{buildroot}/usr/bin/${name}
printf '${name}' > %{buildroot}/opt/${name}/same
printf 'a=1\\n' > %{buildroot}/etc/${name}.conf
ln -s ${name} %{buildroot}/usr/bin/${name}-link
%files
${files}
`,
  )
  execFileSync(
    'rpmbuild',
    [
      ...['--define', `_topdir ${folder}/build`],
      ...['--define', `_binary_filedigest_algorithm ${algorithm}`],
      ...['-bb', spec],
    ],
    { stdio: 'pipe' },
  )
  return join(folder, 'build/RPMS/noarch', `${name}-1.2-3.noarch.rpm`)
}

suite('rpm database', { skip: existsSync('/usr/bin/rpmbuild') ? false : 'needs rpm' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hg-rpm-'))
  const root = join(folder, 'root')
  const dbPath = '/usr/lib/sysimage/rpm'
  const rpm = (...args: string[]): void => {
    const done = spawnSync('rpm', ['--root', root, '--dbpath', dbPath, ...args], {
      encoding: 'utf8',
    })
    assert.equal(done.status, 0, done.stderr)
  }
  const files = (name: string): string =>
    `/usr/bin/${name}\n/usr/bin/${name}-link\n/opt/${name}\n%config(noreplace) /etc/${name}.conf\n%ghost /usr/bin/${name}-made`

  before(() => {
    mkdirSync(root)
    rpm('--initdb')
    rpm('-i', '--nodeps', buildPackage(folder, 'tool', 8, files('tool')))
    rpm('-i', '--nodeps', buildPackage(folder, 'old', 1, files('old')))
    mkdirSync(join(root, 'var/lib'), { recursive: true })
    symlinkSync('../../usr/lib/sysimage/rpm', join(root, 'var/lib/rpm'))
  })
  after(() => rmSync(folder, { recursive: true }))

  function find(...paths: string[]): Ownership {
    using at = openPath(root)
    assert.ok(at)
    const database = createRpmDatabase()
    assert.equal(finish(database.read(at)), undefined)
    return finish(database.find(at, paths))
  }

  test('knows the files of packages that rpm installed, with their digests', () => {
    const package_ = {
      manager: 'rpm',
      name: 'tool',
      version: '4:1.2-3',
      architecture: 'noarch',
    } as const
    assert.deepEqual(find('/usr/bin/tool', '/bin/tool'), {
      kind: 'owned',
      owner: {
        ...package_,
        path: '/usr/bin/tool',
        digest: { algorithm: 'sha256', hex: createHash('sha256').update(script).digest('hex') },
        why: '',
        isConfiguration: false,
      },
    })
    const old = find('/bin/old', '/usr/bin/old')
    assert.ok(old.kind === 'owned')
    assert.deepEqual(old.owner.digest, {
      algorithm: 'md5',
      hex: createHash('md5').update(script).digest('hex'),
    })
  })
  test('tells files of one name in two packages apart by their folders', () => {
    for (const name of ['tool', 'old']) {
      const found = find(`/opt/${name}/same`)
      assert.ok(found.kind === 'owned')
      assert.equal(found.owner.name, name)
    }
    assert.deepEqual(find('/opt/same'), { kind: 'not_owned' })
    assert.deepEqual(find('/usr/bin/other'), { kind: 'not_owned' })
  })
  test('says of configuration files, links and ghosts what they are', () => {
    const configuration = find('/etc/tool.conf')
    assert.ok(configuration.kind === 'owned' && configuration.owner.isConfiguration)
    const link = find('/usr/bin/tool-link')
    assert.ok(link.kind === 'owned' && link.owner.digest === undefined)
    const ghost = find('/usr/bin/tool-made')
    assert.ok(ghost.kind === 'owned' && ghost.owner.digest === undefined)
    assert.match(ghost.owner.why, /ghost/)
  })
  test('has another stamp after each change, and forgets a package that was removed', () => {
    using at = openPath(root)
    assert.ok(at)
    const database = createRpmDatabase()
    const before = database.stamp(at)
    assert.notEqual(before, '')
    rpm('-e', 'old')
    assert.notEqual(database.stamp(at), before)
    assert.deepEqual(find('/usr/bin/old'), { kind: 'not_owned' })
    assert.equal(find('/usr/bin/tool').kind, 'owned')
  })
})

suite('rpm databases of other forms', () => {
  for (const [file, form] of [
    ['Packages', /Berkeley DB/],
    ['Packages.db', /ndb/],
  ] as const)
    test(`say plainly that they are not read: ${file}`, () => {
      const root = mkdtempSync(join(tmpdir(), 'hg-rpm-'))
      try {
        mkdirSync(join(root, 'var/lib/rpm'), { recursive: true })
        writeFileSync(join(root, 'var/lib/rpm', file), '')
        using at = openPath(root)
        assert.ok(at)
        assert.match(finish(createRpmDatabase().read(at)) ?? '', form)
      } finally {
        rmSync(root, { recursive: true })
      }
    })
  test('and a file that is no database is told as unknown', () => {
    const root = mkdtempSync(join(tmpdir(), 'hg-rpm-'))
    try {
      mkdirSync(join(root, 'var/lib/rpm'), { recursive: true })
      writeFileSync(join(root, 'var/lib/rpm/rpmdb.sqlite'), 'nothing of the kind')
      using at = openPath(root)
      assert.ok(at)
      const database = createRpmDatabase()
      assert.equal(finish(database.read(at)), undefined)
      const answer = finish(database.find(at, ['/usr/bin/tool']))
      assert.ok(answer.kind === 'unknown')
      assert.match(answer.reason, /no SQLite database/)
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})
