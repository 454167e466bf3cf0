/**
 * Puts recorded events in the place of written ones in rules/samples.
 *
 *     sudo bin/node scripts/run-samples.ts | bin/node scripts/record-samples.ts
 *     bin/node scripts/record-samples.ts --list
 *
 * Reads events with OCSF names, as `{ "rows": [...] }` or one JSON object per line, and replaces the row of
 * every sample for which an event of the same program, arguments and parent (for connections: endpoint) was
 * recorded.
 * The words on why, and the facts of the lineage, stay. `--list` prints what is still
 * written by hand. The tests of the rules then say whether they still hold.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import type { ActivityRow } from '@honeyguide/model'
import { rulesFolder } from '../rules/own-rules.ts'

interface Sample {
  readonly why: string
  row: ActivityRow
  readonly facts?: unknown
  /** True once the row was recorded from a kernel's event. */
  recorded?: boolean
}
interface Samples {
  readonly rule: string
  readonly positive: Sample[]
  readonly negative: Sample[]
}

/** What must be equal for an event to stand for a sample: program, arguments and who started it, or the endpoint. */
function keyOf(row: ActivityRow): string {
  return row.class_uid === 4001
    ? JSON.stringify([4001, row.activity_name, row.actor_process_cmd_line, row.dst_endpoint_port])
    : JSON.stringify([
        1007,
        row.activity_name,
        row.process_file_path,
        row.process_cmd_line,
        row.process_parent_process_file_path,
      ])
}

/** Without what the event does not have. */
function withoutNulls(row: ActivityRow): ActivityRow {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== null),
  ) as unknown as ActivityRow
}

const samplesFolder = new URL('samples/', rulesFolder)
const files = readdirSync(samplesFolder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => new URL(file, samplesFolder))
const all = files.map((file) => ({
  file,
  samples: JSON.parse(readFileSync(file, 'utf8')) as Samples,
}))

if (process.argv.includes('--list')) {
  for (const { samples } of all)
    for (const sample of [...samples.positive, ...samples.negative])
      if (sample.recorded !== true)
        console.log(
          `${samples.rule}\t${sample.row.process_file_path ?? sample.row.actor_process_file_path}\t${sample.row.process_cmd_line ?? sample.row.actor_process_cmd_line}`,
        )
} else {
  const input = (await text(process.stdin)).trim()
  const parsed: unknown[] = input.startsWith('{"rows"')
    ? (JSON.parse(input) as { rows: unknown[] }).rows
    : input.split('\n').map((line): unknown => JSON.parse(line))
  const events = Map.groupBy(parsed as ActivityRow[], keyOf)
  let replaced = 0
  let written = 0
  for (const { file, samples } of all) {
    for (const sample of [...samples.positive, ...samples.negative]) {
      const alike = events.get(keyOf(sample.row))
      // Of several the one from the same folder, else the first.
      const event =
        alike?.find(
          (one) => one.process_working_directory === sample.row.process_working_directory,
        ) ?? alike?.[0]
      if (event) {
        sample.row = withoutNulls(event)
        sample.recorded = true
        replaced += 1
      } else if (sample.recorded !== true) written += 1
    }
    writeFileSync(file, `${JSON.stringify(samples, null, 2)}\n`)
  }
  console.log(`${replaced} samples recorded anew; ${written} are still written by hand`)
}
