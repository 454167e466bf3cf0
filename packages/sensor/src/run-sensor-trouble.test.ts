import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createSensorHome, until } from './test/sensor-process.ts'
import { startTestHub } from './test/test-hub.ts'

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

suite('sensor process in trouble', () => {
  test('loses and repeats nothing when it is killed 14 times at random', async () => {
    const events = 9000
    using home = createSensorHome({ events, perSecond: 1500, processes: 2 })
    await using hub = await startTestHub(home.settings.uplinkSocket)
    for (let kill = 0; kill < 14; kill++) {
      const sensor = await home.start()
      if (kill % 5 === 2) hub.disconnect()
      hub.ackEvery = kill % 4
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250))
      sensor.process.kill('SIGKILL')
      assert.equal(await sensor.ended, 'SIGKILL')
    }
    hub.ackEvery = 1
    const sensor = await home.start()
    await until(() => hub.pids().length >= events, 20_000)
    assert.deepEqual(hub.pids(), numbersTo(events))
    assert.equal(readFileSync(join(home.settings.stateDir, 'run'), 'utf8'), '15\n')
    sensor.process.kill('SIGTERM')
    assert.equal(await sensor.ended, 0)
  })
  test(
    'outlives a full disk: says so, holds on, and goes on by itself',
    {
      skip: process.getuid?.() === 0 ? false : 'needs root to mount a small tmpfs',
    },
    async () => {
      using home = createSensorHome({ events: 20_000, perSecond: 30_000, processes: 2 })
      const spoolDir = join(home.settings.stateDir, 'spool')
      mkdirSync(spoolDir, { mode: 0o700 })
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', spoolDir])
      try {
        const sensor = await home.start()
        await until(() => sensor.logs().includes('ENOSPC'), 10_000, 'a full disk')
        await new Promise((resolve) => setTimeout(resolve, 500))
        assert.equal(sensor.process.exitCode, null)
        // Once a minute, however often it tries.
        assert.equal(sensor.logs().match(/could not be spooled/g)?.length, 1)
        await using hub = await startTestHub(home.settings.uplinkSocket)
        await until(() => hub.pids().length === 20_000, 20_000, 'recovery')
        assert.deepEqual(hub.pids(), numbersTo(20_000))
        sensor.process.kill('SIGTERM')
        assert.equal(await sensor.ended, 0)
      } finally {
        // Lazily: after a failure the sensor is still there.
        execFileSync('umount', ['-l', spoolDir])
      }
    },
  )
})
