/** What finds an attack knows nothing of the demonstration: none of the names that it may choose stands there. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createRandom } from '../packages/honeyguide/src/demo/random.ts'
import { seededChain, type Tools } from '../packages/honeyguide/src/demo/seeded-chain.ts'

const root = join(import.meta.dirname, '..')
const sources = ['rules/**/*', 'packages/detect/**/*'].flatMap((pattern) =>
  globSync(`${pattern}.{ts,yml,json,md}`, {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  }),
)
const tools: Tools = {
  downloaders: ['curl', 'wget', 'perl'],
  servers: ['node', 'perl'],
  payloads: ['script', 'bash', 'perl'],
  looks: ['id', 'uname -a', 'ps aux', 'ss -tln', 'ip addr', 'df -h', 'w'],
}

/** Names of servers, folders and files of many seeds: every word that its lists can make is among them. */
function namesOfSeeds(): Set<string> {
  const names = new Set<string>()
  for (let seed = 0; seed < 5000; seed++) {
    const chain = seededChain(createRandom(seed), tools)
    names.add(chain.server.name).add(chain.folder)
    for (const step of chain.steps) if ('name' in step) names.add(step.name)
  }
  return names
}

/** What its syllables make by accident and everybody writes. */
const ordinary = new Set(['begin'])
const wordsOf = (text: string): Set<string> => new Set(text.match(/[\w.-]*\w/g))

suite('the names of the demonstration', () => {
  const names = namesOfSeeds()
  test('are many, and the texts that must not hold them are there', () => {
    assert.ok(names.size > 2000, `${names.size} names`)
    assert.ok(sources.length > 60, `${sources.length} files`)
  })
  for (const file of sources)
    test(`are not in ${file}`, () => {
      const text = readFileSync(join(root, file), 'utf8')
      assert.deepEqual(
        [...wordsOf(text)].filter((word) => names.has(word) && !ordinary.has(word)),
        [],
      )
      // What marks it in the environment, in requests and in its folder of ordinary work.
      assert.doesNotMatch(text, /HONEYGUIDE_DEMO|x-word|honeyguide-demo|server\.child|orchard/i)
    })
})
