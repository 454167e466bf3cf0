import assert from 'node:assert/strict'
import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { sensitiveFiles } from '@honeyguide/model/sensitive-files'
import type { FileSettings } from '@honeyguide/model/settings'
import fc from 'fast-check'
import { fileSettingsOffsets, fileSettingsSizeBytes } from '../../../gen/records.ts'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { pathText } from '../path-text.ts'
import {
  controlBytes,
  findSensitive,
  kernelDevice,
  lastNameFirst,
  listed,
  nameHash,
  sensitiveNames,
  startOf,
} from './settings.ts'

const settingsWith = (change: Partial<FileSettings>): FileSettings => ({
  watch: [],
  ignore: [],
  sensitive: [],
  watchWorkloads: [],
  ignoreWorkloads: [],
  ...change,
})
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** What the programs compare (`hg_file_judge`, `hg_file_match_step`): whether the end of a path is that of a listed folder. */
function kindsOf(control: Uint8Array, path: string): number {
  const view = new DataView(control.buffer)
  const end = Buffer.concat([Buffer.alloc(64), Buffer.from('/'), lastNameFirst(path)])
  const ends = view.getBigUint64(fileSettingsOffsets.prefixEnds, true)
  const bit = Math.imul(end.readUInt32LE(end.length - 4), 0x9e3779b1) >>> 26
  let kinds = 0
  if (((ends >> BigInt(bit)) & 1n) === 0n) return kinds
  for (let i = 0; i < view.getUint32(fileSettingsOffsets.prefixes, true); i++) {
    const at = fileSettingsOffsets.prefix + i * 136
    if (view.getUint32(at + 132, true) > lastNameFirst(path).length + 1) continue
    const isHit = end
      .subarray(-64)
      .every((byte, n) => ((byte ^ (control[at + n] ?? 0)) & (control[at + 64 + n] ?? 0)) === 0)
    if (isHit) kinds |= view.getUint32(at + 128, true)
  }
  return kinds
}

suite('settings of the file probe', () => {
  test('a path is written from its last name on, and read back', () => {
    assert.equal(text(lastNameFirst('/root/.ssh/id_rsa')), 'id_rsa/.ssh/root/')
    const written = lastNameFirst('/root/.ssh/id_rsa')
    const builder = createBatchBuilder()
    assert.equal(
      text(builder.bytes(pathText(builder, written, 0, written.length))),
      '/root/.ssh/id_rsa',
    )
  })

  test('a folder covers itself and what is below it, and no name that only begins or ends like it', () => {
    const control = controlBytes(
      settingsWith({ ignore: ['/var/log', '/var/cache/'], watch: ['/srv'] }),
      7n,
    )
    assert.equal(startOf(control), 7n)
    assert.equal(control.length, fileSettingsSizeBytes)
    assert.equal(kindsOf(control, '/var/log/a/b'), listed.ignore)
    assert.equal(kindsOf(control, '/var/log'), listed.ignore)
    assert.equal(kindsOf(control, '/var/cache/x'), listed.ignore)
    assert.equal(kindsOf(control, '/srv/x'), listed.watch)
    for (const path of ['/var/logs/a', '/var/xlog/a', '/x/var/log/a', '/var', '/srv2/x', '/'])
      assert.equal(kindsOf(control, path), 0, path)
  })

  test('what lies below a folder is never passed over by the last bytes of its path', () => {
    const name = fc.stringMatching(/^[a-z.]{1,12}$/)
    fc.assert(
      fc.property(
        fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
        fc.array(name, { maxLength: 3 }),
        (folders, rest) => {
          const paths = folders
            .map((names) => `/${names.join('/')}`)
            .filter((path) => path.length < 60)
          const control = controlBytes(settingsWith({ ignore: paths }), 0n)
          for (const path of paths)
            assert.equal(kindsOf(control, [path, ...rest].join('/')), listed.ignore)
        },
      ),
    )
    // Most folders of a machine are below none of them.
    const ends = new DataView(
      controlBytes(settingsWith({ ignore: ['/var/log'] }), 0n).buffer,
    ).getBigUint64(fileSettingsOffsets.prefixEnds, true)
    assert.equal([...ends.toString(2)].filter((bit) => bit === '1').length, 1)
  })

  test('a short entry stands for longer ones with the same end; whole paths and ends are told apart', () => {
    const names = sensitiveNames(
      settingsWith({ sensitive: ['/etc/shadow', 'id_rsa', '.ssh/id_rsa', '/etc/ssl/private/'] }),
    )
    const shown = names.map(({ key, value }) => {
      const bits = new DataView(key.buffer).getUint32(0, true)
      return [text(key.subarray(4, 4 + bits / 8)), new DataView(value.buffer).getUint32(4, true)]
    })
    assert.deepEqual(shown, [
      ['shadow/etc/', 1],
      ['id_rsa/', 0],
    ])
  })

  test('the built-in list fits into what the programs have room for', () => {
    const settings = settingsWith({ sensitive: sensitiveFiles })
    const folders = sensitiveFiles.filter((path) => path.endsWith('/'))
    assert.equal(sensitiveNames(settings).length, sensitiveFiles.length - folders.length)
    const control = controlBytes(settings, 0n)
    assert.equal(kindsOf(control, '/etc/ssl/private/server.key'), listed.sensitive)
    assert.ok(sensitiveFiles.every((path) => Buffer.byteLength(path) <= 64))
  })

  test('the hash of a name depends on each of its bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 31 }),
        fc.nat(30),
        fc.integer({ min: 1, max: 255 }),
        (name, at, change) => {
          const other = name.slice()
          const i = at % name.length
          other[i] = (other[i] ?? 0) ^ change
          assert.notEqual(nameHash(name), nameHash(other))
        },
      ),
    )
  })

  test('a device number of user space becomes that of the kernel', () => {
    // makedev(3) of glibc for 259:65537, and 8:1.
    assert.equal(kernelDevice(0x10010301n), (259 << 20) | 65_537)
    assert.equal(kernelDevice(0x801n), (8 << 20) | 1)
  })

  test('sensitive files that are there are found by path, in folders and below homes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hg-sensitive-'))
    try {
      for (const name of ['home/.ssh', 'private/deep', 'etc'])
        mkdirSync(join(folder, name), { recursive: true })
      const files = ['home/.ssh/id_rsa', 'private/deep/key', 'etc/shadow'].map((name) =>
        join(folder, name),
      )
      for (const file of files) writeFileSync(file, '')
      writeFileSync(join(folder, 'etc/passwd'), '')
      linkSync(files[0] ?? '', join(folder, 'private/again'))
      const found = findSensitive(
        settingsWith({
          sensitive: [
            `${folder}/etc/shadow`,
            `${folder}/private/`,
            `${folder}/absent/`,
            '.ssh/id_rsa',
          ],
        }),
        [join(folder, 'home'), join(folder, 'nobody')],
      )
      assert.deepEqual(
        new Set(found.map(({ inode }) => inode)),
        new Set(files.map((file) => statSync(file, { bigint: true }).ino)),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
