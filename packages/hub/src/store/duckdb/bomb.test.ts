import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

suite('memory bombs that got past the guard', () => {
  test('become errors under the ceiling, and the store goes on', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'hg-bomb-'))
    t.after(() => rm(dir, { recursive: true, force: true }))
    const { stdout } = await run(
      'prlimit',
      [
        `--data=${2 * 1024 ** 3}`,
        process.execPath,
        '--disable-warning=ExperimentalWarning',
        fileURLToPath(new URL('./bomb.child.ts', import.meta.url)),
        join(dir, 'events.duckdb'),
      ],
      { timeout: 60_000 },
    )
    const { outcomes, taken } = JSON.parse(stdout) as { outcomes: string[]; taken: number }
    assert.equal(outcomes.length, 4)
    for (const outcome of outcomes)
      assert.match(outcome, /memory|alloc|INTERRUPT|too large|exceed/i, JSON.stringify(outcomes))
    assert.equal(taken, 4)
  })
})
