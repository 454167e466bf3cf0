import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { HoneyguideError } from '@honeyguide/model'
import { openSpool, type NewRecord } from './index.ts'

function record(sequence: number): NewRecord {
  return {
    kind: 'batch',
    sensor: new Uint8Array(16),
    boot: new Uint8Array(16),
    run: 1,
    sequence: BigInt(sequence),
    receivedNs: 0n,
    body: new Uint8Array(100_000).fill(sequence),
  }
}

const skip = process.getuid?.() === 0 ? false : 'needs root'

suite('spool on a full disk', { skip }, () => {
  test('refuses with HG_DISK_FULL, keeps what it acknowledged, and goes on when there is room', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'hg-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir])
    t.after(async () => {
      execFileSync('umount', [dir])
      await rmdir(dir)
    })
    await writeFile(join(dir, 'ballast'), new Uint8Array(1_000_000))
    let taken = 0
    {
      await using spool = await openSpool(join(dir, 'spool'), { pack: false })
      const answers = await Promise.allSettled(
        Array.from({ length: 60 }, (_, i) => spool.append(record(i + 1))),
      )
      const refused = answers.filter((answer) => answer.status === 'rejected')
      taken = answers.length - refused.length
      assert.ok(refused.length > 0)
      for (const answer of refused)
        assert.ok(
          answer.reason instanceof HoneyguideError && answer.reason.code === 'HG_DISK_FULL',
          String(answer.reason),
        )
      while (taken < 60) {
        try {
          await spool.append(record(taken + 1))
          taken += 1
        } catch {
          break
        }
      }
      assert.ok(taken >= 20 && taken < 60, `${taken} fitted`)
      await rm(join(dir, 'ballast'))
      for (let i = 0; i < 5; i++)
        assert.equal((await spool.append(record(++taken))).repeated, false)
    }
    await using spool = await openSpool(join(dir, 'spool'), { pack: false })
    await using reader = spool.reader()
    const seen: number[] = []
    for (let at = 0; at < reader.end;) {
      const chunk = await reader.read(at)
      assert.deepEqual(chunk.damage, [])
      seen.push(...chunk.records.map((entry) => Number(entry.sequence)))
      at = chunk.next
    }
    assert.deepEqual(
      seen,
      Array.from({ length: taken }, (_, i) => i + 1),
    )
  })
})
