/**
 * The thread that looks at files: none of its waiting and reckoning delays an event. It gives way to what
 * else the host does (nice 10). No timer stands while it has nothing to do; after a while it offers to end, as a thread
 * of Node.js takes some 15 MB.
 */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { createInspector } from './inspector.ts'
import type { FromProvenance, ProvenanceStart, ToProvenance } from './messages.ts'

const port = parentPort
if (!port) throw new Error('This module runs as a worker of the pump.')
const { maxFileBytes, cpuPercent, idleMs, before } = workerData as ProvenanceStart
try {
  // Of this thread alone: Linux has no priority of processes.
  setPriority(10)
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
  before,
})
let taken = 0
/** As they were last told. */
let waitingBefore = 0
let evictionsBefore = 0
let timer: NodeJS.Timeout | undefined
let isNext = false

function send(message: FromProvenance): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  port?.postMessage(message)
}

function answer(): void {
  const found = inspector.take()
  const { waiting, databases } = inspector
  const isNews = found.facts.length > 0 || found.offered > 0 || taken > 0
  if (!isNews && waiting === waitingBefore) return
  waitingBefore = waiting
  const evictions = databases.evictions - evictionsBefore
  evictionsBefore = databases.evictions
  send({ kind: 'findings', ...found, taken, waiting, evictions })
  taken = 0
}

function work(): void {
  isNext = false
  clearTimeout(timer)
  timer = undefined
  const nextMs = inspector.run()
  answer()
  if (nextMs === undefined)
    timer = setTimeout(() => send({ kind: 'idle', remembered: inspector.remember() }), idleMs)
  else if (nextMs === 0) go()
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
