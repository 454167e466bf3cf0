import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'

const script = join(import.meta.dirname, 'run.mjs')

suite('set-up script', () => {
  test('is JavaScript that Node.js 18 runs, with nothing installed', () => {
    const text = readFileSync(script, 'utf8')
    const imports = [...text.matchAll(/from '([^']+)'/g)].map((found) => found[1] ?? '')
    assert.ok(imports.length > 0 && imports.every((name) => name.startsWith('node:')))
    // What came after ES2020 and Node.js 18.
    assert.doesNotMatch(
      text,
      /\?\?=|\|\|=|&&=|\.at\(|toSorted|toReversed|Object\.groupBy|import\.meta\.(dirname|filename)|\busing\b .* =|styleText|process\.execve/,
    )
  })

  test('says which jobs there are when it is asked for another', () => {
    const done = spawnSync(process.execPath, [script, 'dance'], { encoding: 'utf8' })
    assert.equal(done.status, 1)
    assert.match(done.stderr, /there is no job dance[\s\S]*one of start, test, acceptance, check/)
  })

  test('two of them may run at once, and each gives the exit code of its job', async () => {
    const run = (): Promise<number | null> =>
      new Promise((done) =>
        spawn(process.execPath, [script, 'start', '--demo', '--config', '/nonexistent.yaml'], {
          stdio: 'ignore',
        }).once('exit', (code) => done(code)),
      )
    assert.deepEqual(await Promise.all([run(), run()]), [2, 2])
  })
})
