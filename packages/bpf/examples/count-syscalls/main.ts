/**
 * Counts the system calls of the whole machine and prints the most frequent at the end.
 *
 *     node packages/bpf/examples/count-syscalls/main.ts --seconds 2
 */
import { readFileSync } from 'node:fs'
import { openObject } from '@honeyguide/bpf'
import { buildExample } from '../build.ts'
import { startCommand, untilStopped } from '../command.ts'

const { signal } = startCommand('Counts the system calls of this machine.', {})

/** Names by number from the system's header, where it is installed. */
function callNames(): Map<bigint, string> {
  try {
    const header = readFileSync('/usr/include/x86_64-linux-gnu/asm/unistd_64.h', 'utf8')
    return new Map(
      header
        .matchAll(/#define __NR_(\w+) (\d+)/g)
        .map(([, name = '', number = '0']) => [BigInt(number), name]),
    )
  } catch {
    return new Map()
  }
}

using object = openObject(await buildExample('count-syscalls')).load()
{
  using _link = object.attach('count_call')
  console.log('counting')
  await untilStopped(signal)
}
const names = callNames()
const counts = object
  .map<bigint, bigint[]>('calls')
  .entries()
  .map(([id, perCpu]) => ({ id, count: perCpu.reduce((sum, one) => sum + one, 0n) }))
  .toArray()
  .toSorted((a, b) => Number(b.count - a.count))
for (const { id, count } of counts.slice(0, 20)) {
  console.log(`${String(count).padStart(10)}  ${names.get(id) ?? `#${id}`}`)
}
const uncounted = object.map<number, bigint[]>('uncounted').get(0) ?? []
const missed = uncounted.reduce((sum, one) => sum + one, 0n)
if (missed > 0n) console.log(`${String(missed).padStart(10)}  had no room in the map`)
