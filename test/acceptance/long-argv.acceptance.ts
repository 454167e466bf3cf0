/**
 * Very long command lines, each with an empty ring and with one that is nearly full: the event is there, what fits
 * is there, and what is not whole says so. A real Tetragon loses all arguments of these on a small host.
 */
import { join } from 'node:path'
import { openPinnedRing } from '@honeyguide/bpf'
import { imageFlags } from '@honeyguide/model'
import { layout } from '../../packages/sensor/gen/records.ts'
import {
  openTestKernel,
  runProgram,
  type PlainRow,
  type TestKernel,
} from '../../packages/sensor/src/kernel/kernel-harness.ts'
import type { Acceptance } from './harness/acceptance.ts'
import { testProgram } from './harness/program.ts'

const program = '/bin/true'
const long = (bytes: number): string => 'a'.repeat(bytes)

/** Argument lists by what they try. */
const cases: Readonly<Record<string, readonly string[]>> = {
  '131,000 bytes, the first of three': [long(131_000), 'second', 'third'],
  '131,000 bytes, the last of three': ['first', 'second', long(131_000)],
  '131,000 bytes, the only one': [long(131_000)],
  '600 kB over 600': Array.from({ length: 600 }, (_, no) => `${no}`.padEnd(999, 'b')),
  // ARG_MAX is a quarter of the stack limit of 8 MiB, with the environment and a pointer for each word.
  'just under 2 MB over 16': Array.from({ length: 16 }, (_, no) => `${no}`.padEnd(129_000, 'c')),
}

/** More than the events of one life take in the ring. */
const mostBytesOfLife = 4096

/** Bytes that are left in the lifecycle ring. */
function room(test: TestKernel): number {
  using ring = openPinnedRing(join(test.settings.pinDir, layout.hash, 'hg_lifecycle'))
  return ring.sizeBytes - Number(ring.producerPosition - ring.consumerPosition)
}

/** Runs little programs, unread, until fewer bytes than `left` are free; many at once while there is room for them. */
function fill(test: TestKernel, left: number): void {
  const generator = testProgram('spawn-many')
  for (let free = room(test); free > left; free = room(test)) {
    const lives = Math.max(1, Math.floor((free - left) / mostBytesOfLife))
    runProgram(generator, [String(lives), '1', 'fill', program])
  }
}

interface Outcome {
  readonly problem: string
  /** Bytes of the arguments that are there, of how many. */
  readonly kept: string
}

function check(rows: readonly PlainRow[], pid: number, args: readonly string[]): Outcome {
  const truth = [program, ...args].map((word) => `${word}\0`).join('')
  const found = rows.filter((row) => row['pid'] === pid)
  const [row] = found
  if (found.length !== 1 || !row) return { problem: `${found.length} events`, kept: '' }
  const argv = String(row['argv'])
  const isTruncated = (Number(row['flags']) & imageFlags.argvTruncated) !== 0
  const kept = `${argv.length} of ${truth.length}`
  if (row['argvBytes'] !== truth.length)
    return { problem: `says ${row['argvBytes']} bytes of ${truth.length}`, kept }
  if (!truth.startsWith(argv) && !truth.startsWith(argv.replace(/\0$/, '')))
    return { problem: 'other text', kept }
  if (argv.length === 0) return { problem: 'no argument at all', kept }
  if (isTruncated !== argv.length < truth.length)
    return { problem: isTruncated ? 'flagged, and whole' : 'cut, and not flagged', kept }
  return { problem: '', kept }
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'long-argv',
    promise:
      'One argument of 131,000 bytes (first, last, only), 600 kB and just under 2 MB over many, also with the ring nearly full: the event is there, what fits is there, flagged',
    target: `${Object.keys(cases).length * 2} of ${Object.keys(cases).length * 2}`,
    inTests: true,
    needsRoot: true,
    async run() {
      await using test = await openTestKernel()
      const details: string[] = []
      let right = 0
      for (const [name, args] of Object.entries(cases))
        for (const isFull of [false, true]) {
          test.drain()
          // What is free then holds the event and some of its words, but not 131 kB.
          if (isFull) fill(test, 48 << 10)
          const free = room(test)
          // The limit on words and environment is a quarter of the stack's.
          const ran = runProgram(program, args, { env: {} })
          const { problem, kept } = check(test.drain().get('exec') ?? [], ran.pid, args)
          if (problem === '') right += 1
          details.push(
            `${name}, ${free} bytes free: ${kept} bytes${problem === '' ? '' : `, WRONG: ${problem}`}`,
          )
        }
      const count = Object.keys(cases).length * 2
      return { measured: `${right} of ${count}`, n: count, pass: right === count, details }
    },
  },
]
