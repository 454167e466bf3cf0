import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { copyToRecordMemory } from '@honeyguide/bpf'
import { lossReasons } from '@honeyguide/model/loss-reasons'
import { tables } from '@honeyguide/model/tables'
import { imageFlags } from '@honeyguide/model/tables/exec'
import { credFlags, credOperations } from '@honeyguide/model/tables/cred'
import { dnsFlags } from '@honeyguide/model/tables/dns'
import { fileFlags, fileOperations } from '@honeyguide/model/tables/file'
import { ioUringFlags, ioUringOperations } from '@honeyguide/model/tables/io-uring'
import { memoryFlags, memoryOperations } from '@honeyguide/model/tables/memory'
import { tcpFlags, tcpOperations } from '@honeyguide/model/tables/tcp'
import { udpFlags, udpOperations } from '@honeyguide/model/tables/udp'
import { probes } from '../../gen/probes.ts'
import {
  credOffsets,
  credSizeBytes,
  eventOffsets,
  execOffsets,
  execSizeBytes,
} from '../../gen/records.ts'
import { emptyDecodeContext } from '../test/decode-context.ts'

const packageDir = join(import.meta.dirname, '../..')
const source = (path: string): string => readFileSync(join(packageDir, path), 'utf8')

/** Numbers that `#define NAME value` and `NAME = value` give in C, with shifts. */
function cNumber(text: string, name: string): number | undefined {
  const found = new RegExp(`\\b${name}\\s*(?:=|\\s)\\s*\\(?(\\d+)u?(?:\\s*<<\\s*(\\d+))?`).exec(
    text,
  )
  if (!found) return undefined
  return Number(found[1]) * 2 ** Number(found[2] ?? 0)
}

