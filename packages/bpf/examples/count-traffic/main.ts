/**
 * Counts packets and bytes of an interface by protocol, both ways, until Ctrl-C.
 *
 *     node packages/bpf/examples/count-traffic/main.ts --interface lo --seconds 5
 */
import { attachTc, openObject, removeTcFilters } from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { required, startCommand, untilStopped } from '../command.ts'
import { layout } from './gen/count-traffic.ts'

const { values, signal } = startCommand('Counts the traffic of an interface by protocol.', {
  interface: { value: 'NAME', help: 'which' },
  'network-namespace': { value: 'FILE', help: 'where it is, /proc/PID/ns/net' },
})
const at = {
  interface: required('interface', values.interface),
  ...(values['network-namespace'] === undefined
    ? {}
    : { networkNamespace: values['network-namespace'] }),
}

interface TrafficKind {
  readonly ether_type: number
  readonly protocol: number
  readonly is_egress: number
}
interface Traffic {
  readonly packets: bigint
  readonly bytes: bigint
}
const etherTypes: Readonly<Record<number, string>> = {
  0x0800: 'IPv4',
  0x0806: 'ARP',
  0x86dd: 'IPv6',
}
const protocols: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6' }

using object = openObject(await buildExample('count-traffic'), { layout }).load()
// Below Linux 6.6 a run that was killed has left its filters there.
removeTcFilters({ ...at, direction: 'ingress', name: 'count_ingress' })
removeTcFilters({ ...at, direction: 'egress', name: 'count_egress' })
{
  using into = attachTc(object.program('count_ingress'), { ...at, direction: 'ingress' })
  using _out = attachTc(object.program('count_egress'), { ...at, direction: 'egress' })
  console.log(`counting by ${into.how}`)
  await untilStopped(signal)
}
const rows = object
  .map<TrafficKind, Traffic[]>('counts')
  .entries()
  .map(([kind, perCpu]) => ({
    kind,
    packets: perCpu.reduce((sum, { packets }) => sum + packets, 0n),
    bytes: perCpu.reduce((sum, { bytes }) => sum + bytes, 0n),
  }))
  .toArray()
  .toSorted((a, b) => Number(b.bytes - a.bytes))
for (const { kind, packets, bytes } of rows) {
  const ether = etherTypes[kind.ether_type] ?? `0x${kind.ether_type.toString(16)}`
  const protocol = kind.protocol === 0 ? '' : (protocols[kind.protocol] ?? `#${kind.protocol}`)
  const name = `${ether} ${protocol}`.trim().padEnd(12)
  console.log(`${kind.is_egress ? 'out' : 'in '}  ${name} ${packets} packets, ${bytes} bytes`)
}
