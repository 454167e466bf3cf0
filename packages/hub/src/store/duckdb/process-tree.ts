/**
 * The process tree of a host: which images, what is said of them, what they did, what is left out.
 *
 * Chosen and joined by the integer ids of the tables, as a tree of the views' texts would put together the names
 * of every image that is stored. The names are those of the views (`imageUid`). With a root: all its ancestors,
 * and below it the nearest descendants first, so that what is cut off hangs on something that is there.
 */
import {
  eventUid,
  fileOperations,
  imageUid,
  parseProcessUid,
  tcpOperations,
} from '@honeyguide/model'
import type { FactMark } from './activity/activity-store.ts'
import { activityStores } from './activity/index.ts'
import { processKind } from './activity/process.ts'
import { imageKind } from './fact-tables.ts'
import { number, onHosts, text, timestamp, type Interval } from './intervals.ts'
import { executableJoin } from './provenance.ts'
import type { JsonCell } from './values.ts'

export interface ProcessTreeOptions extends Interval {
  readonly limit: number
  /** Uid of an image, or of a process: all its images. */
  readonly root?: string
}

export interface ProcessMark {
  readonly timeUs: number
  readonly kind: FactMark['kind']
  /** A sign or a verb, then what it is about, and a port where it has one (0: none). */
  readonly sign: string
  readonly text: string
  readonly port: number
  readonly eventUid: string
}

/** Who wrote the executable last before it ran, as far as the sensor saw it. */
export interface ExecutableWriter {
  readonly uid: string
  readonly pid: number
  readonly name: string
  /** When it opened the file for that, µs since 1970. */
  readonly timeUs: number
  /** Other end of its newest connection before the program ran; null when it had none. */
  readonly remote: { readonly ip: string; readonly port: number } | null
}

export interface ProcessRow {
  readonly uid: string
  readonly parentUid: string | null
  readonly pid: number
  readonly name: string
  readonly cmdLine: string
  readonly filePath: string
  readonly user: string
  readonly unit: string
  readonly container: string
  readonly startUs: number
  readonly endUs: number | null
  readonly exitCode: number | null
  readonly exitSignal: number | null
  readonly flags: string
  /** Package and state of the executable; null while no sensor has told of it. */
  readonly filePackage: string | null
  readonly fileIntegrity: string | null
  readonly writer: ExecutableWriter | null
  /** What it did in the interval, oldest first, the first twenty. */
  readonly marks: readonly ProcessMark[]
  /** Children in the interval that are not among the rows. */
  readonly hiddenChildren: number
}

export interface ProcessTree {
  readonly rows: readonly ProcessRow[]
  /** How many there are, with those that are not among the rows. */
  readonly total: number
}

const deepest = 64
const mostRows = 10_000
const marksOfProcess = 20
/** Of the whole answer: every process keeps its first before any keeps its second. */
const mostMarks = 5000

const none: ProcessTree = { rows: [], total: 0 }

/** A condition on the image `f`: it began before the end of the interval and had not ended before its begin. */
function alive(interval: Interval): string {
  return `f.kind <> ${imageKind.attempt} AND f.started <= ${timestamp(interval.toUs)}
    AND f.process NOT IN (SELECT process FROM process_fact WHERE kind = ${processKind.exit} AND time < ${timestamp(interval.fromUs)})
    AND f.origin IN (SELECT id FROM origin WHERE TRUE ${onHosts(interval, 'hostname')})`
}

