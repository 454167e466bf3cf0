/**
 * Denies networks what comes in at an interface, until Ctrl-C.
 *
 *     node packages/bpf/examples/firewall/main.ts --interface eth0 --deny 192.0.2.0/24 --deny 198.51.100.7
 */
import { ipPrefixCodec, openObject } from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { fail, required, startCommand, untilStopped } from '../command.ts'
import { layout } from './gen/firewall.ts'

const { values, signal } = startCommand('Denies networks what comes in at an interface.', {
  interface: { value: 'NAME', help: 'where it comes in' },
  deny: { value: 'NETWORK', help: 'IPv4 network, 192.0.2.0/24', multiple: true },
  'network-namespace': { value: 'FILE', help: 'where the interface is, /proc/PID/ns/net' },
})
const xdp = {
  interface: required('interface', values.interface),
  ...(values['network-namespace'] === undefined
    ? {}
    : { networkNamespace: values['network-namespace'] }),
}
if (values.deny.length === 0) fail('--deny is needed')

interface Denied {
  readonly packets: bigint
  readonly bytes: bigint
}

using object = openObject(await buildExample('firewall'), { layout }).load()
const networks = object.map<string, Denied>('networks', { key: ipPrefixCodec(4) })
for (const network of values.deny) networks.set(network, { packets: 0n, bytes: 0n })
{
  using _link = object.attach('filter', { xdp })
  console.log(`${values.deny.length} networks denied`)
  await untilStopped(signal)
}
for (const [network, { packets, bytes }] of networks)
  console.log(`${network.padEnd(18)} ${packets} packets, ${bytes} bytes`)
