/**
 * Prints what is started on this machine, until Ctrl-C.
 *
 *     node packages/bpf/examples/trace-exec/main.ts --seconds 5
 */
import { parseArgs } from 'node:util'
import { openObject, watchRings, type RecordMemory } from '../../src/index.ts'
import { buildExample } from '../build.ts'
import { execEvent, layout } from './gen/trace-exec.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string' } } })
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
process.once('SIGTERM', () => stop.abort())
if (values.seconds !== undefined) {
  setTimeout(() => stop.abort(), Number(values.seconds) * 1000).unref()
}

using object = openObject(await buildExample('trace-exec'), { layout }).load()
using ring = object.ring('events')
using _link = object.attach('on_exec')

/** Text up to the NUL; names come from others, so control characters are shown, not obeyed. */
function printable(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  const text = Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString()
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)
}

function print(memory: RecordMemory, at: number): void {
  const seconds = (execEvent.bootNsNumber(memory, at) / 1e9).toFixed(3)
  const tgid = execEvent.tgid(memory, at)
  const parent = execEvent.parentTgid(memory, at)
  console.log(`${seconds}  ${parent} → ${tgid}  ${printable(execEvent.file(memory, at))}`)
}

console.log('attached')
await watchRings(
  [ring],
  () => {
    const drained = ring.drain(print)
    ring.commit(drained.end)
  },
  { signal: stop.signal },
)
const lost = object.map<number, bigint>('lost').get(0) ?? 0n
if (lost > 0n) console.log(`${lost} events were lost: the ring was full`)
