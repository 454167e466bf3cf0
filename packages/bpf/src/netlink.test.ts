import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeDatagram, encodeRequest, findAttribute, u32Attribute } from './netlink.ts'

/** A message of the kernel: header, then the payload, padded. */
function message(type: number, sequence: number, payload: readonly number[]): number[] {
  const bytes = new Uint8Array((16 + payload.length + 3) & ~3)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 16 + payload.length, true)
  view.setUint16(4, type, true)
  view.setUint32(8, sequence, true)
  bytes.set(payload, 16)
  return [...bytes]
}

function errno(value: number): number[] {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, true)
  return [...bytes]
}

suite('netlink', () => {
  test('a request is a header, a struct and padded attributes', () => {
    const bytes = encodeRequest(
      {
        type: 36,
        flags: 0x600,
        header: Uint8Array.of(1, 2, 3, 4, 5),
        attributes: [
          [1, Uint8Array.of(9)],
          [2, [[6, u32Attribute(7)]]],
        ],
      },
      3,
    )
    assert.deepEqual(
      [...bytes],
      [
        ...[44, 0, 0, 0, 36, 0, 0x05, 0x06, 3, 0, 0, 0, 0, 0, 0, 0],
        ...[1, 2, 3, 4, 5, 0, 0, 0],
        ...[5, 0, 1, 0, 9, 0, 0, 0],
        ...[12, 0, 2, 0, 8, 0, 6, 0, 7, 0, 0, 0],
      ],
    )
  })

  test('what is said to another request is passed over', () => {
    const bytes = Uint8Array.from([
      ...message(44, 1, [1, 2, 3]),
      ...message(2, 1, errno(-17)),
      ...message(44, 2, [4, 5]),
      ...message(2, 2, errno(0)),
    ])
    const { replies, result } = decodeDatagram(bytes, 2)
    assert.equal(result, 0)
    assert.deepEqual(
      replies.map(({ type, payload }) => [type, ...payload]),
      [[44, 4, 5]],
    )
    assert.equal(decodeDatagram(bytes, 1).result, -17)
    assert.equal(decodeDatagram(bytes, 3).result, undefined)
  })

  test('the end of a dump and an error that is cut off end it', () => {
    assert.equal(decodeDatagram(Uint8Array.from(message(3, 1, [])), 1).result, 0)
    assert.equal(decodeDatagram(Uint8Array.from(message(2, 1, [1])), 1).result, -71)
  })

  test('lengths that lead outside end the reading', () => {
    const whole = message(44, 1, [1, 2, 3, 4])
    for (let length = 0; length < whole.length; length++)
      assert.deepEqual(decodeDatagram(Uint8Array.from(whole.slice(0, length)), 1).replies, [])
    for (const length of [0, 15, 255])
      assert.deepEqual(decodeDatagram(Uint8Array.from([length, ...whole.slice(1)]), 1).replies, [])
  })

  test('an attribute is found behind the struct, nested flag or not', () => {
    const payload = Uint8Array.of(1, 2, 0, 0, 5, 0, 3, 0, 7, 0, 0, 0, 6, 0, 4, 0x80, 8, 9)
    assert.deepEqual(findAttribute(payload, 2, 3), Uint8Array.of(7))
    assert.deepEqual(findAttribute(payload, 2, 4), Uint8Array.of(8, 9))
    assert.equal(findAttribute(payload, 2, 5), undefined)
    assert.equal(findAttribute(payload.subarray(0, 17), 2, 4), undefined)
  })
})
