import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import type { LogRecord } from '../../spool/index.ts'
import { addLife, addShell, scriptedHost, shell } from '../scripted-host.ts'
import { openDatabase } from './database.ts'
import { openIntake, type Intake } from './intake.ts'
import { openWriter, StoreBroken, type Writer } from './writer.ts'

const noMemory =
  'Out of Memory Error: failed to allocate data of size 2.0 KiB (512.0 MiB/512.0 MiB used)'
const noRoom = 'IO Error: Could not write file: No space left on device'
const invalidated =
  'FATAL Error: Failed: database has been invalidated because of a previous fatal error.'

/**
 * What is asked of DuckDB, in order; from the first `from` on `times` of it fail, and have been done by then when
 * `behind`. After that `connects` connections fail.
 */
interface Faults {
  names: string[]
  from: string | undefined
  times: number
  connects: number
  behind: boolean
  message: string
}

const none: Faults = {
  names: [],
  from: undefined,
  times: 0,
  connects: 0,
  behind: false,
  message: noMemory,
}

function arm(faults: Faults, change: Partial<Faults> = {}): void {
  Object.assign(faults, { ...none, names: [], times: 1, ...change })
}

/** Counts a step. */
function isFailing(faults: Faults, name: string): boolean {
  const isBegun = faults.from !== undefined && faults.names.includes(faults.from)
  faults.names.push(name)
  if (isBegun && faults.times === 0 && name === 'connect' && faults.connects > 0) {
    faults.connects -= 1
    return true
  }
  if ((!isBegun && name !== faults.from) || faults.times === 0) return false
  faults.times -= 1
  return true
}

const nameOf = (sql: string): string => sql.trim().split(' ', 3).join(' ')

/** The real connection, with faults at its statements and its appenders' flushes. */
function faulty(connection: DuckDBConnection, faults: Faults): DuckDBConnection {
  function step<T>(name: string, work: () => T): T {
    const fails = isFailing(faults, name)
    if (fails && !faults.behind) throw new Error(faults.message)
    const value = work()
    if (fails) throw new Error(faults.message)
    return value
  }
  async function statement<T>(name: string, work: () => Promise<T>): Promise<T> {
    const fails = isFailing(faults, name)
    if (fails && !faults.behind) throw new Error(faults.message)
    const value = await work()
    if (fails) throw new Error(faults.message)
    return value
  }
  const appending = (appender: DuckDBAppender, table: string): DuckDBAppender =>
    new Proxy(appender, {
      get(target, key) {
        if (key !== 'flushSync') {
          const value: unknown = Reflect.get(target, key)
          return typeof value === 'function' ? value.bind(target) : value
        }
        return () => step(`flush ${table}`, () => target.flushSync())
      },
    })
  return new Proxy(connection, {
    get(target, key) {
      switch (key) {
        case 'run':
          return (sql: string, values?: never) =>
            statement(nameOf(sql), () => target.run(sql, values))
        case 'runAndReadAll':
          return (sql: string, values?: never) =>
            statement(nameOf(sql), () => target.runAndReadAll(sql, values))
        case 'createAppender':
          return (table: string) =>
            statement(`append ${table}`, async () =>
              appending(await target.createAppender(table), table),
            )
        default: {
          const value: unknown = Reflect.get(target, key)
          return typeof value === 'function' ? value.bind(target) : value
        }
      }
    },
  })
}

interface Taken {
  readonly faults: Faults
  readonly writer: Writer
  readonly intake: Intake
  /** Adds a batch of ten lives, with texts and a user that no batch before it had. */
  add(): Promise<void>
  /** Of what is in the file: events, events told apart, launches told apart by their number, images told apart, offset. */
  held(): Promise<unknown>
  readonly expected: unknown
}

