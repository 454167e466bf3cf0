import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { beginRun } from './sensor-identity.ts'

function folder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hg-identity-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

suite('sensor identity', () => {
  test('keeps the id and counts the runs', () => {
    using dir = folder()
    const first = beginRun(dir.path)
    const second = beginRun(dir.path)
    assert.equal(first.sensor.length, 16)
    assert.deepEqual(second.sensor, first.sensor)
    assert.deepEqual(second.boot, first.boot)
    assert.deepEqual([first.run, second.run], [1, 2])
    assert.equal(statSync(join(dir.path, 'sensor-id')).mode & 0o777, 0o600)
  })
  test('refuses files that hold something else, rather than be somebody new', () => {
    using dir = folder()
    beginRun(dir.path)
    writeFileSync(join(dir.path, 'sensor-id'), 'nonsense')
    assert.throws(() => beginRun(dir.path), { code: 'HG_STATE_FORMAT' })
    rmSync(join(dir.path, 'sensor-id'))
    writeFileSync(join(dir.path, 'run'), '-3')
    assert.throws(() => beginRun(dir.path), { code: 'HG_STATE_FORMAT' })
  })
})
