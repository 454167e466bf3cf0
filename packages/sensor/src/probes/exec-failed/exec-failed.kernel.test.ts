import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { layout } from '../../../gen/records.ts'
import { attachHere } from '../../kernel/attach-child.ts'
import { openKernel } from '../../kernel/kernel.ts'
import {
  kernelSkip,
  openTestKernel,
  runProgram,
  said,
  testProgram,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'

suite('exec_failed probe', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  before(async () => {
    sensor = await openTestKernel({ probes: ['exec', 'exec_failed', 'fork', 'exit'] })
  })
  after(() => sensor[Symbol.asyncDispose]())

  test('tells what was tried and why it failed, through every door', () => {
    sensor.drain()
    const ran = runProgram(testProgram('family'), ['failed'])
    const rows = sensor.drain().get('exec_failed') ?? []
    const of = (pid: number, typed: string) => {
      const found = rows.filter((row) => row['pid'] === pid && row['fileTyped'] === typed)
      assert.equal(found.length, 1, typed)
      return found[0]
    }
    const enoent = 2
    const first = of(ran.pid, '/nonexistent/program')
    assert.equal(first?.['errno'], enoent)
    assert.equal(first?.['argv'], 'missing\0one\0\xff\xfe\0')
    assert.equal(first?.['argvBytes'], 15)
    assert.equal(first?.['parentPid'], process.pid)
    assert.equal(first?.['flags'], 0)
    const at = of(ran.pid, 'nonexistent-at')
    assert.equal(at?.['errno'], enoent)
    assert.equal(at?.['argv'], 'missing\0one\0\xff\xfe\0')
    if (ran.lines.some(([role]) => role === 'errno-compat')) {
      const compat = of(said(ran, 'errno-compat', 2), '/nonexistent/compat')
      assert.equal(compat?.['errno'], said(ran, 'errno-compat'))
      assert.equal(compat?.['argv'], 'compat-argument\0')
    }
  })

  test('is told once when programs replace others that the kernel has not taken off yet', async () => {
    await using other = await openTestKernel({ probes: ['exec_failed'] })
    const program = testProgram('family')
    for (const hooks of ['syscalls', 'auto'] as const) {
      other.drain()
      const { progress, settings } = other
      other.kernel[Symbol.dispose]()
      other.kernel = openKernel({ ...settings, hooks }, { progress, attach: attachHere })
      const names = readdirSync(join(settings.pinDir, layout.hash))
      assert.deepEqual(
        names.filter((name) => name.startsWith('old-')),
        [],
      )
      const ran = runProgram(program, ['failed'])
      const failed = (other.drain().get('exec_failed') ?? []).filter(
        (row) => row['pid'] === ran.pid && row['fileTyped'] === '/nonexistent/program',
      )
      assert.equal(failed.length, 1, hooks)
    }
  })

  test('an exec that works is not told as failed', () => {
    sensor.drain()
    const ran = runProgram('/bin/true')
    const failed = sensor.drain().get('exec_failed') ?? []
    assert.deepEqual(
      failed.filter((row) => row['pid'] === ran.pid),
      [],
    )
  })
})
