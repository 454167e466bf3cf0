/**
 * Opens the events file, makes or migrates its tables, and reads back what the writer has to remember.
 *
 * One process owns the file: DuckDB does not refuse a second instance within a process, and would corrupt it.
 */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { HoneyguideError } from '@honeyguide/model'
import { createStatements, imageKind, schemaVersion } from './fact-tables.ts'
import type { BatchRowsStart, StoredImage } from './batch-rows.ts'
import { migrate } from './migrate.ts'
import { openWriter, type Writer } from './writer.ts'

export interface DatabaseOptions {
  /** File, or `:memory:`. */
  readonly path: string
  /** DuckDB's own ceiling, bytes. It does not hold everything: the process has one, too. */
  readonly memoryBytes: number
  readonly threads: number
}

/** Settings of every instance that people's text reaches: nothing from outside, nothing to change. */
function lockedSettings(options: { memoryBytes: number; threads: number }): Record<string, string> {
  return {
    threads: String(options.threads),
    memory_limit: `${Math.floor(options.memoryBytes / 1024)}KiB`,
    enable_external_access: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_unsigned_extensions: 'false',
  }
}

/** An empty instance that only parses. */
export async function openParser(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(
    ':memory:',
    lockedSettings({ memoryBytes: 64 * 1024 * 1024, threads: 1 }),
  )
  const connection = await instance.connect()
  await connection.run(`SET TimeZone = 'UTC'`)
  await connection.run('SET lock_configuration = true')
  return connection
}

export interface Database extends Disposable {
  readonly instance: DuckDBInstance
  readonly writer: Writer
}

/** Throws HG_STATE_FORMAT when a newer version wrote the file. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const instance = await DuckDBInstance.create(options.path, {
    // No spilling: what does not fit is refused, so a query cannot fill the disk. It must be said first:
    // without external access the setting is refused.
    temp_directory: '',
    ...lockedSettings(options),
    // What is not in a checkpoint yet lies in memory, half as large again: 256 MB of log took 390 of 512 MB from
    // hunts. A checkpoint of 64 MB takes 0.2 to 0.4 s also in a file of 100 million events, of 256 MB 0.5 to 0.9 s;
    // below that it is all the time (the default is 16 MB).
    checkpoint_threshold: '64MB',
    storage_compatibility_version: 'latest',
    preserve_insertion_order: 'false',
  })
  const writer = await openWriter(() => instance.connect())
  const { connection } = writer
  await connection.run(`SET GLOBAL TimeZone = 'UTC'`)
  await connection.run('SET lock_configuration = true')
  const tables = await connection.runAndReadAll(
    `SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_version'`,
  )
  if (Number(tables.getRows()[0]?.[0] ?? 0) === 0) {
    await writer.transact(async () => {
      for (const statement of createStatements) await connection.run(statement)
    })
  } else {
    const found = Number(
      (await connection.runAndReadAll('SELECT max(version) FROM schema_version')).getRows()[0]?.[0],
    )
    if (found > schemaVersion)
      throw new HoneyguideError(
        'HG_STATE_FORMAT',
        `The events file has version ${found}; this is ${schemaVersion}.`,
      )
    if (found < schemaVersion) await migrate(writer)
  }
  return {
    instance,
    writer,
    [Symbol.dispose]() {
      writer[Symbol.dispose]()
      instance.closeSync()
    },
  }
}

const imageColumns = `i.id, i.process, i.kind, i.pid, i.start_ns, i.exec_no, i.parent, coalesce(p.pid, 0), coalesce(p.file, ''),
  i.uid, i.name, i.file, i.typed, i.interpreter, i.cmd_line, i.cwd, i.unit, i.container, i.cgroup, i.tty, i.euid, i.gid,
  i.session_id, i.cap_effective, i.mount_ns, i.net_ns, o.prefix, i.inode, i.device`

type Row = readonly unknown[]
const number = (value: unknown): number => Number(value ?? 0)
const bigint = (value: unknown): bigint =>
  typeof value === 'bigint' ? value : BigInt(number(value))
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function storedImage(row: Row): readonly [prefix: string, image: StoredImage] {
  return [
    text(row[26]),
    {
      id: bigint(row[0]),
      process: bigint(row[1]),
      kind: number(row[2]),
      pid: number(row[3]),
      startNs: bigint(row[4]),
      execNo: number(row[5]),
      parent: bigint(row[6]),
      parentPid: number(row[7]),
      parentFile: text(row[8]),
      uid: number(row[9]),
      detail: {
        name: text(row[10]),
        file: text(row[11]),
        typed: text(row[12]),
        interpreter: text(row[13]),
        cmdLine: text(row[14]),
        cwd: text(row[15]),
        unit: text(row[16]),
        container: text(row[17]),
        cgroup: text(row[18]),
        tty: text(row[19]),
        euid: number(row[20]),
        gid: number(row[21]),
        sessionId: number(row[22]),
        capEffective: bigint(row[23]),
        mountNs: number(row[24]),
        netNs: number(row[25]),
        inode: bigint(row[27]),
        device: number(row[28]),
      },
    },
  ]
}

/** Images of one boot by name, as far as the file has them. */
export async function readImages(
  connection: DuckDBConnection,
  prefix: string,
  keys: readonly { readonly pid: number; readonly startNs: bigint; readonly execNo: number }[],
): Promise<StoredImage[]> {
  const found: StoredImage[] = []
  for (let from = 0; from < keys.length; from += 1000) {
    const values = keys
      .slice(from, from + 1000)
      .map(({ pid, startNs, execNo }) => `(${pid}, ${startNs}, ${execNo})`)
    // The prefix is hex made by us; numbers are numbers.
    const answer = await connection.runAndReadAll(
      `SELECT ${imageColumns} FROM image i JOIN (VALUES ${values.join(',')}) k(pid, start_ns, exec_no)
         ON i.pid = k.pid AND i.start_ns = k.start_ns AND i.exec_no = k.exec_no
       JOIN origin o ON o.id = i.origin LEFT JOIN image p ON p.id = i.parent
       WHERE o.prefix = '${prefix}' AND i.kind <> ${imageKind.attempt}`,
    )
    for (const row of answer.getRows()) found.push(storedImage(row)[1])
  }
  return found
}

