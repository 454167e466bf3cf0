/**
 * The thread that looks at files: none of its waiting and reckoning delays an event. It gives way to everything
 * else on the host (nice 19), and no timer stands while it has nothing to do.
 */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { createInspector } from './inspector.ts'
import type { FromProvenance, ProvenanceStart, ToProvenance } from './messages.ts'

const port = parentPort
if (!port) throw new Error('This module runs as a worker of the pump.')
const { maxFileBytes, cpuPercent } = workerData as ProvenanceStart
try {
  // Of this thread alone: Linux has no priority of processes.
  setPriority(19)
} catch {
  // Not allowed here: it has its share all the same.
}

const inspector = createInspector({
  maxFileBytes,
  share: cpuPercent / 100,
  nowMs: () => performance.now(),
  cpuMs() {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  },
})
let taken = 0
/** As it was last told. */
let waitingBefore = 0
let timer: NodeJS.Timeout | undefined
let isNext = false

function answer(): void {
  const found = inspector.take()
  const { waiting, databases } = inspector
  const isNews = found.facts.length > 0 || found.offered > 0 || taken > 0
  if (!isNews && waiting === waitingBefore) return
  waitingBefore = waiting
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  port?.postMessage({
    ...found,
    taken,
    waiting,
    evictions: databases.evictions,
  } satisfies FromProvenance)
  taken = 0
}

function work(): void {
  isNext = false
  clearTimeout(timer)
  timer = undefined
  const nextMs = inspector.run()
  answer()
  if (nextMs === undefined) return
  if (nextMs === 0) go()
  else timer = setTimeout(work, nextMs)
}

function go(): void {
  if (isNext) return
  isNext = true
  setImmediate(work)
}

port.on('message', (message: ToProvenance) => {
  if (message.kind === 'forget') {
    inspector.forget()
    return
  }
  inspector.see(message.files)
  taken += message.files.length
  go()
})
