/**
 * Sensors of this machine: a unix socket, whose folder and mode say who may connect.
 *
 * A socket file that nobody listens on any more is replaced. The caller holds the lock of the state
 * folder, so that two hubs never fight over one path of the same folder.
 */
import { chmod, mkdir, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname } from 'node:path'
import { HoneyguideError } from '@honeyguide/model'
import type { OpenTransport } from './transport.ts'

/** Whether somebody accepts connections on the socket at `path`. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

/** Makes way for a listener at `path`. Throws HG_STATE_LOCKED when another process listens there. */
export async function claimSocketPath(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 })
  if (await isListening(path))
    throw new HoneyguideError('HG_STATE_LOCKED', `Somebody already listens on ${path}.`)
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

export function unixTransport(path: string): OpenTransport {
  return async (accept) => {
    await claimSocketPath(path)
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      accept(socket, { name: 'unix', sensor: null })
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, () => {
        server.off('error', reject)
        resolve()
      })
    })
    await chmod(path, 0o660)
    return {
      address: path,
      async [Symbol.asyncDispose]() {
        await new Promise<void>((resolve) => {
          server.close(() => resolve())
        })
      },
    }
  }
}
