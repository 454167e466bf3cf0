/**
 * Counts the system calls of the whole machine for some seconds and prints the most frequent.
 *
 *     node packages/bpf/examples/count-syscalls/main.ts --seconds 2
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openObject } from '../../src/index.ts'
import { buildExample } from '../build.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' } } })

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
  await sleep(Number(values.seconds) * 1000)
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
