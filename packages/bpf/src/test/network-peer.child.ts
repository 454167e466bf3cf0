/** The process in a network namespace of tests: makes the traffic that it is asked for. */
import { createSocket } from 'node:dgram'
import { connect, createServer, isIPv6, type AddressInfo } from 'node:net'
import { once } from 'node:events'

export type PeerRequest =
  | { readonly kind: 'listen'; readonly port: number }
  | {
      readonly kind: 'connect'
      readonly address: string
      readonly port: number
      readonly withinMs: number
    }
  | {
      readonly kind: 'send'
      readonly address: string
      readonly port: number
      readonly count: number
    }

/** The port that is listened on, 1 for a connection and 0 for none, or the datagrams that were sent. */
export interface PeerAnswer {
  readonly count: number
}

async function answer(request: PeerRequest): Promise<number> {
  switch (request.kind) {
    case 'listen': {
      const server = createServer((socket) => socket.end()).listen(request.port, '::')
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    }
    case 'connect':
      return new Promise((done) => {
        const socket = connect({ port: request.port, host: request.address })
        const finish = (count: number): void => {
          socket.destroy()
          done(count)
        }
        socket.setTimeout(request.withinMs, () => finish(0))
        socket.on('connect', () => finish(1)).on('error', () => finish(0))
      })
    case 'send': {
      const socket = createSocket(isIPv6(request.address) ? 'udp6' : 'udp4')
      const bytes = Buffer.alloc(100)
      for (let i = 0; i < request.count; i++)
        await new Promise((done) =>
          socket.send(bytes, request.port, request.address, () => done(undefined)),
        )
      socket.close()
      return request.count
    }
  }
}

process.on('message', (request: PeerRequest) => {
  void answer(request).then((count) => process.send?.({ count } satisfies PeerAnswer))
})
process.on('disconnect', () => process.exit())
process.send?.({ count: 0 } satisfies PeerAnswer)
