/** The engine finds what it is for: a flaw of each kind, planted. And every target keeps the promises of one. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { keepInput, readCorpus } from './corpus.ts'
import type { FuzzResult } from './fuzz.ts'
import { minimise } from './minimise.ts'
import { createRandom } from './random.ts'
import { runTarget } from './run.ts'
import { target } from './fixture.fuzz.ts'

const file = join(import.meta.dirname, 'fixture.fuzz.ts')

function scratch(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'honeyguide-fuzz-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

async function fuzzed(
  flaw: string,
  runs: number,
  corpusFolder: string,
  hangMs = 10_000,
): Promise<FuzzResult> {
  process.env['HONEYGUIDE_FUZZ_FLAW'] = flaw
  try {
    return await runTarget(
      { file, target: { ...target, name: flaw } as never },
      { runs, seed: 1, corpusFolder, hangMs, heapMb: 64 },
    )
  } finally {
    delete process.env['HONEYGUIDE_FUZZ_FLAW']
  }
}

suite('fuzzing', () => {
  test('goes through all inputs of a parser without a flaw', async () => {
    using folder = scratch()
    const result = await fuzzed('none', 2000, folder.path)
    assert.equal(result.runs, 2000)
    assert.deepEqual(result.findings, [])
    assert.equal(result.ends.get('taken'), 2000)
  })
  for (const kind of ['broken', 'slow', 'memory'] as const)
    test(`finds an input that is ${kind}, and makes it one byte`, async () => {
      using folder = scratch()
      const { findings } = await fuzzed(kind, 100, folder.path)
      assert.equal(findings.length, 1, JSON.stringify(findings))
      assert.equal(findings[0]?.kind, kind)
      assert.deepEqual(findings[0].input, Uint8Array.of(0xff))
    })
  for (const [flaw, kind] of [
    ['hang', 'hang'],
    ['heap', 'memory'],
  ] as const)
    test(`outlives a thread that ends by ${flaw}, and knows the input`, async () => {
      using folder = scratch()
      const { findings } = await fuzzed(flaw, 2000, folder.path, flaw === 'hang' ? 1000 : 60_000)
      assert.equal(findings[0]?.kind, kind)
      assert.ok((findings[0].input as Uint8Array).includes(0xff))
    })
  test('begins with the corpus, so that what was found is found again', async () => {
    using folder = scratch()
    keepInput('broken', Uint8Array.of(7, 0xff, 7), folder.path)
    const { findings } = await fuzzed('broken', 0, folder.path)
    assert.equal(findings[0]?.kind, 'broken')
  })
  test('keeps bytes and text as they were, lone surrogates too, each once', () => {
    using folder = scratch()
    const inputs = [Uint8Array.of(0, 255), 'a\ud800"\u0000\n']
    for (const input of [...inputs, ...inputs]) keepInput('one', input, folder.path)
    assert.equal(readdirSync(join(folder.path, 'one')).length, 2)
    assert.deepEqual(new Set(readCorpus('one', folder.path)), new Set(inputs))
    assert.deepEqual(readCorpus('other', folder.path), [])
  })
  test('minimises to what the finding needs, and asks no more often than it may', async () => {
    const small = await minimise('xx(xx(xx)x', (text) => /\(.*\(/.test(text))
    assert.equal(small, '((')
    let asked = 0
    await minimise('x'.repeat(1000), () => ++asked > 1e9, 10)
    assert.equal(asked, 10)
  })
  test('repeats itself by its seed', () => {
    const [a, b, c] = [createRandom(1, 'x'), createRandom(1, 'x'), createRandom(2, 'x')]
    const words = [a, b, c].map((random) => Array.from({ length: 20 }, () => random.word()).join())
    assert.equal(words[0], words[1])
    assert.notEqual(words[0], words[2])
  })
})
