import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { createHostUsers, parsePasswd } from './host-users.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const plain = (text: string): [number, string][] =>
  parsePasswd(bytesOf(text)).map(({ uid, name }) => [uid, new TextDecoder().decode(name)])

suite('host users', () => {
  test('are read from passwd, the first of an id; other lines are skipped', () => {
    assert.deepEqual(
      plain(
        [
          'root:x:0:0:root:/root:/bin/sh',
          '# a comment',
          'ann:x:1000:1000:Ann:/home/ann:/bin/sh',
          'toor:x:0:0::/root:/bin/sh',
          '+::::::',
          ':x:5:5:::',
          'none:x:x1:1:::',
          'far:x:4294967296:1:::',
          `${'n'.repeat(300)}:x:7:7:::`,
          'nobody:x:65534:65534',
        ].join('\n'),
      ),
      [
        [0, 'root'],
        [1000, 'ann'],
        [65_534, 'nobody'],
      ],
    )
  })
  test('are said again when the file changes, which is looked at every 10 s', () => {
    const dir = mkdtempSync(join(tmpdir(), 'hg-users-'))
    try {
      const path = join(dir, 'passwd')
      writeFileSync(path, 'root:x:0:0:::\nann:x:1:1:::\n')
      const users = createHostUsers(path)
      const builder = createBatchBuilder({ rows: 1, bytes: 1 << 20 })
      let yields = 0
      for (const _ of users.write(builder, 1_000_000_000n)) yields += 1
      assert.equal(builder.table('user').rows, 2)
      assert.equal(yields, 2)
      assert.equal(users.changed(20_000_000_000n), false)
      writeFileSync(path, 'root:x:0:0:::\n')
      assert.equal(users.changed(21_000_000_000n), false, 'too soon')
      for (const _ of users.copy(createBatchBuilder()));
      assert.equal(users.changed(31_000_000_000n), true, 'also after a copy for somebody else')
      rmSync(path)
      assert.equal(users.changed(51_000_000_000n), false)
      for (const _ of users.write(builder, 51_000_000_000n));
      assert.equal(builder.table('user').rows, 2)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
