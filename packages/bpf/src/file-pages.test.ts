import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { releaseFilePages, unchangedFileMappings } from './file-pages.ts'

function mapping(head: string, rss: number, anonymous: number): string {
  return `${head}\nSize:  ${rss} kB\nRss:  ${rss} kB\nAnonymous:  ${anonymous} kB\nSwap:  0 kB\n`
}

suite('pages of files', () => {
  test('are those of private mappings that were never written', () => {
    const smaps = [
      mapping('00400000-00800000 r-xp 00000000 fe:00 12      /usr/bin/node', 4096, 0),
      mapping('00800000-00c00000 r--p 00400000 fe:00 12      /usr/bin/node', 4096, 4),
      mapping('00c00000-01000000 rw-p 00400000 fe:00 12      /usr/bin/node', 4096, 0),
      mapping('01000000-01400000 r--s 00400000 fe:00 12      /usr/lib/locale', 4096, 0),
      mapping('01400000-01800000 r--s 00000000 00:0e 12      anon_inode:bpf-map', 4096, 0),
      mapping('01800000-01c00000 r-xp 00000000 00:00 0 ', 4096, 0),
      mapping('01c00000-02000000 r--p 00000000 fe:00 12      /usr/lib/a b.so', 300, 0),
      mapping('02000000-02400000 r--p 00000000 fe:00 12      /usr/lib/small.so', 200, 0),
    ].join('')
    assert.deepEqual(unchangedFileMappings(smaps), [
      { from: 0x400000n, to: 0x800000n },
      { from: 0x1c00000n, to: 0x2000000n },
    ])
  })
  test('are given back, and everything goes on', () => {
    const resident = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
    const before = resident()
    assert.ok(releaseFilePages() > 0)
    const after = resident()
    assert.ok(after < before - 10_000, `${before} kB, then ${after} kB`)
    assert.equal(JSON.parse(JSON.stringify({ a: [1, 2n.toString()] })).a[1], '2')
  })
})
