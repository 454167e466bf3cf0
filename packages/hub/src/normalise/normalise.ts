/**
 * Gives a wire batch its OCSF names: an `ActivityBatch` that is read in place, over the lineage graph.
 *
 * Feed the batch to the lineage first. Nothing is computed before it is asked for, and a column's reader is
 * made once per batch and table. Rows are in the order in which things happened (`rowOrder`). What an event
 * does not say and the graph does not know is null, never a guess.
 */
import {
  baseName,
  connectionUid,
  orderedTables,
  rowOrder,
  type Image,
  type Lineage,
} from '@honeyguide/detect'
import {
  argvLine,
  classUid,
  eventUid,
  formatAddress,
  hex,
  isoMicros,
  namePrefix,
  networkActivities,
  networkActivity,
  processActivities,
  processActivity,
  splitArgv,
  tcpFlags,
  tcpOperations,
  type ActivityBatch,
  type ActivityRow,
  type ActivityValue,
  type Batch,
  type EventKind,
  type TableReader,
} from '@honeyguide/model'
import {
  absent,
  batchConstant,
  constantColumn,
  derivedColumn,
  imageIds,
  integerColumn,
  nullId,
  plainColumn,
  textColumn,
  type ColumnReader,
} from './column-reader.ts'
import { imageFlagWords, tcpFlagWords } from './flag-words.ts'
import { createReferences, type ProcessReference } from './process-reference.ts'

type Column = keyof ActivityRow & string
type EventTable = 'exec' | 'exec_failed' | 'fork' | 'exit' | 'tcp'
type Readers = Partial<Record<Column, () => ColumnReader>>
/** Finds the process of a row. */
type Refer = (row: number) => ProcessReference | null

/** What normalising needs of the graph. */
export type NormaliseLineage = Pick<Lineage, 'image' | 'parent' | 'connection' | 'userName'>

const unsetId = 4294967295
/** The last µs of the year 9999, where the store ends, too. */
const latestUs = 253_402_300_799_999_000
const processColumnNames = Object.keys(processActivity) as Column[]
const networkColumnNames = Object.keys(networkActivity) as Column[]

const tcpKinds: Readonly<Record<number, EventKind>> = {
  [tcpOperations.connect]: 'connect',
  [tcpOperations.accept]: 'accept',
  [tcpOperations.close]: 'close',
  [tcpOperations.connectFailed]: 'connect_failed',
  [tcpOperations.listen]: 'listen',
}

const lifecycleKinds = {
  exec: 'exec',
  exec_failed: 'exec_failed',
  fork: 'fork',
  exit: 'exit',
} as const

/** An operation of a newer sensor counts as what it most likely resembles: something at this end. */
function tcpKind(operation: number): EventKind {
  return tcpKinds[operation] ?? 'listen'
}

/** ns as a whole number of ms. */
function milliseconds(ns: bigint): number {
  return Number(ns / 1_000_000n)
}

