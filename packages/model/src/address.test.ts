import assert from 'node:assert/strict'
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { formatAddress } from './address.ts'

suite('address', () => {
  test('is written as RFC 5952 says', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['00000000000000000000000000000000', '::'],
      ['00000000000000000000000000000001', '::1'],
      ['20010db8000000000000000000000001', '2001:db8::1'],
      ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
      ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
      ['00000000000000000000ffff7f000001', '127.0.0.1'],
      ['0a000001', '10.0.0.1'],
      ['', ''],
    ]
    for (const [hex, text] of cases) assert.equal(formatAddress(Buffer.from(hex, 'hex')), text)
  })
  test('names the same address to the system', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0, 0, 1, 0xff, 0x20), { minLength: 16, maxLength: 16 }),
        (bytes) => {
          const text = formatAddress(Uint8Array.from(bytes))
          if (isIPv4(text)) return
          assert.ok(isIPv6(text), text)
          const spelled = bytes
            .map((byte) => byte.toString(16).padStart(2, '0'))
            .join('')
            .match(/.{4}/g)
            ?.join(':')
          assert.equal(
            new SocketAddress({ address: text, family: 'ipv6' }).address,
            new SocketAddress({ address: spelled ?? '', family: 'ipv6' }).address,
          )
        },
      ),
    )
  })
})
