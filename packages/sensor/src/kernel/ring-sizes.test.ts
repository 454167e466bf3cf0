import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sizesThatWait } from './ring-sizes.ts'

suite('sizes of rings', () => {
  test('are told where they are not what the settings say, with what to do', () => {
    const pinned = { lifecycleBytes: 2 << 20, dataBytes: 8 << 20 }
    assert.equal(sizesThatWait(pinned, pinned), undefined)
    const told = sizesThatWait({ ...pinned, dataBytes: 64 << 20 }, pinned)
    assert.match(
      told?.reason ?? '',
      /^sensor\.rings\.dataBytes is 8 MiB, not 64 MiB: .*honeyguide down/,
    )
    assert.match(
      sizesThatWait({ lifecycleBytes: 4 << 20, dataBytes: 1 << 20 }, pinned)?.reason ?? '',
      /lifecycleBytes is 2 MiB, not 4 MiB; sensor\.rings\.dataBytes is 8 MiB, not 1 MiB/,
    )
  })
})
