/** The uplink over a unix socket. */
import { connect } from 'node:net'
import type { Transport } from './transport.ts'

export function unixTransport(path: string): Transport {
  return {
    address: path,
    connect(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error)
          return
        }
        const socket = connect({ path })
        const onAbort = (): void => {
          socket.destroy()
          reject(signal.reason as Error)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        socket.once('error', (error) => {
          signal.removeEventListener('abort', onAbort)
          reject(error)
        })
        socket.once('connect', () => {
          signal.removeEventListener('abort', onAbort)
          socket.removeAllListeners('error')
          resolve(socket)
        })
      })
    },
  }
}