suite('record decoders', () => {
  test('C code and tables use the same numbers', () => {
    const record = source('bpf/base/record.h')
    for (const [name, { id, where }] of Object.entries(lossReasons))
      if (where === 'kernel')
        assert.equal(cNumber(record, `HG_LOSS_${name.toUpperCase()}`), id, name)
    for (const probe of probes) {
      const folder = probe.name.replaceAll('_', '-')
      const code = source(`src/probes/${folder}/${folder}.bpf.c`)
      const kind = cNumber(code, `HG_PROBE_${probe.name.toUpperCase()}`)
      assert.equal(kind, tables[probe.name].id, probe.name)
      assert.equal(probe.ring, tables[probe.name].ring)
    }
    const exec = source('src/probes/exec/exec.bpf.c')
    for (const [flag, name] of [
      [imageFlags.argvTruncated, 'ARGV_TRUNCATED'],
      [imageFlags.argvUnreadable, 'ARGV_UNREADABLE'],
      [imageFlags.memfd, 'MEMFD'],
      [imageFlags.deleted, 'DELETED'],
      [imageFlags.script, 'SCRIPT'],
      [imageFlags.filePartial, 'FILE_PARTIAL'],
      [imageFlags.cwdPartial, 'CWD_PARTIAL'],
      [imageFlags.privilegesRaised, 'PRIVILEGES_RAISED'],
    ] as const)
      assert.equal(cNumber(exec, `HG_EXEC_${name}`), flag, name)
    const tcp = source('src/probes/tcp/tcp.bpf.c')
    assert.equal(cNumber(tcp, 'HG_TCP_INHERITED'), tcpFlags.inherited)
    assert.equal(cNumber(tcp, 'HG_TCP_UNCERTAIN'), tcpFlags.processUncertain)
    assert.equal(cNumber(tcp, 'HG_TCP_RESET'), tcpFlags.reset)
    assert.equal(cNumber(tcp, 'HG_TCP_CONNECT'), tcpOperations.connect)
    assert.equal(cNumber(tcp, 'HG_TCP_ACCEPT'), tcpOperations.accept)
    assert.equal(cNumber(tcp, 'HG_TCP_CLOSED'), tcpOperations.close)
    assert.equal(cNumber(tcp, 'HG_TCP_CONNECT_FAILED'), tcpOperations.connectFailed)
    assert.equal(cNumber(tcp, 'HG_TCP_LISTENS'), tcpOperations.listen)
    assert.equal(cNumber(record, 'HG_FLAG_OWN'), imageFlags.own)
    const file = source('src/probes/file/file.bpf.c')
    const upper = (name: string): string => name.replace(/[A-Z]/g, (one) => `_${one}`).toUpperCase()
    for (const [name, value] of Object.entries(fileOperations))
      assert.equal(cNumber(file, `HG_FILE_${upper(name)}`), value, name)
    for (const [name, bit] of Object.entries(fileFlags))
      if (bit !== fileFlags.repeats)
        assert.equal(cNumber(file, `HG_FILE_${upper(name)}`), bit, name)
    const packet = source('bpf/hook/packet.h')
    const udp = source('src/probes/udp/udp.bpf.c')
    const dns = source('src/probes/dns/dns.bpf.c')
    for (const [code, name, value] of [
      [packet, 'HG_PACKET_INHERITED', udpFlags.inherited],
      [packet, 'HG_PACKET_INHERITED', dnsFlags.inherited],
      [udp, 'HG_UDP_UNCERTAIN', udpFlags.processUncertain],
      [udp, 'HG_UDP_IDLE', udpFlags.idle],
      [udp, 'HG_UDP_INCOMING', udpFlags.incoming],
      [udp, 'HG_UDP_SHARED', udpFlags.shared],
      [udp, 'HG_UDP_RAW', udpFlags.raw],
      [udp, 'HG_UDP_LITE', udpFlags.lite],
      [udp, 'HG_UDP_SEND', udpOperations.send],
      [udp, 'HG_UDP_RECEIVE', udpOperations.receive],
      [udp, 'HG_UDP_END', udpOperations.end],
      [dns, 'HG_DNS_MULTICAST', dnsFlags.multicast],
    ] as const)
      assert.equal(cNumber(code, name), value, name)
    const uring = source('src/probes/io-uring/io-uring.bpf.c')
    for (const [name, value] of Object.entries(ioUringOperations))
      assert.equal(cNumber(uring, `HG_IO_URING_${upper(name)}`), value, name)
    for (const [name, bit] of Object.entries(ioUringFlags))
      if (bit !== ioUringFlags.repeats)
        assert.equal(cNumber(uring, `HG_IO_URING_${upper(name)}`), bit, name)
    // Of the names in C: HG_CRED_FINIT_MODULE for finitModule.
    for (const [path, prefix, values, notInC] of [
      ['src/probes/cred/record.h', 'HG_CRED', credOperations, []],
      ['src/probes/cred/record.h', 'HG_CRED', credFlags, ['unexplainedUid']],
      ['src/probes/memory/memory.bpf.c', 'HG_MEMORY', memoryOperations, []],
      ['src/probes/memory/memory.bpf.c', 'HG_MEMORY', memoryFlags, []],
    ] as const)
      for (const [name, value] of Object.entries(values))
        if (!(notInC as readonly string[]).includes(name))
          assert.equal(cNumber(source(path), `${prefix}_${upper(name)}`), value, name)
  })

  test('programs of cgroups can only allow', () => {
    // They decide by what they return; each is made by a macro whose one way out returns 1.
    const code = source('bpf/packet.bpf.c')
    assert.doesNotMatch(code, /SEC\("cgroup/)
    assert.ok(code.match(/^HG_ONLY_LOOKS\("cgroup/gm)?.length, 'there are such programs')
    const macro = /#define HG_ONLY_LOOKS[^]*?\n\t\}/.exec(source('bpf/hook/packet.h'))?.[0] ?? ''
    assert.deepEqual(macro.match(/return .*?;/g), ['return 1;'])
    for (const probe of probes) {
      const folder = probe.name.replaceAll('_', '-')
      assert.doesNotMatch(source(`src/probes/${folder}/${folder}.bpf.c`), /SEC\("cgroup/)
    }
  })

  test('of a cred record, what the kernel did not let be read is what was last told', () => {
    const context = emptyDecodeContext()
    const probe = probes.find((one) => one.name === 'cred')
    const who = { pid: 42, startNs: 1000, execNo: 1, parentPid: 0, parentStartNs: 0 }
    const all = {
      ...{ uid: 5, euid: 6, suid: 7, fsuid: 8, gid: 9, egid: 10, sgid: 11, fsgid: 12 },
      ...{ capEffective: 13n, capPermitted: 14n, capInheritable: 15n },
      ...{ mountNs: 16, pidNs: 17, netNs: 18, userNs: 19 },
    }
    context.processes.exec(who, { uid: 5, all, atNs: 2000 })
    const bytes = Buffer.alloc(credSizeBytes)
    bytes.writeUInt32LE(42, eventOffsets.pid)
    bytes.writeUInt32LE(42, eventOffsets.tid)
    bytes.writeBigUInt64LE(1000n, eventOffsets.startNs)
    for (const at of [eventOffsets.bootNs, credOffsets.countedSinceNs, credOffsets.countedLastNs])
      bytes.writeBigUInt64LE(3000n, at)
    bytes.writeBigUInt64LE(1n, credOffsets.countedCount)
    bytes.writeUInt32LE(credOperations.setuid, credOffsets.operation)
    assert.ok(probe?.decode(context, copyToRecordMemory(bytes), 0, bytes.length))
    const { columns } = context.builder.table('cred')
    assert.equal(columns.flags[0], credFlags.beforeKnown | credFlags.beforeRemembered)
    assert.equal(columns.beforeUid[0], 5)
    assert.equal(columns.beforeFsgid[0], 12)
    assert.equal(columns.beforeCapInheritable[0], 15n)
    assert.equal(columns.beforeUserNs[0], 19)
    // The next row of the process would have it from the kernel: user space does not know the thread.
    assert.ok(probe?.decode(context, copyToRecordMemory(bytes), 0, bytes.length))
    assert.equal(context.builder.table('cred').columns.flags[1], 0)
  })

  test('an exec record becomes its row, byte for byte', () => {
    // Paths as the kernel's programs write them.
    const texts = ['./x', 'x/tmp/', 'tmp/', 'a.service/system.slice/', 'x\0\xff\xfe\0']
    const parts = texts.map((text) => Buffer.from(text, 'latin1'))
    const bytes = Buffer.concat([Buffer.alloc(execSizeBytes), ...parts])
    bytes.writeUInt32LE(4242, eventOffsets.pid)
    const lengths = ['typedBytes', 'fileBytes', 'cwdBytes', 'cgroupBytes', 'argvBytes'] as const
    for (const [i, name] of lengths.entries())
      bytes.writeUInt32LE(parts[i]?.length ?? 0, execOffsets[name])
    const context = emptyDecodeContext()
    const probe = probes.find((one) => one.name === 'exec')
    assert.ok(probe?.decode(context, copyToRecordMemory(bytes), 0, bytes.length))
    const { columns } = context.builder.table('exec')
    const text = (id: number | undefined): string =>
      Buffer.from(context.builder.bytes(id ?? 0)).toString('latin1')
    assert.equal(columns.pid[0], 4242)
    assert.equal(text(columns.fileTyped[0]), './x')
    assert.equal(text(columns.file[0]), '/tmp/x')
    assert.equal(text(columns.cwd[0]), '/tmp')
    assert.equal(text(columns.unit[0]), 'a.service')
    assert.equal(text(columns.argv[0]), 'x\0\xff\xfe\0')
  })
})