/** Leaves the chosen images in `temp.hg_nodes` (id, place); gives how many there are. */
async function choose(
  run: (sql: string) => Promise<JsonCell[][]>,
  { limit, root, ...interval }: ProcessTreeOptions,
): Promise<number> {
  const most = Math.max(1, Math.min(Math.floor(limit), mostRows))
  if (root === undefined) {
    await run(
      `CREATE OR REPLACE TEMP TABLE hg_nodes AS SELECT f.id FROM image f WHERE ${alive(interval)} ORDER BY f.started DESC, f.id DESC LIMIT ${most}`,
    )
    const [count] = await run(`SELECT count(*) FROM image f WHERE ${alive(interval)}`)
    return number(count?.[0])
  }
  const uid = parseProcessUid(root)
  if (!uid) return 0
  const roots = await run(
    `SELECT f.process FROM image f JOIN origin o ON o.id = f.origin
      WHERE o.prefix = '${uid.sensor}-${uid.boot}' AND f.pid = ${uid.pid} AND f.start_ns = ${BigInt.asUintN(63, uid.startNs)}
        ${uid.execNo === undefined ? '' : `AND f.exec_no = ${uid.execNo}`} AND f.kind <> ${imageKind.attempt} ${onHosts(interval, 'o.hostname')} LIMIT 1`,
  )
  const process = roots[0]?.[0]
  if (process === undefined || process === null) return 0
  // A process that has called exec is all of its images: what one of them forked belongs to it.
  const own = `SELECT id, 0 AS depth FROM image WHERE process = ${String(process)} AND kind <> ${imageKind.attempt}`
  await run(
    `CREATE OR REPLACE TEMP TABLE hg_up AS WITH RECURSIVE up(id, depth) AS (${own} UNION
       SELECT i.parent, up.depth + 1 FROM image i JOIN up ON i.id = up.id WHERE i.parent <> 0 AND up.depth < ${deepest})
     SELECT id, min(depth) AS depth FROM up GROUP BY id`,
  )
  await run(
    `CREATE OR REPLACE TEMP TABLE hg_down AS WITH RECURSIVE down(id, depth) AS (${own} UNION
       SELECT i.id, down.depth + 1 FROM image i JOIN down ON i.parent = down.id WHERE i.kind <> ${imageKind.attempt} AND down.depth < ${deepest})
     SELECT f.id, min(down.depth) AS depth, any_value(f.started) AS started FROM down JOIN image f ON f.id = down.id
      WHERE ${alive(interval)} AND f.id NOT IN (SELECT id FROM temp.hg_up) GROUP BY f.id`,
  )
  await run(
    `CREATE OR REPLACE TEMP TABLE hg_nodes AS SELECT id FROM (
       SELECT id, -1 AS depth, NULL AS started FROM temp.hg_up UNION ALL SELECT id, depth, started FROM temp.hg_down)
     ORDER BY depth, started DESC, id DESC LIMIT ${most}`,
  )
  const [count] = await run(
    'SELECT (SELECT count(*) FROM temp.hg_up) + (SELECT count(*) FROM temp.hg_down)',
  )
  return number(count?.[0])
}

async function marksOf(
  run: (sql: string) => Promise<JsonCell[][]>,
  interval: Interval,
): Promise<Map<number, ProcessMark[]>> {
  const facts = activityStores.flatMap(({ table, mark, ring }) =>
    mark === undefined
      ? []
      : `SELECT f.image, f.time, f.seq, f.origin, ${typeof ring === 'string' ? `'${ring}'` : ring.sql} AS ring, '${mark.kind}' AS kind, ${mark.sign} AS sign, ${mark.text} AS text, ${mark.port} AS port
           FROM ${table} f
          WHERE f.time >= ${timestamp(interval.fromUs)} AND f.time <= ${timestamp(interval.toUs)} AND ${mark.where}
            AND f.image IN (SELECT id FROM temp.hg_nodes)`,
  )
  const found = await run(
    `SELECT m.image, epoch_us(m.mark.time), m.mark.kind, m.mark.sign, t.value, m.mark.port, o.prefix, m.mark.ring, m.mark.seq::VARCHAR FROM (
       SELECT * FROM (SELECT image, unnest(marks) AS mark, generate_subscripts(marks, 1) AS no FROM (
         SELECT image, arg_min({time: time, kind: kind, seq: seq, origin: origin, ring: ring, sign: sign, text: text, port: port}, time, ${marksOfProcess}) AS marks
           FROM (${facts.join(' UNION ALL ')}) GROUP BY image))
       ORDER BY no, mark.time LIMIT ${mostMarks}) m
     JOIN origin o ON o.id = m.mark.origin JOIN text t ON t.id = m.mark.text ORDER BY m.mark.time`,
  )
  const marks = new Map<number, ProcessMark[]>()
  for (const row of found) {
    const image = number(row[0])
    const of = marks.get(image) ?? []
    of.push({
      timeUs: number(row[1]),
      kind: text(row[2]) as FactMark['kind'],
      sign: text(row[3]),
      text: text(row[4]),
      port: number(row[5]),
      eventUid: eventUid(text(row[6]), row[7] === 'l' ? 'l' : 'd', BigInt(text(row[8]))),
    })
    marks.set(image, of)
  }
  return marks
}

/**
 * Of the chosen images those whose file somebody was seen to write, by image id. A file is followed by its inode, so
 * through renames and hard links; what was copied is another file.
 */
