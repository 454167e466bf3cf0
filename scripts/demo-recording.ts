/**
 * Makes the recording that `npm start -- --demo` plays from one that `honeyguide record` made while
 * `demo benign` and `demo attack` ran: keeps what their processes did, and every loss; leaves the rest
 * of the machine out.
 *
 *     bin/node scripts/demo-recording.ts FROM TO [label]
 */
import {
  createBatchBuilder,
  decodeBatch,
  splitArgv,
  tables,
  type Batch,
  type BatchBuilder,
  type TableDefinition,
  type TableName,
} from '@honeyguide/model'
import { createRecording, openRecording } from '@honeyguide/hub'

/** Tables whose rows belong to a process that must be kept; the others of `always` are kept whole. */
const byProcess = [
  'exec',
  'exec_failed',
  'fork',
  'exit',
  'tcp',
] as const satisfies readonly TableName[]
const always = ['loss', 'feature', 'user'] as const satisfies readonly TableName[]

function isDemo(argv: string): boolean {
  const words = splitArgv(argv)
  const at = words.indexOf('demo')
  return at > 0 && (words[at + 1] === 'benign' || words[at + 1] === 'attack')
}

/** Copies row `from` of a table, texts included. */
function copyRow(batch: Batch, builder: BatchBuilder, name: TableName, from: number): void {
  const source = batch.table(name)
  if (!source) return
  const target = builder.table(name)
  const to = target.add()
  const definition: TableDefinition = tables[name]
  const read = source.columns as Record<string, Uint32Array | BigUint64Array>
  const write = target.columns as Record<string, Uint32Array | BigUint64Array>
  for (const [column, { kind }] of Object.entries(definition.columns)) {
    const value = read[column]?.[from] ?? 0
    const array = write[column]
    if (!array) continue
    array[to] = kind === 'text' ? builder.text(batch.bytes(Number(value))) : value
  }
}

const [from, to, label = 'demo benign and demo attack, recorded'] = process.argv.slice(2)
if (!from || !to) throw new Error('usage: demo-recording.ts FROM TO [label]')
await using recording = await openRecording(from)
await using out = await createRecording(to, { ...recording.header, label })
const kept = new Set<string>()
const key = (pid: number | undefined, startNs: bigint | undefined): string => `${pid}/${startNs}`
const builder = createBatchBuilder()
let sequence = 0n
let rows = 0
/** A second's batches become one: they share a dictionary, which is most of their bytes. */
const togetherUs = 1_000_000
const mostRows = 512
let open: { readonly receivedUs: number; readonly batch: Batch } | undefined

async function writeOut(): Promise<void> {
  if (!open || builder.rows === 0) return
  const { sensor, boot, run, wallOffsetNs } = open.batch
  rows += builder.rows
  sequence += 1n
  await out.write({
    receivedUs: open.receivedUs,
    bytes: builder.encode({ sensor, boot, run, sequence }, wallOffsetNs, []),
  })
  builder.reset()
  open = undefined
}

for await (const { receivedUs, bytes } of recording.batches()) {
  const batch = decodeBatch(bytes)
  // Times are the clock's offset away from it: rows of two offsets do not share a batch.
  if (open && (open.batch.run !== batch.run || open.batch.wallOffsetNs !== batch.wallOffsetNs))
    await writeOut()
  const exec = batch.table('exec')
  for (let row = 0; row < (exec?.rows ?? 0); row++)
    if (exec && isDemo(batch.text(exec.columns.argv[row] ?? 0)))
      kept.add(key(exec.columns.pid[row], exec.columns.startNs[row]))
  // Within a batch rows are in order of time, but tables are apart: twice finds children of children.
  const fork = batch.table('fork')
  for (let again = true; again && fork;) {
    again = false
    for (let row = 0; row < fork.rows; row++) {
      const child = key(fork.columns.pid[row], fork.columns.startNs[row])
      if (
        kept.has(child) ||
        !kept.has(key(fork.columns.parentPid[row], fork.columns.parentStartNs[row]))
      )
        continue
      kept.add(child)
      again = true
    }
  }
  for (const name of byProcess) {
    const table = batch.table(name)
    for (let row = 0; row < (table?.rows ?? 0); row++)
      if (kept.has(key(table?.columns.pid[row], table?.columns.startNs[row])))
        copyRow(batch, builder, name, row)
  }
  for (const name of always) {
    const table = batch.table(name)
    for (let row = 0; row < (table?.rows ?? 0); row++) copyRow(batch, builder, name, row)
  }
  open ??= { receivedUs, batch }
  if (receivedUs - open.receivedUs >= togetherUs || builder.rows >= mostRows) await writeOut()
}
await writeOut()
console.log(`${rows} rows in ${out.batches} batches, ${out.bytes} bytes; ${kept.size} processes`)
