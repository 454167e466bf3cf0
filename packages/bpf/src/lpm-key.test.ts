import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { formatAddress, ipPrefixCodec, parseAddress } from './lpm-key.ts'

function written(version: 4 | 6, text: string): { bytes: Uint8Array; read: unknown } {
  const codec = ipPrefixCodec(version)
  const view = new DataView(new ArrayBuffer(codec.sizeBytes + 3))
  codec.write(view, 3, text)
  return { bytes: new Uint8Array(view.buffer, 3), read: codec.read(view, 3) }
}

suite('keys of LPM tries', () => {
  test('are the length of the prefix and the address in network order', () => {
    assert.deepEqual(written(4, '10.1.2.3').bytes, Uint8Array.of(32, 0, 0, 0, 10, 1, 2, 3))
    assert.deepEqual(
      written(6, '2001:db8::1/64').bytes,
      Uint8Array.of(64, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, ...new Uint8Array(12)),
    )
  })

  test('lose what lies behind the prefix', () => {
    assert.equal(written(4, '10.255.255.255/9').read, '10.128.0.0/9')
    assert.equal(written(4, '10.1.2.3/0').read, '0.0.0.0/0')
    assert.equal(written(6, 'fe80::ffff/126').read, 'fe80::fffc/126')
  })

  test('are refused when they are none', () => {
    for (const text of [
      '',
      '10.0.0',
      '10.0.0.0/33',
      '10.0.0.0/x',
      '10.0.0.0/',
      '::1',
      '10.0.0.0/-1',
    ])
      assert.throws(() => written(4, text), { code: 'BPF_ARGUMENT' }, text)
    for (const text of ['10.0.0.1', '::1/129', 'fe80::1%lo', 'g::'])
      assert.throws(() => written(6, text), { code: 'BPF_ARGUMENT' }, text)
    assert.throws(() => ipPrefixCodec(4).write(new DataView(new ArrayBuffer(8)), 0, 7), {
      code: 'BPF_ARGUMENT',
    })
  })

  test('addresses are read in every way that they are written', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['::', '::'],
      ['::1', '::1'],
      ['1::', '1::'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['::ffff:10.0.0.1', '::ffff:a00:1'],
      ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
      ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
      ['10:0:0:100:0:0:0:20', '10:0:0:100::20'],
    ]
    for (const [text, plain] of cases) assert.equal(formatAddress(parseAddress(text)), plain, text)
  })

  test('every address comes back from its text', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
        .map((one) => Uint8Array.from(one)),
    )
    fc.assert(
      fc.property(bytes, (address) => {
        assert.deepEqual(parseAddress(formatAddress(address)), address)
      }),
    )
  })
})
