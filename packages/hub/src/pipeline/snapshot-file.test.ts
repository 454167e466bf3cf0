import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { snapshotFile, type Piece } from './snapshot-file.ts'

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-snapshot-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'snapshot')
}

const piece = (name: string, revision: number, parts: Iterable<unknown>): Piece => ({
  name,
  revision,
  parts,
})

function save(path: string, content: string, pieces: readonly Piece[], before?: Promise<unknown>) {
  return snapshotFile<string>(path).save(content, Promise.resolve(pieces), before)
}

async function loaded(path: string) {
  const found = await snapshotFile<string>(path).load()
  return found && { content: found.content, pieces: found.pieces }
}

suite('snapshot file', () => {
  test('gives back what was saved last, and nothing where nothing was', async (t) => {
    const path = await folder(t)
    assert.equal(await loaded(path), undefined)
    await save(path, 'first', [piece('a', 1, [{ one: 1n }, ['two']]), piece('b', 1, [])])
    await save(path, 'second', [piece('a', 2, [new Map([[1, 2]])])])
    assert.deepEqual(await loaded(path), { content: 'second', pieces: [[new Map([[1, 2]])]] })
  })
  test('keeps the former one whole when it ends between two parts, and leaves nothing of that behind', async (t) => {
    const path = await folder(t)
    await save(path, 'former', [piece('a', 1, ['a1', 'a2']), piece('b', 1, ['b1'])])
    const former = await loaded(path)
    for (const ends of ['a', 'b', 'before']) {
      function* parts(name: string) {
        yield `${name} new`
        if (name === ends) throw new Error('killed')
        yield `${name} new, too`
      }
      // Where each ends the file of its piece lies there half written, as kill -9 leaves it.
      await assert.rejects(
        save(
          path,
          'newer',
          [piece('a', 2, parts('a')), piece('b', 2, parts('b'))],
          ends === 'before' ? Promise.reject(new Error('killed')) : undefined,
        ),
        /killed/,
      )
      assert.deepEqual(await loaded(path), former, ends)
    }
    const again = snapshotFile<string>(path)
    await again.load()
    await again.save('newest', Promise.resolve([piece('a', 3, ['a3'])]))
    assert.deepEqual(await loaded(path), { content: 'newest', pieces: [['a3']] })
    assert.equal((await readdir(`${path}-pieces`)).length, 1)
  })
  test('writes only pieces that have changed, also after a restart', async (t) => {
    const path = await folder(t)
    await save(path, 'one', [piece('a', 1, ['a']), piece('b', 1, ['b'])])
    const file = snapshotFile<string>(path)
    const before = await file.load()
    assert.equal(file.has('a', 1), false, 'not before it was restored')
    before?.keep()
    assert.equal(file.has('a', 1), true)
    const names = await readdir(`${path}-pieces`)
    const unwanted: Iterable<unknown> = {
      [Symbol.iterator]: () => assert.fail('asked for what is saved already'),
    }
    await file.save('two', Promise.resolve([piece('a', 1, unwanted), piece('b', 2, ['b, newer'])]))
    assert.deepEqual(await loaded(path), { content: 'two', pieces: [['a'], ['b, newer']] })
    const kept = (await readdir(`${path}-pieces`)).filter((name) => names.includes(name))
    assert.equal(kept.length, 1)
  })
  test('takes the content as it is at the call, and lets other work have its turn between parts', async (t) => {
    const path = await folder(t)
    const content = ['as it was']
    let turns = 0
    let going = true
    const turn = () => {
      turns += 1
      if (going) setImmediate(turn)
    }
    const seen: number[] = []
    function* parts() {
      for (let part = 0; part < 5; part++) {
        seen.push(turns)
        yield part
      }
    }
    setImmediate(turn)
    const saving = snapshotFile<string[]>(path).save(
      content,
      Promise.resolve([piece('a', 1, parts())]),
    )
    content[0] = 'changed'
    await saving
    going = false
    assert.deepEqual((await snapshotFile<string[]>(path).load())?.content, ['as it was'])
    assert.equal(new Set(seen).size, 5, `turns at each part: ${seen.join(' ')}`)
  })
  test('refuses one of another format, or one of which anything is damaged or missing', async (t) => {
    const path = await folder(t)
    await save(path, 'whole', [piece('a', 1, ['a1', 'a2'])])
    const [name = ''] = await readdir(`${path}-pieces`)
    const parts = join(`${path}-pieces`, name)
    for (const file of [path, parts]) {
      const whole = await readFile(file)
      const { size } = await stat(file)
      for (const at of [0, 9, size - 1]) {
        const damaged = Buffer.from(whole)
        damaged[at] = (damaged[at] ?? 0) ^ 1
        await writeFile(file, damaged)
        await assert.rejects(loaded(path), RangeError, `${file} at ${at}`)
      }
      await writeFile(file, whole.subarray(0, -1))
      await assert.rejects(loaded(path), RangeError)
      await writeFile(file, whole)
    }
    assert.equal((await loaded(path))?.content, 'whole')
    await rm(parts)
    await assert.rejects(loaded(path), RangeError)
    await writeFile(path, 'HGSNAP1\nabcdwhat was one file')
    await assert.rejects(loaded(path), /another version/)
  })
})
