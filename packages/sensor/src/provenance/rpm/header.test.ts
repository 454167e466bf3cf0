import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readRpmHeader } from './header.ts'
import { writeRpmHeader, type Entry } from './fixture/write-header.ts'

const entries: readonly Entry[] = [
  { tag: 1000, type: 'string', values: ['tool'] },
  { tag: 1001, type: 'string', values: ['1.2'] },
  { tag: 1002, type: 'string', values: ['3.fc40'] },
  { tag: 1022, type: 'string', values: ['x86_64'] },
  { tag: 1035, type: 'array', values: ['', 'AB01', 'cd02', '', 'ef03'] },
  { tag: 1037, type: 'int32', values: [0, 0, 1, 64, 0] },
  { tag: 1116, type: 'int32', values: [0, 1, 2, 1, 0] },
  { tag: 1117, type: 'array', values: ['tool', 'tool', 'tool.conf', 'ghost', '\xff\x01'] },
  { tag: 1118, type: 'array', values: ['/opt/', '/usr/bin/', '/etc/'] },
  { tag: 5011, type: 'int32', values: [8] },
]
const is =
  (...folders: string[]) =>
  (folder: string): boolean =>
    folders.includes(folder)

suite('rpm header', () => {
  test('tells the package and each of its files', () => {
    const header = readRpmHeader(writeRpmHeader(entries))
    assert.deepEqual(header?.package, {
      name: 'tool',
      version: '1.2-3.fc40',
      architecture: 'x86_64',
    })
    const file = { algorithm: 8, isConfiguration: false, isGhost: false }
    assert.deepEqual(header.find('tool', is('/bin/', '/usr/bin/')), {
      ...file,
      path: '/usr/bin/tool',
      digest: 'ab01',
    })
    assert.deepEqual(header.find('tool', is('/opt/')), { ...file, path: '/opt/tool', digest: '' })
    assert.equal(header.find('tool', is('/etc/')), undefined)
    assert.equal(header.find('tool.con', is('/etc/')), undefined)
    assert.equal(header.find('tool.conf', is('/etc/'))?.isConfiguration, true)
    assert.equal(header.find('ghost', is('/usr/bin/'))?.isGhost, true)
    assert.equal(header.find('\xff\x01', is('/opt/'))?.digest, 'ef03')
  })
  test('has an epoch where the package has one, and MD5 where nothing else is said', () => {
    const header = readRpmHeader(
      writeRpmHeader([
        ...entries.filter(({ tag }) => tag !== 5011),
        { tag: 1003, type: 'int32', values: [0] },
      ]),
    )
    assert.equal(header?.package.version, '0:1.2-3.fc40')
    assert.equal(header?.find('tool', is('/opt/'))?.algorithm, 1)
  })
  test('is none when something that every package has is missing, or lies outside', () => {
    for (const tag of [1000, 1001, 1002])
      assert.equal(
        readRpmHeader(writeRpmHeader(entries.filter((one) => one.tag !== tag))),
        undefined,
      )
    const bytes = writeRpmHeader(entries)
    for (let length = 0; length < bytes.length; length++)
      assert.equal(readRpmHeader(bytes.subarray(0, length)), undefined)
    const far = Buffer.from(bytes)
    far.writeUInt32BE(0x7fff_ffff, 8 + 16 + 8)
    assert.equal(readRpmHeader(far), undefined)
  })
})
