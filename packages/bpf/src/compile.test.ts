import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { compileBpf } from './compile.ts'
import { parseElf } from './elf.ts'

function skip(): string | false {
  try {
    execFileSync('clang', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs clang'
  }
}

suite('compiling', { skip: skip() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'bpf compile '))
  after(() => rmSync(folder, { recursive: true }))
  const source = join(folder, 'a.bpf.c')
  const header = join(folder, 'value.h')
  const out = join(folder, 'out', 'a.bpf.o')

  test('happens again only when an input changed', async () => {
    writeFileSync(header, '#define VALUE 1\n')
    writeFileSync(source, '#include "value.h"\nint value = VALUE;\n')
    const first = await compileBpf(source, out, { includes: [folder] })
    assert.equal(first.isCached, false)
    assert.equal(parseElf(readFileSync(out)).machine, 247)
    const second = await compileBpf(source, out, { includes: [folder] })
    assert.deepEqual(second, { ...first, isCached: true })
    writeFileSync(header, '#define VALUE 2\n')
    const third = await compileBpf(source, out, { includes: [folder] })
    assert.equal(third.isCached, false, 'a header counts')
    assert.notEqual(third.inputHash, first.inputHash)
    const fourth = await compileBpf(source, out, { includes: [folder], defines: { X: '1' } })
    assert.equal(fourth.isCached, false, 'flags count')
    rmSync(out)
    assert.equal(
      (await compileBpf(source, out, { includes: [folder], defines: { X: '1' } })).isCached,
      false,
    )
    assert.deepEqual(readdirSync(join(folder, 'out')).toSorted(), [
      'a.bpf.o',
      'a.bpf.o.inputs.json',
    ])
  })

  test('refuses with the words of the compiler, warnings too', async () => {
    const bad = join(folder, 'bad.bpf.c')
    writeFileSync(bad, 'static int unused = 1;\nint f(void) { retrun 1; }\n')
    await assert.rejects(compileBpf(bad, join(folder, 'bad.o')), {
      code: 'BPF_COMPILE_FAILED',
      message: /retrun/,
    })
    await assert.rejects(compileBpf(bad, join(folder, 'bad.o'), { clang: 'no-such-clang' }), {
      code: 'BPF_COMPILE_FAILED',
    })
  })
})
