/** Ending what is in a cgroup, on a machine that is too busy to end it at once. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { cgroupDir, cgroupPids, killCgroup, makeCgroup, removeCgroup } from './cgroup.ts'

const isRoot = process.getuid?.() === 0
const id = `test-${process.pid}`

/** Node with all of its threads and 256 MiB to give back, on which every other process comes before it. */
async function startSlow(): Promise<ChildProcess> {
  const script =
    'globalThis.kept = Buffer.alloc(2 ** 28, 1); process.stdout.write("x"); setInterval(() => 0, 1e6)'
  const child = spawn('nice', ['-n', '19', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  assert.ok(child.stdout)
  await once(child.stdout, 'data')
  return child
}

suite('cgroup of an instance', { skip: isRoot ? false : 'needs root' }, () => {
  test('is removed although threads of what was in it end later than it', async () => {
    const folder = makeCgroup(id)
    assert.ok(folder !== undefined && folder === cgroupDir(id))
    const busy: ChildProcess[] = []
    try {
      const child = await startSlow()
      writeFileSync(join(folder, 'cgroup.procs'), String(child.pid))
      assert.deepEqual(cgroupPids(folder), [child.pid])
      for (const _ of cpus()) busy.push(spawn('sh', ['-c', 'while :; do :; done']))
      const ended = once(child, 'exit')
      assert.equal(await killCgroup(folder), true)
      assert.equal(removeCgroup(id), true)
      assert.ok(!existsSync(folder))
      await ended
    } finally {
      for (const one of busy) one.kill('SIGKILL')
      await killCgroup(folder)
      removeCgroup(id)
    }
  })

  test('is told to be still in use while something runs in it, and gone when it never was', async () => {
    const folder = makeCgroup(id)
    assert.ok(folder !== undefined)
    const child = spawn('sleep', ['1000'])
    writeFileSync(join(folder, 'cgroup.procs'), String(child.pid))
    assert.equal(removeCgroup(id), false)
    assert.ok(existsSync(folder))
    assert.equal(await killCgroup(folder), true)
    assert.equal(removeCgroup(id), true)
    assert.equal(await killCgroup(folder), true)
    assert.equal(removeCgroup(id), true)
  })
})
