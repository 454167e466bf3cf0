/** Batches that a real sensor sent: the smallest of the recording that `--demo` shows, of every kind of table in it. */
import { join, resolve } from 'node:path'
import { decodeBatch, type Batch } from '../../packages/model/src/batch/index.ts'
import { tables, type TableName } from '../../packages/model/src/tables/index.ts'
import { openRecording } from '../../packages/hub/src/replay/recording.ts'

const recording = join(resolve(import.meta.dirname, '../..'), 'recordings/demo-hour.hgrec')

/** Encoded batches of at most `mostBytes`: per table of the wire format the first that has rows of it. */
export async function recordedBatches(mostBytes = 1500): Promise<Uint8Array[]> {
  await using reader = await openRecording(recording)
  const found = new Map<TableName, Uint8Array>()
  const names = Object.keys(tables) as TableName[]
  for await (const { bytes } of reader.batches()) {
    if (bytes.length > mostBytes) continue
    const batch: Batch = decodeBatch(bytes)
    for (const name of names)
      if (batch.table(name) && !found.has(name)) found.set(name, new Uint8Array(bytes))
    if (found.size === names.length) break
  }
  return [...new Set(found.values())]
}
