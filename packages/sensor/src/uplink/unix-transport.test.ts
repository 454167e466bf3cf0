import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transportSuite } from './transport.suite.ts'
import { unixTransport } from './unix-transport.ts'

transportSuite('unix', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hg-transport-'))
  const path = join(dir, 'hub.sock')
  const waiting: Socket[] = []
  let take: ((socket: Socket) => void) | undefined
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (take) take(socket)
    else waiting.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const goAway = (): Promise<void> =>
    server.listening ? new Promise((resolve) => server.close(() => resolve())) : Promise.resolve()
  return {
    transport: unixTransport(path),
    accepted: async () =>
      waiting.shift() ?? (await new Promise<Socket>((resolve) => (take = resolve))),
    goAway,
    async [Symbol.asyncDispose]() {
      await goAway()
      rmSync(dir, { recursive: true, force: true })
    },
  }
})
