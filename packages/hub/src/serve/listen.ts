/**
 * The two doors: a TCP address for the page, the next free port when its own is taken, and a unix socket.
 *
 * Slow and idle clients cost little and not for long; both doors close at once when the hub ends.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import { chmod } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import { claimSocketPath } from '../ingest/unix-transport.ts'

export interface Door extends AsyncDisposable {
  /** `http://127.0.0.1:7461`, or the path of the socket. */
  readonly address: string
  /** 0 for a unix socket. */
  readonly port: number
}

const triedPorts = 20

function createDoor(listener: RequestListener): { server: Server; close: () => Promise<void> } {
  const sockets = new Set<Socket>()
  const server = createServer(
    {
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: 30_000,
      maxHeaderSize: 16 * 1024,
    },
    listener,
  )
  server.maxConnections = 512
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return {
    server,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        // Event streams have been ended; whoever still sends a request is cut off.
        setImmediate(() => {
          for (const socket of sockets) socket.destroySoon()
          setTimeout(() => {
            for (const socket of sockets) socket.destroy()
          }, 200).unref()
        })
      }),
  }
}

function tryListen(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off('listening', done)
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    }
    const done = (): void => {
      server.off('error', failed)
      resolve(true)
    }
    server.once('error', failed)
    server.once('listening', done)
    server.listen(port, host)
  })
}

/** Listens on `port`, or on the first free one of the next 20. Throws what listening threw. */
export async function openTcpDoor(
  listener: RequestListener,
  host: string,
  port: number,
): Promise<Door> {
  const { server, close } = createDoor(listener)
  let listening = false
  for (let at = 0; at < triedPorts && !listening; at++)
    // eslint-disable-next-line no-await-in-loop -- one after the other is the point.
    listening = await tryListen(server, host, port === 0 ? 0 : port + at)
  if (!listening)
    throw Object.assign(new Error(`no free port from ${port} on`), { code: 'EADDRINUSE' })
  const bound = server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return {
    address: `http://${name}:${bound.port}`,
    port: bound.port,
    [Symbol.asyncDispose]: close,
  }
}

export async function openUnixDoor(listener: RequestListener, path: string): Promise<Door> {
  await claimSocketPath(path)
  const { server, close } = createDoor(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
  await chmod(path, 0o660)
  return { address: path, port: 0, [Symbol.asyncDispose]: close }
}
