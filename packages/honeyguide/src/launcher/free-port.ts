/** The first port from a wanted one on that nobody listens at. */
import { createServer } from 'node:net'
import { HoneyguideError } from '@honeyguide/model/errors'

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else
        reject(
          new HoneyguideError(
            'HG_SETUP_FAILED',
            `the page cannot be served at ${host}: ${error.message}`,
            { cause: error },
          ),
        )
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** `wanted` or the next free one of the 100 after it; 0 stays 0 (any). Throws HG_SETUP_FAILED. */
export async function freePort(host: string, wanted: number): Promise<number> {
  if (wanted === 0) return 0
  for (let port = wanted; port <= Math.min(wanted + 100, 65_535); port++)
    if (await isFree(host, port)) return port
  throw new HoneyguideError('HG_SETUP_FAILED', `no free port from ${wanted} on at ${host}`)
}
