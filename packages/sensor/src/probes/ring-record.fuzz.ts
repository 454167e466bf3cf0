import { copyToRecordMemory } from '@honeyguide/bpf'
import { decodeBatch } from '@honeyguide/model/batch'
import { mutateBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { probes } from '../../gen/probes.ts'
import * as records from '../../gen/records.ts'
import { emptyDecodeContext } from '../test/decode-context.ts'

const { eventOffsets, execOffsets, execSizeBytes, tcpSizeBytes } = records

/** The first byte says which probe's decoder reads the rest. */
function record(
  name: string,
  sizeBytes: number,
  fill: (bytes: Buffer) => void,
  texts: readonly string[] = [],
): Uint8Array {
  const kind = probes.findIndex((probe) => probe.name === name)
  must(kind >= 0, `there is a probe ${name}`)
  const parts = texts.map((text) => Buffer.from(text, 'latin1'))
  const body = Buffer.concat([Buffer.alloc(sizeBytes), ...parts])
  body.writeUInt32LE(4242, eventOffsets.pid)
  body.writeBigUInt64LE(123_456_789n, eventOffsets.bootNs)
  fill(body)
  return new Uint8Array(Buffer.concat([Buffer.of(kind), body]))
}

export const target = defineTarget({
  name: 'ring-record',
  parser: 'the generated decoders and the decode of every probe',
  seeds: () => {
    const texts = ['./x', '/tmp/x', '/tmp', '/system.slice/a.service', 'x\0\xff\xfe\0']
    return [
      record(
        'exec',
        execSizeBytes,
        (bytes) => {
          const lengths = [
            'typedBytes',
            'fileBytes',
            'cwdBytes',
            'cgroupBytes',
            'argvBytes',
          ] as const
          for (const [at, name] of lengths.entries())
            bytes.writeUInt32LE(texts[at]?.length ?? 0, execOffsets[name])
        },
        texts,
      ),
      record('fork', records.forkSizeBytes, () => undefined),
      record('exit', records.exitSizeBytes, () => undefined),
      record(
        'file',
        records.fileSizeBytes,
        (bytes) => {
          bytes.writeUInt32LE(4, records.fileOffsets.operation)
          bytes.writeUInt32LE(8, records.fileOffsets.pathBytes)
          bytes.writeUInt32LE(6, records.fileOffsets.secondBytes)
        },
        ['old/tmp/', 'b/tmp/'],
      ),
      record('tcp', tcpSizeBytes, (bytes) => bytes.writeUInt16LE(10, records.tcpOffsets.family)),
      record('exec_failed', records.execFailedSizeBytes, () => undefined),
      record(
        'io_uring',
        records.ioUringSizeBytes,
        (bytes) => {
          bytes.writeUInt32LE(4, records.ioUringOffsets.pathBytes)
          bytes.writeUInt32LE(2, records.ioUringOffsets.path2Bytes)
        },
        ['/a/b', 'cd'],
      ),
      record('udp', records.udpSizeBytes, (bytes) =>
        bytes.writeUInt16LE(2, records.udpOffsets.family),
      ),
      ...[17, 6].map((protocol) =>
        record(
          'dns',
          records.dnsSizeBytes,
          (bytes) => {
            bytes.writeUInt32LE(19, records.dnsOffsets.payloadBytes)
            bytes.writeUInt32LE(19, records.dnsOffsets.copiedBytes)
            bytes.writeUInt8(protocol, records.dnsOffsets.protocol)
            bytes.writeUInt8(1, records.dnsOffsets.direction)
          },
          ['\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01'],
        ),
      ),
      record(
        'cred',
        records.credSizeBytes,
        (bytes) => {
          const lengths = ['nameBytes', 'pathBytes', 'sourceBytes', 'typeBytes'] as const
          for (const [at, name] of lengths.entries())
            bytes.writeUInt16LE(texts[at]?.length ?? 0, records.credOffsets[name])
          bytes.writeBigUInt64LE(1n, records.credOffsets.countedCount)
        },
        texts,
      ),
      record(
        'memory',
        records.memorySizeBytes,
        (bytes) => bytes.writeUInt32LE(5, records.memoryOffsets.pathBytes),
        ['a/b/c'],
      ),
    ]
  },
  mutator: mutateBytes({ headBytes: records.credSizeBytes + 1 }),
  property:
    'A record becomes one row of its table, or none and false; of a stream, as many as end in it; the batch of such rows can be read.',
  open: () => {
    let now = emptyDecodeContext()
    let sequence = 0n
    return (input) => {
      const probe = probes[(input[0] ?? 0) % probes.length]
      must(probe !== undefined, 'there are probes')
      const bytes = input.subarray(1)
      const before = now.builder.rows
      const isRow = probe.decode(now, copyToRecordMemory(bytes), 0, bytes.length)
      const rows = now.builder.rows - before
      // A message of a stream is two bytes at least.
      const most = isRow ? (probe.name === 'dns' ? 1 + bytes.length / 2 : 1) : 0
      must(rows <= most && (rows > 0 || !isRow || probe.name === 'dns'), 'one row, or none')
      if (now.builder.rows >= 200) {
        sequence += 1n
        const { builder } = now
        decodeBatch(
          builder.encode(
            { sensor: new Uint8Array(16), boot: new Uint8Array(16), run: 1, sequence },
            0n,
            [],
          ),
        )
        now = emptyDecodeContext()
      }
      return isRow ? 'taken' : `${probe.name} refused`
    }
  },
})
