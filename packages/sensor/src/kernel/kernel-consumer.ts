/**
 * For kernel tests: a sensor's core that can be killed. Drains, writes what it got and how far it is as
 * one line of a file, and only then commits, as the real one does with its spool.
 *
 *     node kernel-consumer.ts SETTINGS FILE
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { createBatchBuilder, decodeBatch } from '@honeyguide/model/batch'
import { tables, type TableName } from '@honeyguide/model/tables'
import { repeatsBit } from '@honeyguide/model/tables/file'
import { plainRows, type PlainRow } from './kernel-harness.ts'
import { openKernel, type KernelProgress, type KernelSettings } from './kernel.ts'

/** One line of the file. */
export interface ConsumedLine {
  readonly progress: KernelProgress
  /** Sequence numbers by ring. */
  readonly lifecycle: readonly string[]
  readonly data: readonly string[]
  readonly rows: number
  /** Parent's pid, its identity, and the child's identity, of each fork in order. */
  readonly forks: readonly (readonly [number, string, string])[]
  /** Identities: pids are used again. */
  readonly exits: readonly string[]
  /** Pid and operation of tcp rows, in order. */
  readonly tcp: readonly (readonly [number, number])[]
  readonly loss: readonly Record<string, string>[]
}

/** Whole lines of the file: a line that was cut by a kill does not count, as in a spool with checksums. */
export function consumedLines(path: string): ConsumedLine[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as ConsumedLine)
}

/** Numbers of the events that came through a ring; rows of repeats came another way. */
const seqsOf = (
  rows: ReadonlyMap<TableName, readonly PlainRow[]>,
  ring: 'lifecycle' | 'data',
): string[] =>
  [...rows]
    .filter(([name]) => tables[name].ring === ring)
    .flatMap(([, found]) => found)
    .map((row) => row['seq'] as bigint)
    .filter((seq) => (seq & repeatsBit) === 0n)
    .map(String)

const identityOf = (row: PlainRow): string => `${row['pid']} ${row['startNs']}`

if (import.meta.main) {
  const settings = JSON.parse(process.argv[2] ?? '') as KernelSettings
  const path = process.argv[3] ?? ''
  const before = consumedLines(path)
  if (existsSync(path) && !readFileSync(path, 'utf8').endsWith('\n')) appendFileSync(path, '\n')
  using kernel = openKernel(settings, { progress: before.at(-1)?.progress })
  process.stdout.write('ready\n')
  const builder = createBatchBuilder()
  for (;;) {
    builder.reset()
    const pumped = kernel.pump(builder)
    if (pumped.rows > 0) {
      const rows = plainRows(
        decodeBatch(
          builder.encode(
            { sensor: new Uint8Array(16), boot: new Uint8Array(16), run: 1, sequence: 1n },
            0n,
            [],
          ),
        ),
      )
      const line: ConsumedLine = {
        progress: pumped.progress,
        lifecycle: seqsOf(rows, 'lifecycle'),
        data: seqsOf(rows, 'data'),
        rows: pumped.rows,
        forks: (rows.get('fork') ?? []).map((row) => [
          Number(row['parentPid']),
          `${row['parentPid']} ${row['parentStartNs']}`,
          identityOf(row),
        ]),
        exits: (rows.get('exit') ?? []).map(identityOf),
        tcp: (rows.get('tcp') ?? []).map((row) => [Number(row['pid']), Number(row['operation'])]),
        loss: (rows.get('loss') ?? []).map((row) =>
          Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])),
        ),
      }
      appendFileSync(path, `${JSON.stringify(line)}\n`)
      kernel.commit(pumped.progress)
    }
    if (!pumped.isMore) await setTimeout(2)
  }
}
