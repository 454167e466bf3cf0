/** Reads a ring by its descriptor's number in a worker until told to stop; tells how many records it saw. */
import { parentPort, workerData } from 'node:worker_threads'
import { mapFromFd } from './map.ts'
import { Ring } from './ring.ts'
import { watchRings } from './ring-watch.ts'

const { fd, wanted } = workerData as { fd: number; wanted: number }
using ring = new Ring(mapFromFd(fd))
const abort = new AbortController()
let seen = 0
parentPort?.once('message', () => abort.abort())
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker port has no origin
parentPort?.postMessage('ready')
await watchRings(
  [ring],
  () => {
    const drained = ring.drain(() => undefined)
    seen += drained.records
    ring.commit(drained.end)
    if (seen >= wanted) abort.abort()
  },
  { signal: abort.signal },
)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker port has no origin
parentPort?.postMessage(seen)
parentPort?.unref()
