import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { execPath } from 'node:process'
import { suite, test } from 'node:test'
import { unchangedFileMappings } from './file-pages.ts'

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
    // In a process of its own: what else ran in this one decides how many of its pages are left to give.
    const script = `
      import { readFileSync } from 'node:fs'
      import { releaseFilePages } from '${new URL('file-pages.ts', import.meta.url).href}'
      const resident = () => Number(/RssFile:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
      const before = resident()
      const given = releaseFilePages()
      const after = resident()
      console.log(JSON.stringify({ before, given, after, works: JSON.parse('[1]')[0] }))`
    const { before, given, after, works } = JSON.parse(
      execFileSync(execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }),
    ) as Record<'before' | 'given' | 'after' | 'works', number>
    assert.ok(given > 0)
    assert.ok(after < before - 10_000, `${before} kB of files, then ${after} kB`)
    assert.equal(works, 1)
  })
})