async function writersOf(
  run: (sql: string) => Promise<JsonCell[][]>,
): Promise<Map<number, ExecutableWriter>> {
  const found = await run(
    `WITH f AS MATERIALIZED (SELECT i.id, i.inode, i.device, i.started, o.device_uid FROM image i JOIN origin o ON o.id = i.origin
         WHERE i.id IN (SELECT id FROM temp.hg_nodes) AND i.inode <> 0),
       w AS MATERIALIZED (SELECT f.id, any_value(f.started) AS started, arg_max(x.image, x.time) AS writer, max(x.time) AS time
         FROM file_fact x JOIN f ON f.inode = x.inode AND f.device = x.device AND x.time <= f.started JOIN origin o ON o.id = x.origin AND o.device_uid = f.device_uid
         WHERE x.kind IN (${fileOperations.create}, ${fileOperations.write}, ${fileOperations.truncate}) AND x.errno = 0 GROUP BY f.id),
       n AS MATERIALIZED (SELECT w.id, arg_max({ip: CASE x.kind WHEN ${tcpOperations.accept} THEN x.src_ip ELSE x.dst_ip END,
           port: CASE x.kind WHEN ${tcpOperations.accept} THEN x.src_port ELSE x.dst_port END}, x.time) AS remote
         FROM network_fact x JOIN w ON w.writer = x.image AND x.time <= w.started
         WHERE x.kind IN (${tcpOperations.connect}, ${tcpOperations.accept}) GROUP BY w.id)
     SELECT w.id, o.prefix, i.pid, i.start_ns::VARCHAR, i.exec_no, i.name, epoch_us(w.time), t.value, n.remote.port
       FROM w JOIN image i ON i.id = w.writer JOIN origin o ON o.id = i.origin LEFT JOIN n ON n.id = w.id LEFT JOIN text t ON t.id = n.remote.ip`,
  )
  return new Map(
    found.map((row) => [
      number(row[0]),
      {
        uid: imageUid(text(row[1]), number(row[2]), BigInt(text(row[3])), number(row[4])),
        pid: number(row[2]),
        name: text(row[5]),
        timeUs: number(row[6]),
        remote: row[7] == null ? null : { ip: text(row[7]), port: number(row[8]) },
      },
    ]),
  )
}

/** `run` is that of one connection, on which nothing else runs meanwhile. */
export async function processTree(
  run: (sql: string) => Promise<JsonCell[][]>,
  options: ProcessTreeOptions,
): Promise<ProcessTree> {
  const total = await choose(run, options)
  if (total === 0) return none
  const marks = await marksOf(run, options)
  const writers = await writersOf(run)
  const hidden = new Map(
    (
      await run(
        `SELECT f.parent, count(*) FROM image f WHERE f.parent IN (SELECT id FROM temp.hg_nodes)
           AND f.id NOT IN (SELECT id FROM temp.hg_nodes) AND ${alive(options)} GROUP BY f.parent`,
      )
    ).map((row) => [number(row[0]), number(row[1])]),
  )
  const found = await run(
    `WITH f AS MATERIALIZED (SELECT * FROM image WHERE id IN (SELECT id FROM temp.hg_nodes)),
       p AS MATERIALIZED (SELECT id, pid, start_ns, exec_no FROM image WHERE id IN (SELECT parent FROM f)),
       e AS MATERIALIZED (SELECT process, max(time) AS time, arg_max(exit_code, time) AS exit_code, arg_max(signal, time) AS signal
         FROM process_fact WHERE kind = ${processKind.exit} AND process IN (SELECT process FROM f) GROUP BY process)
     SELECT f.id, o.prefix, f.pid, f.start_ns::VARCHAR, f.exec_no, p.pid, p.start_ns::VARCHAR, p.exec_no,
       f.name, f.cmd_line, f.file, f.user_name, f.unit, f.container, epoch_us(f.started), epoch_us(e.time), e.exit_code, e.signal, f.flags,
       CASE WHEN pv.inode IS NOT NULL THEN trim(pv.package || ' ' || pv.version) END, pv.integrity
     FROM f JOIN origin o ON o.id = f.origin ${executableJoin.sql} LEFT JOIN p ON p.id = f.parent LEFT JOIN e ON e.process = f.process
     ORDER BY f.started DESC, f.id DESC`,
  )
  return {
    total,
    rows: found.map((row) => {
      const id = number(row[0])
      const uid = (at: number): string =>
        imageUid(text(row[1]), number(row[at]), BigInt(text(row[at + 1])), number(row[at + 2]))
      const hasEnded = row[15] !== null
      return {
        uid: uid(2),
        parentUid: row[5] === null ? null : uid(5),
        pid: number(row[2]),
        name: text(row[8]),
        cmdLine: text(row[9]),
        filePath: text(row[10]),
        user: text(row[11]),
        unit: text(row[12]),
        container: text(row[13]),
        startUs: number(row[14]),
        endUs: hasEnded ? number(row[15]) : null,
        exitCode: hasEnded ? number(row[16]) : null,
        exitSignal: hasEnded && row[17] ? number(row[17]) : null,
        flags: text(row[18]),
        filePackage: row[19] == null ? null : text(row[19]),
        fileIntegrity: row[20] == null ? null : text(row[20]),
        writer: writers.get(id) ?? null,
        marks: marks.get(id) ?? [],
        hiddenChildren: hidden.get(id) ?? 0,
      }
    }),
  }
}