export function normalise(
  batch: Batch,
  lineage: NormaliseLineage,
  hostname: string,
): ActivityBatch {
  const prefix = namePrefix(batch.sensor, batch.boot)
  const deviceUid = hex(batch.sensor)
  const references = createReferences(prefix, lineage)
  const order = rowOrder(batch)
  const tableOf: EventTable[] = []
  const rowOf: number[] = []
  for (let at = 0; at < order.length; at++) {
    const name = orderedTables[order.table[at] ?? 0]
    // The snapshot's rows are no events.
    if (name === undefined || name === 'process') continue
    tableOf.push(name)
    rowOf.push(order.row[at] ?? 0)
  }

  // A broken clock must not make a time that nobody can write.
  const wallUs = (bootNs: bigint): number =>
    Math.min(latestUs, Number((bootNs + batch.wallOffsetNs) / 1000n))
  const wallText = (bootNs: bigint): string => isoMicros(wallUs(bootNs))

  /** The seven columns of a process under a prefix. `userId` when the event itself says who. */
  function processColumns(
    name: 'process' | 'process_parent_process' | 'actor_process',
    refer: Refer,
    userId: (row: number) => number | null = (row) => refer(row)?.image?.userId ?? null,
  ): Readers {
    const ofImage = (read: (image: Image) => ActivityValue): ColumnReader => ({
      value: (row) => {
        const image = refer(row)?.image
        return image ? read(image) : null
      },
      id: (row) => {
        const reference = refer(row)
        return reference?.image ? imageIds + reference.index : nullId
      },
    })
    return {
      [`${name}_uid`]: () => ({
        value: (row: number) => refer(row)?.uid ?? null,
        id: (row: number) => {
          const reference = refer(row)
          return reference ? imageIds + reference.index : nullId
        },
      }),
      [`${name}_pid`]: () => integerColumn((row) => refer(row)?.pid ?? null),
      [`${name}_name`]: () => ofImage((image) => image.name),
      [`${name}_cmd_line`]: () => ofImage((image) => image.cmdLine),
      [`${name}_file_path`]: () => ofImage((image) => image.file),
      [`${name}_user_uid`]: () => integerColumn(userId),
      [`${name}_user_name`]: () => ({
        value: (row: number) => {
          const id = userId(row)
          return id === null ? null : lineage.userName(prefix, id)
        },
        id: (row: number) => userId(row) ?? nullId,
      }),
    }
  }

  /** What is known of the image of a fork or exit, from the graph. */
  function imageDetail(refer: Refer): Readers {
    const of = (read: (image: Image) => ActivityValue) => (): ColumnReader =>
      plainColumn((row) => {
        const image = refer(row)?.image
        return image ? read(image) : null
      })
    return {
      process_file_name: of((image) => image.fileTyped),
      process_interpreter: of((image) => image.interpreter),
      process_working_directory: of((image) => image.cwd),
      process_euid: of((image) => image.effectiveUserId),
      process_gid: of((image) => image.groupId),
      process_cap_effective: of((image) => image.capEffective),
      process_session_uid: of((image) => image.sessionId),
      process_tty: of((image) => image.tty),
      process_container_uid: of((image) => image.container),
      process_unit: of((image) => image.unit),
      process_cgroup: of((image) => image.cgroup),
      process_namespace_pid: of((image) => image.namespacePid),
      process_namespace_mnt: of((image) => image.mountNs),
      process_namespace_net: of((image) => image.netNs),
    }
  }

  /** Columns of every event. */
  function baseColumns(
    table: TableReader<EventTable>,
    ring: 'l' | 'd',
    activity: (row: number) => { readonly id: number; readonly name: string },
  ): Readers {
    const { bootNs, seq } = table.columns
    return {
      time: () => plainColumn((row) => wallText(bootNs[row] ?? 0n)),
      class_uid: () =>
        constantColumn(ring === 'l' ? classUid.processActivity : classUid.networkActivity),
      activity_id: () => plainColumn((row) => activity(row).id),
      activity_name: () => plainColumn((row) => activity(row).name),
      severity_id: () => batchConstant(1),
      device_hostname: () => batchConstant(hostname),
      device_uid: () => batchConstant(deviceUid),
      event_uid: () => plainColumn((row) => eventUid(prefix, ring, seq[row] ?? 0n)),
    }
  }

  /** The parent: who forked it when the graph knows, else who was its parent when the event happened. */
  function parentOf(
    own: Refer,
    seen: {
      readonly pid: Uint32Array
      readonly startNs: BigUint64Array
      readonly execNo?: Uint32Array
    },
  ): Refer {
    const known = new Map<number, ProcessReference | null>()
    return (row) => {
      const before = known.get(row)
      if (before !== undefined) return before
      const image = own(row)?.image
      const parent = image && lineage.parent(image)
      const reference = parent
        ? references.ofImage(parent)
        : references.of(seen.pid[row] ?? 0, seen.startNs[row] ?? 0n, seen.execNo?.[row] ?? 0)
      known.set(row, reference)
      return reference
    }
  }

  function execReaders(table: TableReader<'exec'>): Readers {
    const c = table.columns
    const own: Refer = (row) =>
      references.of(c.pid[row] ?? 0, c.startNs[row] ?? 0n, c.execNo[row] ?? 0)
    const parent = parentOf(own, {
      pid: c.parentPid,
      startNs: c.parentStartNs,
      execNo: c.parentExecNo,
    })
    const caller: Refer = (row) =>
      references.of(c.pid[row] ?? 0, c.startNs[row] ?? 0n, c.previousExecNo[row] ?? 0)
    const text = (ids: Uint32Array) => (): ColumnReader => textColumn(batch, ids)
    const integer = (values: Uint32Array) => (): ColumnReader =>
      integerColumn((row) => values[row] ?? 0)
    return {
      ...baseColumns(table, 'l', () => processActivities.exec),
      ...processColumns('process', own, (row) => c.uid[row] ?? 0),
      process_name: () => ({
        value: (row) => {
          const file = c.file[row] ?? 0
          if (file !== 0) return baseName(batch.text(file))
          return baseName(splitArgv(batch.text(c.argv[row] ?? 0))[0] ?? '')
        },
        id: (row) => c.file[row] || -1,
      }),
      process_cmd_line: () => derivedColumn(c.argv, (id) => argvLine(batch.text(id))),
      process_file_path: text(c.file),
      process_file_name: text(c.fileTyped),
      process_interpreter: text(c.interpreter),
      process_working_directory: text(c.cwd),
      process_euid: integer(c.euid),
      process_gid: integer(c.gid),
      process_cap_effective: () =>
        plainColumn((row) => (c.capEffective[row] ?? 0n).toString(16).padStart(16, '0')),
      process_session_uid: () =>
        plainColumn((row) => (c.sessionId[row] === unsetId ? -1 : (c.sessionId[row] ?? 0))),
      process_tty: text(c.tty),
      process_container_uid: text(c.container),
      process_unit: text(c.unit),
      process_cgroup: text(c.cgroup),
      process_namespace_pid: integer(c.nsPid),
      process_namespace_mnt: integer(c.mountNs),
      process_namespace_net: integer(c.netNs),
      process_created_time: () => plainColumn((row) => wallText(c.startNs[row] ?? 0n)),
      process_flags: () => plainColumn((row) => imageFlagWords(c.flags[row] ?? 0)),
      ...processColumns('process_parent_process', parent),
      ...processColumns('actor_process', caller),
    }
  }

  function execFailedReaders(table: TableReader<'exec_failed'>): Readers {
    const c = table.columns
    const caller: Refer = (row) =>
      references.of(c.pid[row] ?? 0, c.startNs[row] ?? 0n, c.execNo[row] ?? 0)
    return {
      ...baseColumns(table, 'l', () => processActivities.exec_failed),
      ...imageDetail(caller),
      ...processColumns('process', caller, (row) => c.uid[row] ?? 0),
      // What was tried; there is no resolved file.
      process_name: () =>
        plainColumn((row) => {
          const typed = baseName(batch.text(c.fileTyped[row] ?? 0))
          return typed || baseName(splitArgv(batch.text(c.argv[row] ?? 0))[0] ?? '')
        }),
      process_cmd_line: () => derivedColumn(c.argv, (id) => argvLine(batch.text(id))),
      process_file_path: () => absent,
      process_file_name: () => textColumn(batch, c.fileTyped),
      process_interpreter: () => absent,
      process_created_time: () => plainColumn((row) => wallText(c.startNs[row] ?? 0n)),
      process_flags: () => plainColumn((row) => imageFlagWords(c.flags[row] ?? 0)),
      ...processColumns(
        'process_parent_process',
        parentOf(caller, { pid: c.parentPid, startNs: c.parentStartNs }),
      ),
      ...processColumns('actor_process', caller, (row) => c.uid[row] ?? 0),
      status_code: () => integerColumn((row) => c.errno[row] ?? 0),
    }
  }

  function forkReaders(table: TableReader<'fork'>): Readers {
    const c = table.columns
    const child: Refer = (row) =>
      references.of(c.pid[row] ?? 0, c.startNs[row] ?? 0n, c.execNo[row] ?? 0)
    const parent: Refer = (row) =>
      references.of(c.parentPid[row] ?? 0, c.parentStartNs[row] ?? 0n, c.parentExecNo[row] ?? 0)
    return {
      ...baseColumns(table, 'l', () => processActivities.fork),
      ...imageDetail(child),
      ...processColumns('process', child, (row) => c.uid[row] ?? 0),
      process_cgroup: () => textColumn(batch, c.cgroup),
      process_namespace_pid: () => integerColumn((row) => c.nsPid[row] ?? 0),
      process_created_time: () => plainColumn((row) => wallText(c.startNs[row] ?? 0n)),
      process_flags: () => plainColumn((row) => imageFlagWords(c.flags[row] ?? 0)),
      ...processColumns('process_parent_process', parent),
      ...processColumns('actor_process', parent),
    }
  }

  function exitReaders(table: TableReader<'exit'>): Readers {
    const c = table.columns
    const own: Refer = (row) =>
      references.of(c.pid[row] ?? 0, c.startNs[row] ?? 0n, c.execNo[row] ?? 0)
    const parent: Refer = (row) => {
      const image = own(row)?.image
      const found = image && lineage.parent(image)
      return found ? references.ofImage(found) : null
    }
    return {
      ...baseColumns(table, 'l', () => processActivities.exit),
      ...imageDetail(own),
      ...processColumns('process', own),
      process_created_time: () => plainColumn((row) => wallText(c.startNs[row] ?? 0n)),
      // The image's own words and those of the exit row, whose bit 0 is another one (core dumped).
      process_flags: () =>
        plainColumn((row) => {
          const words = imageFlagWords((own(row)?.image?.flags ?? 0) | ((c.flags[row] ?? 0) & ~1))
          return (c.flags[row] ?? 0) & 1
            ? words === ''
              ? 'core dumped'
              : `${words}, core dumped`
            : words
        }),
      ...processColumns('process_parent_process', parent),
      ...processColumns('actor_process', own),
      exit_code: () => integerColumn((row) => c.exitCode[row] ?? 0),
      exit_signal: () => integerColumn((row) => c.signal[row] || null),
      run_ms: () => plainColumn((row) => milliseconds(c.runNs[row] ?? 0n)),
      cpu_ms: () =>
        plainColumn((row) => milliseconds((c.userNs[row] ?? 0n) + (c.systemNs[row] ?? 0n))),
      peak_rss_bytes: () => plainColumn((row) => Number(c.peakRssBytes[row] ?? 0n)),
    }
  }

  function tcpReaders(table: TableReader<'tcp'>): Readers {
    const c = table.columns
    const own: Refer = (row) =>
      references.of(c.pid[row] ?? 0, c.startNs[row] ?? 0n, c.execNo[row] ?? 0)
    const kind = (row: number): EventKind => tcpKind(c.operation[row] ?? 0)
    const isClose = (row: number): boolean => kind(row) === 'close'
    const uid = (row: number): string => connectionUid(prefix, c.socketId[row] ?? 0n)
    /** Who opened the connection. A close goes by what the graph saw open. */
    const direction = (row: number): 'Outbound' | 'Inbound' | 'Unknown' => {
      const of = kind(row)
      if (of === 'connect' || of === 'connect_failed') return 'Outbound'
      if (of === 'accept') return 'Inbound'
      const open = of === 'close' ? lineage.connection(uid(row))?.direction : undefined
      return open === 'accept' ? 'Inbound' : open === 'connect' ? 'Outbound' : 'Unknown'
    }
    const isInbound = (row: number): boolean =>
      kind(row) === 'listen' || direction(row) === 'Inbound'
    const address = (ids: Uint32Array, row: number): string =>
      formatAddress(batch.bytes(ids[row] ?? 0))
    const local = (row: number) => ({ ids: c.localAddress, port: c.localPort[row] ?? 0 })
    const remote = (row: number) => ({ ids: c.remoteAddress, port: c.remotePort[row] ?? 0 })
    const source = (row: number) => (isInbound(row) ? remote(row) : local(row))
    const destination = (row: number) => (isInbound(row) ? local(row) : remote(row))
    /** A listener has no other end. */
    const endpoint = (end: typeof source, hasEnd: (row: number) => boolean) => ({
      ip: (): ColumnReader => ({
        value: (row) => (hasEnd(row) ? address(end(row).ids, row) : null),
        id: (row) => (hasEnd(row) ? (end(row).ids[row] ?? 0) : nullId),
      }),
      port: (): ColumnReader => integerColumn((row) => (hasEnd(row) ? end(row).port : null)),
    })
    const src = endpoint(source, (row) => kind(row) !== 'listen')
    const dst = endpoint(destination, () => true)
    const image = (read: (of: Image) => ActivityValue) => (): ColumnReader =>
      plainColumn((row) => {
        const of = own(row)?.image
        return of ? read(of) : null
      })
    return {
      ...baseColumns(table, 'd', (row) => {
        switch (kind(row)) {
          case 'connect':
            return networkActivities.connect
          case 'accept':
            return networkActivities.accept
          case 'close':
            return (c.flags[row] ?? 0) & tcpFlags.reset
              ? networkActivities.reset
              : networkActivities.close
          case 'connect_failed':
            return networkActivities.connectFailed
          default:
            return networkActivities.listen
        }
      }),
      ...processColumns('actor_process', own, (row) => (c.pid[row] ? (c.uid[row] ?? 0) : null)),
      actor_process_container_uid: image((of) => of.container),
      actor_process_unit: image((of) => of.unit),
      connection_info_uid: () => plainColumn(uid),
      connection_info_direction: () => plainColumn(direction),
      connection_info_protocol_name: () => constantColumn('tcp'),
      src_endpoint_ip: src.ip,
      src_endpoint_port: src.port,
      dst_endpoint_ip: dst.ip,
      dst_endpoint_port: dst.port,
      traffic_bytes_out: () =>
        plainColumn((row) => (isClose(row) ? Number(c.bytesSent[row] ?? 0n) : null)),
      traffic_bytes_in: () =>
        plainColumn((row) => (isClose(row) ? Number(c.bytesReceived[row] ?? 0n) : null)),
      duration_ms: () =>
        plainColumn((row) => (isClose(row) ? milliseconds(c.durationNs[row] ?? 0n) : null)),
      status_code: () =>
        integerColumn((row) => (kind(row) === 'connect_failed' ? (c.errno[row] ?? 0) : null)),
      connection_flags: () => plainColumn((row) => tcpFlagWords(c.flags[row] ?? 0)),
    }
  }

  const made = new Map<EventTable, { readers: Readers; columns: Map<string, ColumnReader> }>()
  function columnsOf(name: EventTable): { readers: Readers; columns: Map<string, ColumnReader> } {
    let held = made.get(name)
    if (!held) {
      const table = batch.table(name)
      let readers: Readers = {}
      if (table?.name === 'exec') readers = execReaders(table as TableReader<'exec'>)
      else if (table?.name === 'exec_failed')
        readers = execFailedReaders(table as TableReader<'exec_failed'>)
      else if (table?.name === 'fork') readers = forkReaders(table as TableReader<'fork'>)
      else if (table?.name === 'exit') readers = exitReaders(table as TableReader<'exit'>)
      else if (table?.name === 'tcp') readers = tcpReaders(table as TableReader<'tcp'>)
      made.set(name, (held = { readers, columns: new Map() }))
    }
    return held
  }

  function reader(name: EventTable, column: Column): ColumnReader {
    const held = columnsOf(name)
    let found = held.columns.get(column)
    if (!found) held.columns.set(column, (found = held.readers[column]?.() ?? absent))
    return found
  }

  const eventTables = {
    exec: batch.table('exec'),
    exec_failed: batch.table('exec_failed'),
    fork: batch.table('fork'),
    exit: batch.table('exit'),
    tcp: batch.table('tcp'),
  } as const

  function place(row: number): { readonly name: EventTable; readonly at: number } {
    const name = tableOf[row]
    const at = rowOf[row]
    if (name === undefined || at === undefined)
      throw new RangeError(`row ${row} of ${tableOf.length}`)
    return { name, at }
  }

  const self: ActivityBatch = {
    deviceUid,
    hostname,
    rows: tableOf.length,
    kind(row) {
      const { name, at } = place(row)
      return name === 'tcp'
        ? tcpKind(eventTables.tcp?.columns.operation[at] ?? 0)
        : lifecycleKinds[name]
    },
    timeUs(row) {
      const { name, at } = place(row)
      return wallUs(eventTables[name]?.columns.bootNs[at] ?? 0n)
    },
    eventUid(row) {
      const { name, at } = place(row)
      return eventUid(prefix, name === 'tcp' ? 'd' : 'l', eventTables[name]?.columns.seq[at] ?? 0n)
    },
    value(row, column) {
      const { name, at } = place(row)
      return reader(name, column).value(at)
    },
    valueId(row, column) {
      const { name, at } = place(row)
      return reader(name, column).id(at)
    },
    row(row) {
      const { name, at } = place(row)
      const out: Record<string, ActivityValue> = {}
      for (const column of name === 'tcp' ? networkColumnNames : processColumnNames) {
        const value = reader(name, column).value(at)
        if (value !== null) out[column] = value
      }
      return out as unknown as ActivityRow
    },
  }
  return self
}
