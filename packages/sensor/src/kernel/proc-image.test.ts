import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startTicks } from './own-processes.ts'
import { readProcImage, workloadCgroup } from './proc-image.ts'

suite('what /proc says', () => {
  test('the cgroup that tells the workload, on version 2, version 1 and mixed hosts', () => {
    assert.equal(workloadCgroup('0::/system.slice/a.service\n'), '/system.slice/a.service')
    const mixed = '8:pids:/docker/x\n1:name=systemd:/y\n0::/\n'
    assert.equal(workloadCgroup(mixed), '/docker/x')
    assert.equal(workloadCgroup('3:cpu,memory:/m\n0::/\n'), '/m')
    assert.equal(workloadCgroup('1:name=systemd:/user.slice\n'), '/user.slice')
    assert.equal(workloadCgroup('0::/\n'), '/')
    assert.equal(workloadCgroup('0::/with:colon\n'), '/with:colon')
    assert.equal(workloadCgroup(''), '')
  })

  test('this process, as it knows itself', () => {
    const image = readProcImage(process.pid)
    assert.equal(Buffer.from(image.cwd).toString(), process.cwd())
    assert.equal(Buffer.from(image.file).toString(), process.execPath)
    assert.ok(Buffer.from(image.argv).toString().includes('node'))
    assert.ok(!image.isDeleted && !image.isMemfd && !image.isArgvTruncated)
    assert.ok((startTicks(process.pid) ?? 0n) > 0n)
  })

  test('a process that is gone gives nothing', () => {
    assert.equal(startTicks(2 ** 22 + 1), undefined)
    assert.equal(readProcImage(2 ** 22 + 1).argv.length, 0)
  })
})
