/** The behaviour that every transport must show. Call it from each adapter's test file. */
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { suite, test } from 'node:test'
import type { Transport } from './transport.ts'

/** The other end, for the suite. */
export interface TransportPeer extends AsyncDisposable {
  readonly transport: Transport
  /** Resolves with the next connection that was accepted. */
  accepted(): Promise<Duplex>
  /** From now on nobody listens. */
  goAway(): Promise<void>
}

async function readBytes(stream: Duplex, count: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let have = 0
  for await (const chunk of stream.iterator({
    destroyOnReturn: false,
  }) as AsyncIterable<Uint8Array>) {
    parts.push(chunk)
    have += chunk.length
    if (have >= count) break
  }
  return new Uint8Array(Buffer.concat(parts))
}

export function transportSuite(name: string, open: () => Promise<TransportPeer>): void {
  suite(`${name} transport`, () => {
    test('carries bytes both ways, whole and in order', async () => {
      await using peer = await open()
      const ours = await peer.transport.connect(new AbortController().signal)
      const theirs = await peer.accepted()
      const sent = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251)
      ours.write(sent)
      assert.deepEqual(await readBytes(theirs, sent.length), sent)
      theirs.write(sent)
      assert.deepEqual(await readBytes(ours, sent.length), sent)
      ours.destroy()
      theirs.destroy()
    })
    test('tells when the other side is gone', async () => {
      await using peer = await open()
      const ours = await peer.transport.connect(new AbortController().signal)
      ours.on('error', () => undefined)
      ours.resume()
      const closed = new Promise((resolve) => ours.once('close', resolve))
      ours.once('end', () => ours.destroy())
      const theirs = await peer.accepted()
      theirs.destroy()
      await closed
    })
    test('rejects when nobody listens, with a code', async () => {
      await using peer = await open()
      await peer.goAway()
      await assert.rejects(peer.transport.connect(new AbortController().signal), {
        code: /^E[A-Z]+$/,
      })
    })
    test('rejects with the reason of a signal that has aborted', async () => {
      await using peer = await open()
      const reason = new Error('enough')
      await assert.rejects(peer.transport.connect(AbortSignal.abort(reason)), reason)
    })
  })
}
