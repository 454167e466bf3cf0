/**
 * Takes log records into the events file, exactly once: rows and the offset behind them are one transaction.
 *
 * After a crash the log is read again from the stored offset; what was in flight was never committed.
 */
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import { decodeBatch, namePrefix, type Batch } from '@honeyguide/model'
import { decodeFrameBody } from '@honeyguide/model/frames'
import type { Damage, LogRecord, RefusedBatch } from '../../spool/index.ts'
import { createBatchRows, type BatchRows } from './batch-rows.ts'
import { readImages, readProgress, readStart } from './database.ts'
import { decodeDerived, type DerivedLine } from '../../pipeline/derived-lines.ts'
import { factTables, type FactTable } from './fact-tables.ts'
import { provenanceSql } from './provenance.ts'
import type { Writer } from './writer.ts'

export type LogName = 'spool' | 'derived'

/** Findings or incidents in one statement. */
const derivedRows = 100

export interface Intake {
  /** Offset behind what is committed, per log. */
  readonly taken: Readonly<Record<LogName, number>>
  /** Rows that wait for the next flush. */
  readonly waiting: number
  /** Findings and incidents of these. */
  readonly waitingDerived: number
  /** Buffers records of a log, in order; `next` is where the log goes on behind them. */
  add(
    log: LogName,
    records: readonly LogRecord[],
    next: number,
    damage: readonly Damage[],
  ): Promise<void>
  /**
   * Commits what waits. Throws when DuckDB does (memory, disk): nothing was committed, and it may be tried again.
   * Throws StoreBroken when it may not: the file has to be opened again, and says how far it is.
   */
  flush(): Promise<void>
  /** Rows committed since it was opened. */
  readonly committed: number
}

/** A body that came as a whole frame (length first) or as the frame alone. */
function frameBody(body: Uint8Array): Uint8Array {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  return body.length >= 4 && view.getUint32(0, true) === body.length - 4 ? body.subarray(4) : body
}

const quote = (value: string): string =>
  `'${value.toWellFormed().replaceAll("'", "''").replaceAll('\0', '')}'`