async function taken(patienceMs = 60_000): Promise<Taken & Disposable> {
  const database = await openDatabase({
    path: ':memory:',
    memoryBytes: 256 * 1024 ** 2,
    threads: 1,
  })
  const faults: Faults = { ...none }
  const connect = async (): Promise<DuckDBConnection> => {
    if (isFailing(faults, 'connect')) throw new Error(faults.message)
    return faulty(await database.instance.connect(), faults)
  }
  const writer = await openWriter(connect, { patienceMs })
  const intake = await openIntake(writer)
  const host = scriptedHost(1, Date.now())
  let lives = 0
  let offset = 0
  addShell(host)
  return {
    faults,
    writer,
    intake,
    async add() {
      host.add('user', { uid: 2000 + lives, name: `user-${lives}` })
      for (let life = 0; life < 10; life++, lives++)
        addLife(host, lives, shell, { file: `/usr/bin/program-${lives}` })
      const record = { ...host.batch(), offset, next: offset + 1 } as LogRecord
      offset += 1
      await intake.add('spool', [record], offset, [])
    },
    async held() {
      const { connection } = database.writer
      const answer = await connection.runAndReadAll(
        `SELECT (SELECT count(*) FROM process_fact), (SELECT count(DISTINCT seq) FROM process_fact),
           (SELECT count(DISTINCT cmd_line) FROM image WHERE cmd_line LIKE 'program-%'),
           (SELECT count(*) - count(DISTINCT id) FROM image), (SELECT count(*) - count(DISTINCT id) FROM text),
           (SELECT count(*) FROM user_name), (SELECT taken FROM progress WHERE log = 'spool')`,
      )
      return answer.getRows()[0]?.map(Number)
    },
    get expected() {
      return [lives * 3, lives * 3, lives, 0, 0, 1 + lives / 10, offset]
    },
    [Symbol.dispose]() {
      writer[Symbol.dispose]()
      database[Symbol.dispose]()
    },
  }
}

/** As the store does it. */
async function flushed(intake: Intake): Promise<unknown[]> {
  const errors: unknown[] = []
  for (let tries = 0; tries < 20; tries++) {
    try {
      await intake.flush()
      return errors
    } catch (error) {
      if (error instanceof StoreBroken) throw error
      errors.push(error)
    }
  }
  throw new Error('It never ended.')
}

suite('transactions that fail', () => {
  test('leave every row in the file once, wherever they fail, before or behind it, and however often', async () => {
    using store = await taken()
    const { faults, intake } = store
    await store.add()
    arm(faults)
    await flushed(intake)
    const names = [...new Set(faults.names)]
    assert.equal(names[0], 'BEGIN TRANSACTION')
    assert.equal(names.at(-1), 'COMMIT')
    assert.ok(names.includes('flush process_fact'), names.join())
    let failed = 0
    for (const message of [noMemory, noRoom])
      for (const behind of [false, true])
        for (const [times, connects] of [
          [1, 0],
          [1, 1],
          [1, 2],
          [2, 0],
          [2, 1],
          [3, 0],
          [5, 0],
        ] as const)
          for (const from of names) {
            // That ends the use of it, see below.
            if (from === 'COMMIT' && message === noMemory && !behind) continue
            await store.add()
            arm(faults, { from, times, connects, behind, message })
            const where = `${from}, ${behind ? 'behind' : 'before'}, ${times} times, ${connects} connections, ${message}`
            try {
              failed += (await flushed(intake)).length
            } catch (cause) {
              throw new Error(where, { cause })
            }
            arm(faults)
            assert.deepEqual(await store.held(), store.expected, where)
          }
    assert.ok(failed > 100, `${failed} failed`)
  })
  test('end the use of this DuckDB when memory was wanting for COMMIT and nothing was committed', async () => {
    using store = await taken()
    await store.add()
    await flushed(store.intake)
    const before = store.expected
    await store.add()
    arm(store.faults, { from: 'COMMIT' })
    await assert.rejects(store.intake.flush(), StoreBroken)
    arm(store.faults)
    await assert.rejects(store.intake.flush(), StoreBroken)
    assert.deepEqual(store.faults.names, [], 'nothing more is asked of it')
    assert.deepEqual(await store.held(), before)
  })
  test('end the use of a DuckDB that says it answers nothing any more', async () => {
    using store = await taken()
    await store.add()
    arm(store.faults, { from: 'flush text', message: invalidated })
    await assert.rejects(store.intake.flush(), StoreBroken)
  })
  test('end the use of a DuckDB that cannot be asked how COMMIT ended', async () => {
    using store = await taken(200)
    await store.add()
    arm(store.faults, { from: 'COMMIT', times: 1000, behind: true })
    await assert.rejects(store.intake.flush(), StoreBroken)
  })
})

suite('reading for the writer', () => {
  test('waits while memory is wanting, and gives up when it is so for too long', async () => {
    using store = await taken(500)
    const { faults, writer } = store
    const one = () => writer.read((connection) => connection.runAndReadAll('SELECT 1'))
    arm(faults, { from: 'SELECT 1', times: 2 })
    assert.deepEqual((await one()).getRows(), [[1]])
    arm(faults, { from: 'SELECT 1', message: 'Parser Error: syntax error' })
    await assert.rejects(one(), /syntax error/)
    arm(faults, { from: 'SELECT 1', times: 1000 })
    await assert.rejects(one(), StoreBroken)
  })
})
