import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { copyToRecordMemory } from '@honeyguide/bpf'
import fc from 'fast-check'
import { execOffsets, execSizeBytes } from '../../../gen/records.ts'
import { createImageCredentials } from './image-credentials.ts'

suite('credentials of an image', () => {
  test('are what the record says, whatever others were read before', () => {
    const small = fc.integer({ min: 0, max: 3 })
    const image = fc.record({
      ...{ uid: small, euid: small, gid: small, egid: small },
      ...{ mountNs: small, pidNs: small, netNs: small, userNs: small },
      capEffective: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      capPermitted: fc.bigInt({ min: 0n, max: 3n }),
      capInheritable: fc.bigInt({ min: 0n, max: 3n }),
    })
    const read = createImageCredentials()
    fc.assert(
      fc.property(fc.array(image, { minLength: 1, maxLength: 20 }), (images) => {
        for (const one of [...images, ...images]) {
          const record = new DataView(new ArrayBuffer(execSizeBytes + 8))
          for (const [name, value] of Object.entries(one)) {
            const at = 8 + execOffsets[name === 'uid' ? 'eventUid' : (name as 'euid')]
            if (typeof value === 'bigint') record.setBigUint64(at, value, true)
            else record.setUint32(at, value, true)
          }
          const memory = copyToRecordMemory(new Uint8Array(record.buffer))
          const found = read(memory, 8)
          assert.deepEqual(found, {
            ...one,
            ...{ suid: one.euid, fsuid: one.euid, sgid: one.egid, fsgid: one.egid },
          })
          assert.equal(read(memory, 8), found, 'the same object')
        }
      }),
    )
  })
})
