/**
 * Prints each call of a function of a program or library: by whom, how long it took, what it returned.
 *
 *     node packages/bpf/examples/trace-function/main.ts --function getaddrinfo --text
 */
import { openObject, watchRings, type RecordMemory } from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { positive, printable, required, startCommand } from '../command.ts'
import { layout, readCallEvent } from './gen/trace-function.ts'

const { values, signal } = startCommand('Prints each call of a function of a program or library.', {
  function: { value: 'NAME', help: 'the function, by its symbol' },
  binary: { value: 'FILE', help: 'program or library, path or name', default: 'libc.so.6' },
  pid: { value: 'PID', help: 'one process instead of all' },
  text: { help: 'the first argument points to text' },
})
const target = {
  binary: values.binary,
  function: required('function', values.function),
  ...(values.pid === undefined ? {} : { pid: positive('pid', values.pid) }),
}

using object = openObject(await buildExample('trace-function'), {
  layout,
  rodata: { is_text: values.text },
}).load()
using ring = object.ring('events')
// The end first: a call is then reported only if its beginning was seen too.
using _return = object.attach('on_return', { uprobe: target })
using _call = object.attach('on_call', { uprobe: target })

function print(memory: RecordMemory, at: number): void {
  const call = readCallEvent(memory, at)
  const took = `${(call.durationNsNumber / 1000).toFixed(1)} µs`.padStart(12)
  const argument = values.text ? `"${printable(call.text)}"` : `0x${call.argument.toString(16)}`
  const result = `0x${call.returned.toString(16)}`
  console.log(`${took}  ${printable(call.comm)} (${call.tgid})  ${argument} → ${result}`)
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
if (lost > 0n) console.log(`${lost} calls were lost: no room for them`)
