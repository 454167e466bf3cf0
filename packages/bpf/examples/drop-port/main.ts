/**
 * Drops packets to a port that come in at an interface, until Ctrl-C.
 *
 *     node packages/bpf/examples/drop-port/main.ts --interface lo --port 7777 --protocol udp
 */
import { openObject } from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { fail, portNumber, required, startCommand, untilStopped } from '../command.ts'
import { layout } from './gen/drop-port.ts'

const { values, signal } = startCommand('Drops packets to a port that come in at an interface.', {
  interface: { value: 'NAME', help: 'where they come in' },
  port: { value: 'PORT', help: 'where they want to go' },
  protocol: { value: 'NAME', help: 'tcp, udp or both', default: 'both' },
  'network-namespace': { value: 'FILE', help: 'where the interface is, /proc/PID/ns/net' },
})
const protocols: Readonly<Record<string, number>> = { both: 0, tcp: 6, udp: 17 }
const rodata = {
  port: portNumber('port', values.port),
  protocol: protocols[values.protocol] ?? fail(`--protocol ${values.protocol} is not known`),
}
const xdp = {
  interface: required('interface', values.interface),
  ...(values['network-namespace'] === undefined
    ? {}
    : { networkNamespace: values['network-namespace'] }),
}

interface PacketCount {
  readonly dropped: bigint
  readonly passed: bigint
}

using object = openObject(await buildExample('drop-port'), { layout, rodata }).load()
{
  using _link = object.attach('drop_port', { xdp })
  console.log('dropping')
  await untilStopped(signal)
}
const perCpu = object.map<number, PacketCount[]>('counts').get(0) ?? []
const sum = (what: keyof PacketCount): bigint =>
  perCpu.reduce((total, count) => total + count[what], 0n)
console.log(`${sum('dropped')} packets dropped, ${sum('passed')} passed`)
