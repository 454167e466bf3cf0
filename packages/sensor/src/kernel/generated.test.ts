import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { buildObjects, probesSource, recordsSource, snapshotSource } from './build.ts'

const hasClang = spawnSync('clang', ['--version']).status === 0
const gen = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../gen', name), 'utf8')

suite('generated files', { skip: hasClang ? false : 'needs clang' }, () => {
  test('are what the C sources give today', async () => {
    const out = mkdtempSync(join(tmpdir(), 'hg-generated-'))
    try {
      const built = await buildObjects(out)
      const again = 'run `npm run gen`'
      assert.equal(gen('records.ts'), recordsSource(built.sensor), again)
      assert.equal(gen('snapshot-records.ts'), snapshotSource(built.snapshot), again)
      assert.equal(gen('probes.ts'), probesSource(), again)
    } finally {
      rmSync(out, { recursive: true })
    }
  })
})
