/**
 * Prints what is started on this machine, until Ctrl-C.
 *
 *     node packages/bpf/examples/trace-exec/main.ts --seconds 5
 */
import { openObject, watchRings, type RecordMemory } from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { printable, startCommand } from '../command.ts'
import { execEvent, layout } from './gen/trace-exec.ts'

const { signal } = startCommand('Prints every program that starts on this machine.', {})

using object = openObject(await buildExample('trace-exec'), { layout }).load()
using ring = object.ring('events')
using _link = object.attach('on_exec')

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
  { signal },
)
const lost = object.map<number, bigint>('lost').get(0) ?? 0n
if (lost > 0n) console.log(`${lost} events were lost: the ring was full`)
