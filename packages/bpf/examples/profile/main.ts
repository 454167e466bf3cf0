/**
 * Finds out what the CPUs are busy with: samples their stacks and prints the most frequent at the end.
 *
 *     node packages/bpf/examples/profile/main.ts --seconds 5
 */
import {
  kernelNames,
  onlineCpus,
  openObject,
  processNames,
  type AddressNames,
} from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { positive, printable, startCommand, untilStopped } from '../command.ts'
import { layout } from './gen/profile.ts'

const { values, signal } = startCommand('Samples what the CPUs are busy with.', {
  frequency: { value: 'HZ', help: 'samples a second on each CPU', default: '99' },
  pid: { value: 'PID', help: 'one process instead of all' },
  top: { value: 'N', help: 'stacks to print', default: '10' },
})
const frequencyHz = positive('frequency', values.frequency)
const target = values.pid === undefined ? 0 : positive('pid', values.pid)
const top = positive('top', values.top)

interface Sample {
  readonly tgid: number
  readonly kernel_stack: number
  readonly user_stack: number
  readonly comm: Uint8Array
}

using object = openObject(await buildExample('profile'), {
  layout,
  rodata: { target_tgid: target },
}).load()
{
  using links = new DisposableStack()
  for (const cpu of onlineCpus())
    links.use(object.attach('on_sample', { sampling: { frequencyHz, on: { cpu } } }))
  console.log('sampling')
  await untilStopped(signal)
}

const stacks = object.map<number>('stacks')
const samples = object
  .map<Sample, bigint>('samples')
  .entries()
  .toArray()
  .toSorted(([, a], [, b]) => Number(b - a))
const total = samples.reduce((sum, [, count]) => sum + count, 0n)
console.log(`${total} samples, ${samples.length} different stacks`)

const kernel = kernelNames()
const processes = new Map<number, AddressNames>()

function printStack(id: number, names: AddressNames): void {
  // Negative: there was none, or another stack has its place in the map.
  const addresses = id < 0 ? [] : (stacks.stack(id) ?? [])
  for (const address of addresses) {
    const found = names.find(address)
    const text = found ? `${found.name}  ${found.module}` : `0x${address.toString(16)}`
    console.log(`            ${printable(Buffer.from(text))}`)
  }
}

for (const [sample, count] of samples.slice(0, top)) {
  console.log(`${String(count).padStart(8)}  ${printable(sample.comm)} (${sample.tgid})`)
  printStack(sample.kernel_stack, kernel)
  let names = processes.get(sample.tgid)
  if (!names) processes.set(sample.tgid, (names = processNames(sample.tgid)))
  printStack(sample.user_stack, names)
}
const lost = object.map<number, bigint>('lost').get(0) ?? 0n
if (lost > 0n) console.log(`${lost} samples were lost: the map was full`)
