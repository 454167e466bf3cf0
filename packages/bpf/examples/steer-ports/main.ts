/**
 * Serves a whole range of TCP ports with one listening socket, until Ctrl-C. Each client is told the port that it wanted.
 *
 *     node packages/bpf/examples/steer-ports/main.ts --first 7000 --last 7999
 */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { openObject } from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { fail, portNumber, startCommand, untilStopped } from '../command.ts'
import { layout } from './gen/steer-ports.ts'

const { values, signal } = startCommand('Serves a range of TCP ports with one listening socket.', {
  first: { value: 'PORT', help: 'first of the range' },
  last: { value: 'PORT', help: 'last of the range' },
})
const rodata = {
  first_port: portNumber('first', values.first),
  last_port: portNumber('last', values.last),
}
if (rodata.last_port < rodata.first_port) fail('--last lies before --first')

interface Steering {
  readonly steered: bigint
  readonly failed: bigint
}

using object = openObject(await buildExample('steer-ports'), { layout, rodata }).load()
const server = createServer((socket) => {
  // A client that goes away early is its own affair.
  socket.on('error', () => socket.destroy())
  socket.end(`port ${socket.localPort}\n`)
})
server.listen(0)
await once(server, 'listening')
try {
  // Node has no public name for the descriptor of a listening socket.
  const fd: unknown = Reflect.get(Object(Reflect.get(server, '_handle')), 'fd')
  if (typeof fd !== 'number') throw new Error('the server has no descriptor')
  object.map<number>('server').setReference(0, { fd })
  {
    using _link = object.attach('steer')
    const { port } = server.address() as AddressInfo
    console.log(`ports ${rodata.first_port} to ${rodata.last_port} lead to ${port}`)
    await untilStopped(signal)
  }
} finally {
  server.close()
}
const counts = object.map<number, Steering>('counts').get(0)
console.log(`${counts?.steered ?? 0n} connections steered, ${counts?.failed ?? 0n} failed`)
