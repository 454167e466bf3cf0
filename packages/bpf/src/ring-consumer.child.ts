/**
 * A consumer to be killed by a test: spools sequence numbers, then commits.
 *
 * Arguments: folder of the pins, spool file, layout of the record (offset of its sequence number).
 * Spool: one line per batch, `end position` and the numbers; a line counts when it is whole.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { Ring } from './ring.ts'
import { openPinnedMap } from './map.ts'
import { watchRings } from './ring-watch.ts'

const [, , folder = '', spool = '', sequenceAt = '8'] = argv
const offset = Number(sequenceAt)

/** Position after the last whole batch of the spool; what is cut off behind it is removed. */
function spooledPosition(): bigint | undefined {
  if (!existsSync(spool)) return undefined
  const text = readFileSync(spool, 'utf8')
  const whole = text.lastIndexOf('\n') + 1
  if (whole !== text.length) truncateSync(spool, whole)
  const last = text.slice(0, whole).trimEnd().split('\n').at(-1)
  return last ? BigInt(last.split(' ')[0] ?? '0') : undefined
}

using ring = new Ring(openPinnedMap(join(folder, 'events')))
const spooled = spooledPosition()
if (spooled !== undefined && spooled > ring.consumerPosition) ring.seek(spooled)

console.log('ready')
await watchRings(
  [ring],
  () => {
    const numbers: bigint[] = []
    const drained = ring.drain(
      (memory, at) => void numbers.push(memory.u64[(at + offset) >>> 3] ?? 0n),
      { maxRecords: 64 },
    )
    if (drained.end === drained.start) return
    appendFileSync(spool, `${drained.end} ${numbers.join(' ')}\n`)
    ring.commit(drained.end)
  },
  { signal: new AbortController().signal, intervalMs: 2 },
)