/** Half a surrogate pair (a text cut in its middle) is no UTF-8, and would fail the transaction again and again. */
function wellFormedJson(row: unknown): string {
  return JSON.stringify(row, (_key, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  )
}

/** Others get their turn at least this often, ms. */
const turnMs = 10

export async function openIntake(writer: Writer): Promise<Intake> {
  const begin = await readStart(writer.connection)
  const taken: Record<LogName, number> = { ...begin.taken }
  const pending: Partial<Record<LogName, number>> = {}
  const rows: BatchRows = createBatchRows(begin.start)
  for (const [prefix, image] of begin.images) rows.learn(prefix, image)
  const derived = new Map<string, DerivedLine>()
  let committed = 0
  const appenders = new Map<FactTable, DuckDBAppender>()
  /** What the appenders write on. */
  let connected: DuckDBConnection | undefined

  async function addBatch(batch: Batch): Promise<void> {
    const missing = rows.missing(batch)
    if (missing.length > 0) {
      const prefix = namePrefix(batch.sensor, batch.boot)
      const images = await writer.read((connection) => readImages(connection, prefix, missing))
      for (const image of images) rows.learn(prefix, image)
    }
    rows.add(batch)
  }

  async function addRecord(record: LogRecord): Promise<void> {
    switch (record.kind) {
      case 'batch': {
        let batch
        try {
          batch = decodeBatch(record.body)
        } catch {
          // The ingest reads it before it spools it, so this is damage or a newer writer: told as a loss.
          const us = record.receivedNs / 1000n
          rows.addLoss({
            ...record,
            hook: 'batch',
            reason: 'batch_invalid',
            fromUs: us,
            toUs: us,
            lost: 1n,
          })
          return
        }
        await addBatch(batch)
        return
      }
      case 'hello': {
        try {
          const frame = decodeFrameBody(frameBody(record.body))
          if (frame.kind === 'hello') rows.hello(frame.hello.sensor, frame.hello.hostname)
        } catch {
          // A newer hello: the host keeps the name it had.
        }
        return
      }
      case 'refused': {
        const us = record.receivedNs / 1000n
        let told: Partial<RefusedBatch> = {}
        try {
          told =
            (JSON.parse(
              Buffer.from(record.body).toString('utf8'),
            ) as Partial<RefusedBatch> | null) ?? {}
        } catch {
          // Then the time it came at has to do.
        }
        const time = (text: unknown): bigint =>
          typeof text === 'string' && /^\d{1,19}$/.test(text) ? BigInt(text) / 1000n : us
        // How many events it held cannot be read: one at least.
        rows.addLoss({
          ...record,
          hook: 'batch',
          // Without bytes it stands for batches that never came.
          reason: told.bytes === 0 ? 'batch_missing' : 'batch_invalid',
          fromUs: time(told.fromNs),
          toUs: time(told.toNs),
          lost: 1n,
        })
        return
      }
      case 'derived':
        for (const line of decodeDerived(record.body).lines)
          derived.set(`${line.view}/${line.uid}`, line)
    }
  }

  /** Those of a connection that failed are of no more use; only their rows go, which are still in the buffers. */
  function dropAppenders(): void {
    for (const open of appenders.values()) {
      try {
        open.clear()
        open.closeSync()
      } catch {
        // Its connection is closed, so nothing of it can get into the file.
      }
    }
    appenders.clear()
  }

  async function appender(connection: DuckDBConnection, table: FactTable): Promise<DuckDBAppender> {
    if (connected !== connection) dropAppenders()
    connected = connection
    let open = appenders.get(table)
    if (!open) {
      open = await connection.createAppender(table)
      appenders.set(table, open)
    }
    return open
  }

  /** Many rows a statement: one by one each costs as much as fifty. */
  async function writeDerived(
    connection: DuckDBConnection,
    table: 'finding' | 'incident',
    view: DerivedLine['view'],
    times: readonly string[],
  ): Promise<void> {
    const lines = [...derived.values()].filter((line) => line.view === view)
    for (const { uid, row } of lines)
      if (row === null)
        await connection.run(`DELETE FROM ${table} WHERE uid = $1`, [uid.toWellFormed()])
    const kept = lines.flatMap(({ uid, row }) => (row === null ? [] : [{ uid, row }]))
    for (let from = 0; from < kept.length; from += derivedRows) {
      const parameters: string[] = []
      const parameter = (value: string): string => `$${parameters.push(value)}`
      const values = kept.slice(from, from + derivedRows).map(({ uid, row }) => {
        const at = times.map(
          (name) =>
            `coalesce(try_cast(${parameter(String((row as Record<string, unknown>)[name] ?? ''))} AS TIMESTAMPTZ)::TIMESTAMP, TIMESTAMP '1970-01-01')`,
        )
        return `(${parameter(uid.toWellFormed())}, ${at.join(', ')}, ${parameter(wellFormedJson(row))}::JSON)`
      })
      await connection.run(
        `INSERT OR REPLACE INTO ${table} VALUES ${values.join(', ')}`,
        parameters,
      )
    }
  }

  async function write(connection: DuckDBConnection): Promise<void> {
    for (const origin of rows.newOrigins)
      await connection.run(
        `INSERT OR IGNORE INTO origin VALUES (${origin.id}, ${quote(origin.deviceUid)}, ${quote(origin.bootUid)}, ${quote(origin.prefix)}, ${quote(origin.hostname)})`,
      )
    for (let from = 0; from < rows.newUsers.length; from += 500)
      await connection.run(
        `INSERT OR REPLACE INTO user_name VALUES ${[
          ...new Map(
            rows.newUsers
              .slice(from, from + 500)
              .map(([device, uid, name]) => [
                `${device}/${uid}`,
                `(${quote(device)}, ${uid}, ${quote(name)})`,
              ]),
          ).values(),
        ].join(', ')}`,
      )
    for (let from = 0; from < rows.newProvenance.length; from += 200)
      await connection.run(provenanceSql(rows.newProvenance.slice(from, from + 200)))
    for (let from = 0; from < rows.replaced.length; from += 1000)
      await connection.run(
        `DELETE FROM image WHERE id IN (${rows.replaced.slice(from, from + 1000).join(',')})`,
      )
    for (const table of Object.keys(factTables) as FactTable[]) {
      const buffer = rows.buffers[table]
      if (buffer.rows > 0) buffer.appendTo(await appender(connection, table))
    }
    await writeDerived(connection, 'finding', 'detection_finding', ['time'])
    await writeDerived(connection, 'incident', 'incident_finding', ['start_time', 'end_time'])
    for (const [log, next] of Object.entries(pending))
      await connection.run(`UPDATE progress SET taken = ${next} WHERE log = '${log}'`)
  }

  /** Whether what waits is in the file: the offsets behind it are, or none of it is. */
  async function isStored(connection: DuckDBConnection): Promise<boolean> {
    const progress = new Map(await readProgress(connection))
    return Object.entries(pending).every(([log, next]) => progress.get(log) === next)
  }

  return {
    taken,
    get waiting() {
      return rows.rows + derived.size
    },
    get waitingDerived() {
      return derived.size
    },
    get committed() {
      return committed
    },
    async add(log, records, next, damage) {
      let since = performance.now()
      for (const record of records) {
        await addRecord(record)
        // A hunt takes a dozen turns of the event loop: a backlog of hundreds of ms each would make it seconds.
        if (performance.now() - since < turnMs) continue
        await new Promise<void>((resolve) => {
          setImmediate(resolve)
        })
        since = performance.now()
      }
      for (let stretch = 0; stretch < damage.length; stretch++) {
        // Whose it was cannot be known; it is told on a host of its own.
        const us = BigInt(Date.now()) * 1000n
        rows.addLoss({
          sensor: new Uint8Array(16),
          boot: new Uint8Array(16),
          hook: 'batch',
          reason: 'log_damaged',
          fromUs: us,
          toUs: us,
          lost: 1n,
        })
      }
      pending[log] = next
    },
    async flush() {
      const logs = Object.keys(pending) as LogName[]
      if (logs.length === 0) return
      const facts = rows.rows
      await writer.transact(write, isStored)
      for (const log of logs) taken[log] = pending[log] ?? taken[log]
      for (const log of logs) delete pending[log]
      rows.clear()
      derived.clear()
      committed += facts
    },
  }
}
