import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createBatchBuilder, tables, views, type TableName, type ViewName } from '@honeyguide/model'
import fc from 'fast-check'
import { encodeDerived, type DerivedLine } from '../../pipeline/derived-lines.ts'
import type { LogReader, LogRecord } from '../../spool/index.ts'
import { openCore } from './core.ts'
import { openDatabase } from './database.ts'
import { openIntake } from './intake.ts'
import { viewSelect } from './view-sql.ts'

const sensor = new Uint8Array(16).fill(1)
const boot = new Uint8Array(16).fill(2)

function record(kind: LogRecord['kind'], body: Uint8Array, at: number): LogRecord {
  return {
    kind,
    sensor,
    boot,
    run: 1,
    sequence: BigInt(at),
    receivedNs: 7n,
    body,
    offset: at,
    next: at + 1,
  }
}

async function open() {
  const database = await openDatabase({
    path: ':memory:',
    memoryBytes: 512 * 1024 ** 2,
    threads: 1,
  })
  return {
    connection: database.writer.connection,
    intake: await openIntake(database.writer),
  }
}

/** Small numbers that meet each other, and the ends of the range. */
const u32 = fc.oneof(fc.nat(4), fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff))
const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 4n }),
  fc.constantFrom(0n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 10n ** 18n),
)
const text = fc.oneof(
  fc.constantFrom('', '/', '/bin/sh', 'a\0b\0', '\0', "it's", 'exec', 'ring_full'),
  fc.uint8Array({ maxLength: 20 }),
)

suite('intake', () => {
  test('takes any batch that decodes, and every view can be read afterwards', async () => {
    const { connection, intake } = await open()
    let sequence = 0
    const row = fc.record({
      table: fc.constantFrom(...(Object.keys(tables) as TableName[])),
      u32: fc.array(u32, { minLength: 45, maxLength: 45 }),
      u64: fc.array(u64, { minLength: 20, maxLength: 20 }),
      text: fc.array(text, { minLength: 20, maxLength: 20 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 12 }), u64, async (rows, offset) => {
        const builder = createBatchBuilder()
        for (const values of rows) {
          const writerOf = builder.table(values.table)
          const place = writerOf.add()
          let at = 0
          for (const [column, array] of Object.entries(
            writerOf.columns as unknown as Record<string, Uint32Array | BigUint64Array>,
          )) {
            at += 1
            const definition = (tables[values.table].columns as Record<string, { kind: string }>)[
              column
            ]
            if (array instanceof BigUint64Array) array[place] = values.u64[at % 20] ?? 0n
            else if (definition?.kind === 'text') {
              const value = values.text[at % 20] ?? ''
              array[place] = typeof value === 'string' ? builder.string(value) : builder.text(value)
            } else array[place] = values.u32[at % 45] ?? 0
          }
        }
        sequence += 1
        const body = builder.encode(
          { sensor, boot, run: 1, sequence: BigInt(sequence) },
          offset,
          [],
        )
        await intake.add('spool', [record('batch', body, sequence)], sequence + 1, [])
        if (sequence % 10 === 0) await intake.flush()
      }),
      { numRuns: 1000 },
    )
    await intake.flush()
    for (const view of Object.keys(views) as ViewName[])
      await assert.doesNotReject(
        connection.run(`CREATE OR REPLACE TEMP TABLE x AS ${viewSelect(view, 'all')}`),
        view,
      )
    const twice = await connection.runAndReadAll(
      'SELECT id FROM image GROUP BY id HAVING count(*) > 1',
    )
    assert.deepEqual(twice.getRows(), [])
    const unnamed = await connection.runAndReadAll(
      'SELECT count(*) FROM process_fact WHERE image NOT IN (SELECT id FROM image)',
    )
    assert.equal(unnamed.getRows()[0]?.[0], 0n)
  })
  test('takes any record, and findings with broken text', async () => {
    const { connection, intake } = await open()
    let at = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('batch', 'hello', 'refused', 'derived' as const),
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
        ),
        async (kind, body) => {
          at += 1
          await intake.add('spool', [record(kind, body, at)], at + 1, [])
        },
      ),
      { numRuns: 10_000 },
    )
    const row = {
      time: 'never',
      message: '\ud83d cut',
      finding_info_title: 'a\0b',
      severity_id: 'x',
    }
    const lines = [
      { view: 'detection_finding', uid: 'F-\ud800', row },
      {
        view: 'incident_finding',
        uid: "INC'",
        row: { start_time: '2026-11-24T12:00:00Z', end_time: 5 },
      },
    ] as unknown as DerivedLine[]
    await intake.add('derived', [record('derived', encodeDerived(lines), 1)], 2, [])
    await intake.flush()
    const found = await connection.runAndReadAll(
      `SELECT epoch_ms(start_time)::BIGINT, incident_uid FROM (${viewSelect('incident_finding', 'all')})`,
    )
    assert.equal(found.getRows()[0]?.[0], BigInt(Date.UTC(2026, 10, 24, 12)))
    await connection.run(`CREATE TEMP TABLE f AS ${viewSelect('detection_finding', 'all')}`)
  })
  test('takes in a flood of findings, in transactions that fit into memory', async () => {
    const flood = 10_000
    const stop = new AbortController()
    const idle: Pick<LogReader, 'follow'> = {
      // oxlint-disable-next-line require-yield
      async *follow(_from, signal) {
        await new Promise((done) => {
          signal.addEventListener('abort', done)
        })
      },
    }
    const floods: Pick<LogReader, 'follow'> = {
      async *follow(from, signal) {
        for (let at = 0; at < flood; at += 500) {
          const lines = Array.from({ length: 500 }, (_, line) => ({
            view: 'detection_finding',
            uid: `FND-${at + line}`,
            row: { time: '2026-11-24T12:00:00Z', message: 'x'.repeat(900) },
          })) as unknown as DerivedLine[]
          yield {
            records: [record('derived', encodeDerived(lines), at)],
            next: at + 500,
            damage: [],
          }
        }
        yield* idle.follow(from, signal)
      },
    }
    const errors: string[] = []
    await using core = await openCore({
      path: ':memory:',
      memoryBytes: 160 * 1024 ** 2,
      threads: 1,
      // Not by time, so by how many wait.
      flushMs: 3_600_000,
      logs: { spool: idle as LogReader, derived: floods as LogReader },
      onProgress(taken, error) {
        if (error !== undefined) errors.push(error)
        if (taken.derived === flood || error !== undefined) stop.abort()
      },
    })
    await new Promise((done) => {
      stop.signal.addEventListener('abort', done)
      if (stop.signal.aborted) done(undefined)
    })
    assert.deepEqual(errors, [])
    const { rows } = await core.methods.ask('SELECT count(*) FROM detection_finding', 1, 10_000)
    assert.deepEqual(rows, [[flood]])
  })
})