/** Offset behind what is in the file, per log. */
export async function readProgress(
  connection: DuckDBConnection,
): Promise<(readonly [log: string, taken: number])[]> {
  const answer = await connection.runAndReadAll('SELECT log, taken FROM progress')
  return answer.getRows().map((row) => [text(row[0]), number(row[1])])
}

/** What a writer has to know of a file that exists: next ids, origins, users, and the newest texts, images and sockets. */
export async function readStart(connection: DuckDBConnection): Promise<{
  readonly start: BatchRowsStart
  readonly images: readonly (readonly [prefix: string, image: StoredImage])[]
  readonly taken: { readonly spool: number; readonly derived: number }
}> {
  const rows = async (sql: string): Promise<Row[]> =>
    (await connection.runAndReadAll(sql)).getRows()
  const [next] = await rows(
    `SELECT (SELECT coalesce(max(id), 0) + 1 FROM image), (SELECT max(id) + 1 FROM text), (SELECT coalesce(max(id), 0) + 1 FROM origin)`,
  )
  const origins = (
    await rows('SELECT id, device_uid, boot_uid, prefix, hostname FROM origin ORDER BY id')
  ).map((row) => ({
    id: number(row[0]),
    deviceUid: text(row[1]),
    bootUid: text(row[2]),
    prefix: text(row[3]),
    hostname: text(row[4]),
  }))
  const progress = new Map(await readProgress(connection))
  const nextImage = bigint(next?.[0])
  const nextText = number(next?.[1])
  return {
    start: {
      nextImage,
      nextText,
      nextOrigin: number(next?.[2]),
      origins,
      hostnames: origins
        .filter(({ deviceUid, hostname }) => hostname !== deviceUid.slice(0, 12))
        .map(({ deviceUid, hostname }) => [deviceUid, hostname] as const),
      users: (await rows('SELECT device_uid, uid, name FROM user_name')).map(
        (row) => [text(row[0]), number(row[1]), text(row[2])] as const,
      ),
      texts: (
        await rows(`SELECT id, value FROM text WHERE id > greatest(0, ${nextText - 65_536})`)
      ).map((row) => [number(row[0]), text(row[1])] as const),
      directions: (
        await rows(
          `SELECT origin, socket, direction FROM network_fact WHERE kind IN (1, 2) ORDER BY time DESC LIMIT 50000`,
        )
      ).map((row) => [number(row[0]), bigint(row[1]), number(row[2])] as const),
    },
    images: (
      await rows(
        `SELECT ${imageColumns} FROM image i JOIN origin o ON o.id = i.origin LEFT JOIN image p ON p.id = i.parent
         WHERE i.id > ${nextImage - 50_000n} AND i.kind <> ${imageKind.attempt} ORDER BY i.id`,
      )
    ).map(storedImage),
    taken: { spool: progress.get('spool') ?? 0, derived: progress.get('derived') ?? 0 },
  }
}
