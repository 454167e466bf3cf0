/**
 * Turns decoded batches into rows of facts and dimensions.
 *
 * Ids are given here; what the file already holds is asked for through `Known` (a cache, filled from
 * the file at start). A reference to an image that nobody has told of makes a placeholder row, so that
 * pid and uid of an unknown parent are not lost. Nothing here touches the database: rows gather in
 * buffers and the caller writes them in one transaction.
 */
import { orderedTables } from '@honeyguide/detect'
import { commandLine, hex, imageFlags, namePrefix, splitArgv, type Batch } from '@honeyguide/model'
import { imageFlagWords } from '../../normalise/flag-words.ts'
import { u63, unknownUser, type FactContext } from './activity/activity-store.ts'
import { activityStores } from './activity/index.ts'
import { writeDns } from './activity/dns.ts'
import { writeFiles } from './activity/file.ts'
import { writeKernel } from './activity/kernel.ts'
import { writeMemory } from './activity/memory.ts'
import { createNetworkWriter } from './activity/network.ts'
import { processKind } from './activity/process.ts'
import { factTables, imageKind, type FactTable } from './fact-tables.ts'
import { createGenerations } from './generations.ts'
import { provenanceRows, type ProvenanceRow } from './provenance.ts'
import { createTableBuffer, type TableBuffer } from './table-buffer.ts'

/** What is remembered of an image: enough to describe a fork of it and the facts that refer to it. */
export interface KnownImage {
  readonly id: bigint
  readonly process: bigint
  readonly kind: number
  readonly pid: number
  readonly parent: bigint
  readonly parentPid: number
  readonly parentFile: number
  readonly uid: number
  readonly file: number
  readonly detail: ImageDetail
}

/** An image as it is read back from the file. */
export interface StoredImage extends Omit<KnownImage, 'parentFile' | 'file'> {
  readonly startNs: bigint
  readonly execNo: number
  readonly parentFile: string
}

/** What a fork inherits. */
export interface ImageDetail {
  readonly name: string
  readonly file: string
  readonly typed: string
  readonly interpreter: string
  readonly cmdLine: string
  readonly cwd: string
  readonly unit: string
  readonly container: string
  readonly cgroup: string
  readonly tty: string
  readonly euid: number
  readonly gid: number
  readonly sessionId: number
  readonly capEffective: bigint
  readonly mountNs: number
  readonly netNs: number
  readonly inode: bigint
  readonly device: number
}

const emptyDetail: ImageDetail = {
  name: '',
  file: '',
  typed: '',
  interpreter: '',
  cmdLine: '',
  cwd: '',
  unit: '',
  container: '',
  cgroup: '',
  tty: '',
  euid: 0xffffffff,
  gid: 0xffffffff,
  sessionId: 0xffffffff,
  capEffective: 0n,
  mountNs: 0,
  netNs: 0,
  inode: 0n,
  device: 0,
}

export interface Origin {
  readonly id: number
  readonly deviceUid: string
  readonly bootUid: string
  readonly prefix: string
  readonly hostname: string
}

/** A reference that was not in the cache: the caller looks it up in the file before the batch is turned into rows. */
export interface ImageKey {
  readonly pid: number
  readonly startNs: bigint
  readonly execNo: number
}

export type RowBuffers = {
  readonly [Name in keyof typeof factTables]: TableBuffer<(typeof factTables)[Name]>
}

export interface BatchRows {
  readonly buffers: RowBuffers
  /** Origins made since the last `clear`. */
  readonly newOrigins: readonly Origin[]
  /** User names learnt since the last `clear`: [device uid, uid, name]. */
  readonly newUsers: readonly (readonly [string, number, string])[]
  /** What sensors told of files since the last `clear`. */
  readonly newProvenance: readonly ProvenanceRow[]
  /** Placeholders that were described since: rows to take out of the file before the new ones are added. */
  readonly replaced: readonly bigint[]
  /** Facts buffered. */
  readonly rows: number
  /** The host name of a sensor from here on. */
  hello(sensor: Uint8Array, hostname: string): void
  /** Names that `batch` refers to and the cache does not hold, without repeats. */
  missing(batch: Batch): ImageKey[]
  /** Adds what the file holds of what was missing. */
  learn(prefix: string, image: StoredImage): void
  add(batch: Batch): void
  /** A loss that no sensor told: times in µs since 1970. */
  addLoss(loss: {
    readonly sensor: Uint8Array
    readonly boot: Uint8Array
    readonly hook: string
    readonly reason: string
    readonly fromUs: bigint
    readonly toUs: bigint
    readonly lost: bigint
  }): void
  clear(): void
}

/** What the file held when it was opened. */
export interface BatchRowsStart {
  readonly nextImage: bigint
  readonly nextText: number
  readonly nextOrigin: number
  readonly origins: readonly Origin[]
  readonly hostnames: readonly (readonly [deviceUid: string, hostname: string])[]
  readonly users: readonly (readonly [deviceUid: string, uid: number, name: string])[]
  readonly texts: readonly (readonly [id: number, value: string])[]
  readonly directions: readonly (readonly [origin: number, socket: bigint, direction: number])[]
}

const otherProcesses = activityStores.flatMap(({ others = [] }) => others)
const imageCacheSize = 65_536
const textCacheSize = 65_536

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

const nsPerUs = 1000n
const maxTimeUs = 253_402_300_799_999_999n

export function createBatchRows(start: BatchRowsStart): BatchRows {
  const buffers = Object.fromEntries(
    Object.entries(factTables).map(([name, columns]) => [name, createTableBuffer(columns)]),
  ) as unknown as RowBuffers
  const { text, image, process_fact, loss_fact } = buffers

  let { nextImage, nextText, nextOrigin } = start
  const images = createGenerations<string, KnownImage>(imageCacheSize)
  const texts = createGenerations<string, number>(textCacheSize)
  for (const [id, value] of start.texts) texts.set(value, id)
  const writeNetwork = createNetworkWriter(start.directions)
  const origins = new Map<string, Origin>()
  for (const origin of start.origins)
    origins.set(`${origin.deviceUid}/${origin.bootUid}/${origin.hostname}`, origin)
  const hostnames = new Map(start.hostnames)
  const users = new Map<string, Map<number, string>>()
  for (const [deviceUid, uid, name] of start.users) userNames(deviceUid).set(uid, name)
  let newOrigins: Origin[] = []
  let newUsers: (readonly [string, number, string])[] = []
  let newProvenance: ProvenanceRow[] = []
  let replaced: bigint[] = []
  /** Rows of placeholders that are still in the buffer, by id. */
  let placeholders = new Map<bigint, number>()

  function userNames(deviceUid: string): Map<number, string> {
    let names = users.get(deviceUid)
    if (!names) users.set(deviceUid, (names = new Map()))
    return names
  }

  function textId(value: string): number {
    if (value === '') return 0
    const known = texts.get(value)
    if (known !== undefined) return known
    const id = nextText++
    texts.set(value, id)
    const row = text.add()
    text.columns.id[row] = id
    text.columns.value[row] = value
    text.columns.base[row] = baseName(value)
    return id
  }

  function originOf(sensor: Uint8Array, boot: Uint8Array): Origin {
    const deviceUid = hex(sensor)
    const bootUid = hex(boot)
    const prefix = namePrefix(sensor, boot)
    // Until a sensor has said its name it is called by its id.
    const hostname = hostnames.get(deviceUid) ?? deviceUid.slice(0, 12)
    const key = `${deviceUid}/${bootUid}/${hostname}`
    let origin = origins.get(key)
    if (!origin) {
      origin = { id: nextOrigin++, deviceUid, bootUid, prefix, hostname }
      origins.set(key, origin)
      newOrigins.push(origin)
    }
    return origin
  }

  // Keyed by prefix, not by origin: a host that changes its name keeps its processes.
  const keyOf = (prefix: string, pid: number, startNs: bigint, execNo: number): string =>
    `${prefix}/${pid}/${u63(startNs)}/${execNo}`

  interface NewImage {
    readonly origin: Origin
    readonly pid: number
    readonly startNs: bigint
    readonly execNo: number
    readonly kind: number
    readonly process: bigint | undefined
    readonly parent: KnownImage | undefined
    readonly createdUs: bigint
    readonly startedUs: bigint
    readonly uid: number
    readonly userName: string
    readonly nsPid: number
    readonly flags: number
    readonly detail: ImageDetail
    readonly id?: bigint
  }

  function addImage(what: NewImage): KnownImage {
    const id = what.id ?? nextImage++
    const process = what.process ?? id
    const { detail } = what
    const row = placeholders.get(id) ?? image.add()
    if (what.kind === imageKind.placeholder) placeholders.set(id, row)
    else placeholders.delete(id)
    const to = image.columns
    to.id[row] = id
    to.process[row] = process
    to.parent[row] = what.parent?.id ?? 0n
    to.origin[row] = what.origin.id
    to.kind[row] = what.kind
    to.pid[row] = what.pid
    to.start_ns[row] = u63(what.startNs)
    to.exec_no[row] = what.execNo
    to.created[row] = what.createdUs
    to.started[row] = what.startedUs
    to.name[row] = detail.name
    to.file[row] = detail.file
    to.typed[row] = detail.typed
    to.interpreter[row] = detail.interpreter
    to.cmd_line[row] = detail.cmdLine
    to.cwd[row] = detail.cwd
    to.unit[row] = detail.unit
    to.container[row] = detail.container
    to.cgroup[row] = detail.cgroup
    to.tty[row] = detail.tty
    to.flags[row] = imageFlagWords(what.flags)
    to.user_name[row] = what.userName
    to.uid[row] = what.uid
    to.euid[row] = detail.euid
    to.gid[row] = detail.gid
    to.session_id[row] = detail.sessionId
    to.cap_effective[row] = detail.capEffective
    to.ns_pid[row] = what.nsPid
    to.mount_ns[row] = detail.mountNs
    to.net_ns[row] = detail.netNs
    to.inode[row] = detail.inode
    to.device[row] = detail.device
    return {
      id,
      process,
      kind: what.kind,
      pid: what.pid,
      parent: what.parent?.id ?? 0n,
      parentPid: what.parent?.pid ?? 0,
      parentFile: what.parent?.file ?? 0,
      uid: what.uid,
      file: textId(detail.file),
      detail,
    }
  }

  const lineageIncomplete = imageFlags.lineageIncomplete

  /** Id of a text that has a base name and no path: what a failed exec would have run. */
  function nameId(base: string): number {
    if (base === '') return 0
    const key = `\0${base}`
    const known = texts.get(key)
    if (known !== undefined) return known
    const id = nextText++
    texts.set(key, id)
    const row = text.add()
    text.columns.id[row] = id
    text.columns.value[row] = ''
    text.columns.base[row] = base
    return id
  }

  /** The image of a reference; a placeholder when nobody has told of it; undefined for "none" (start 0). */
  function refer(
    origin: Origin,
    pid: number,
    startNs: bigint,
    execNo: number,
    offsetNs: bigint,
  ): KnownImage | undefined {
    if (startNs === 0n && pid === 0) return undefined
    const key = keyOf(origin.prefix, pid, startNs, execNo)
    const known = images.get(key)
    if (known) return known
    const made = addImage({
      origin,
      pid,
      startNs,
      execNo,
      kind: imageKind.placeholder,
      process: undefined,
      parent: undefined,
      createdUs: timeUs(startNs, offsetNs),
      startedUs: timeUs(startNs, offsetNs),
      uid: unknownUser,
      userName: '',
      nsPid: 0,
      flags: lineageIncomplete,
      detail: emptyDetail,
    })
    images.set(key, made)
    return made
  }

  function timeUs(bootNs: bigint, offsetNs: bigint): bigint {
    const us = (bootNs + offsetNs) / nsPerUs
    return us > maxTimeUs ? maxTimeUs : us
  }

  function userName(deviceUid: string, uid: number): string {
    if (uid === unknownUser) return ''
    return users.get(deviceUid)?.get(uid) ?? String(uid)
  }

  /** An image that an event describes. When only a placeholder or nothing was known, it becomes known now. */
  function describe(what: NewImage): KnownImage {
    const key = keyOf(what.origin.prefix, what.pid, what.startNs, what.execNo)
    const known = images.get(key)
    if (known && known.kind !== imageKind.placeholder) return known
    if (known) {
      // The placeholder's row goes, and its id stays: facts refer to it.
      if (!placeholders.has(known.id)) replaced.push(known.id)
    }
    const made = addImage(
      known ? { ...what, id: known.id, process: what.process ?? known.process } : what,
    )
    images.set(key, made)
    return made
  }

  function addTables(batch: Batch): void {
    const origin = originOf(batch.sensor, batch.boot)
    const offset = batch.wallOffsetNs
    const names = userNames(origin.deviceUid)

    const user = batch.table('user')
    if (user)
      for (let row = 0; row < user.rows; row++) {
        const uid = user.columns.uid[row] ?? 0
        const name = batch.text(user.columns.name[row] ?? 0)
        if (names.get(uid) === name) continue
        names.set(uid, name)
        newUsers.push([origin.deviceUid, uid, name])
      }

    const commandLines = new Map<number, string>()
    const cmdLineOf = (argv: number): string => {
      let line = commandLines.get(argv)
      if (line === undefined) {
        line = commandLine(splitArgv(batch.text(argv)))
        commandLines.set(argv, line)
      }
      return line
    }

    // Rows of the tables are merged by time: an exec must find the fork before it.
    const process = batch.table('process')
    const exec = batch.table('exec')
    const fork = batch.table('fork')
    const exit = batch.table('exit')
    const failed = batch.table('exec_failed')

    const imageRow = (
      from: NonNullable<typeof exec> | NonNullable<typeof process>,
      row: number,
    ) => {
      const c = from.columns
      const pid = c.pid[row] ?? 0
      const startNs = c.startNs[row] ?? 0n
      const parent = refer(
        origin,
        c.parentPid[row] ?? 0,
        c.parentStartNs[row] ?? 0n,
        c.parentExecNo[row] ?? 0,
        offset,
      )
      const file = batch.text(c.file[row] ?? 0)
      const uid = c.uid[row] ?? 0
      const detail: ImageDetail = {
        name: baseName(file),
        file,
        typed: batch.text(c.fileTyped[row] ?? 0),
        interpreter: batch.text(c.interpreter[row] ?? 0),
        cmdLine: cmdLineOf(c.argv[row] ?? 0),
        cwd: batch.text(c.cwd[row] ?? 0),
        unit: batch.text(c.unit[row] ?? 0),
        container: batch.text(c.container[row] ?? 0),
        cgroup: batch.text(c.cgroup[row] ?? 0),
        tty: batch.text(c.tty[row] ?? 0),
        euid: c.euid[row] ?? 0,
        gid: c.gid[row] ?? 0,
        sessionId: c.sessionId[row] ?? 0,
        capEffective: c.capEffective[row] ?? 0n,
        mountNs: c.mountNs[row] ?? 0,
        netNs: c.netNs[row] ?? 0,
        inode: u63(c.inode[row]),
        device: c.device[row] ?? 0,
      }
      return {
        origin,
        pid,
        startNs,
        execNo: c.execNo[row] ?? 0,
        parent,
        createdUs: timeUs(startNs, offset),
        uid,
        userName: userName(origin.deviceUid, uid),
        nsPid: c.nsPid[row] ?? 0,
        flags: c.flags[row] ?? 0,
        detail,
      }
    }

    if (process)
      for (let row = 0; row < process.rows; row++) {
        const what = imageRow(process, row)
        describe({
          ...what,
          kind: imageKind.snapshot,
          process: undefined,
          startedUs: what.createdUs,
        })
      }

    function fact(
      kind: number,
      timeNs: bigint,
      seq: bigint,
      who: KnownImage,
      actor: KnownImage | undefined,
      file: number,
      user: string,
      uid: number,
    ): number {
      const row = process_fact.add()
      const to = process_fact.columns
      to.time[row] = timeUs(timeNs, offset)
      to.origin[row] = origin.id
      to.kind[row] = kind
      to.seq[row] = u63(seq)
      to.image[row] = who.id
      to.process[row] = who.process
      to.parent[row] = who.parent
      to.pid[row] = who.pid
      to.parent_pid[row] = who.parentPid
      to.parent_file[row] = who.parentFile
      to.file[row] = file
      if (actor) {
        to.actor[row] = actor.id
        to.actor_pid[row] = actor.pid
        to.actor_file[row] = actor.file
      }
      to.user_name[row] = textId(user)
      to.uid[row] = uid
      return row
    }

    const streams = [exec, fork, exit, failed]
    const at = [0, 0, 0, 0]
    for (;;) {
      let next = -1
      let first = 0n
      for (let stream = 0; stream < 4; stream++) {
        const from = streams[stream]
        const place = at[stream] ?? 0
        if (!from || place >= from.rows) continue
        const bootNs = from.columns.bootNs[place] ?? 0n
        if (next < 0 || bootNs < first) {
          next = stream
          first = bootNs
        }
      }
      if (next < 0) break
      const row = at[next] ?? 0
      at[next] = row + 1
      if (next === 0 && exec) {
        const what = imageRow(exec, row)
        const previousExecNo = exec.columns.previousExecNo[row] ?? 0
        const previous = refer(origin, what.pid, what.startNs, previousExecNo, offset)
        const known = describe({
          ...what,
          kind: imageKind.exec,
          process: previous?.process,
          startedUs: timeUs(first, offset),
        })
        fact(
          processKind.exec,
          first,
          exec.columns.seq[row] ?? 0n,
          known,
          previous,
          known.file,
          what.userName,
          what.uid,
        )
      } else if (next === 1 && fork) {
        const c = fork.columns
        const parent = refer(
          origin,
          c.parentPid[row] ?? 0,
          c.parentStartNs[row] ?? 0n,
          c.parentExecNo[row] ?? 0,
          offset,
        )
        const uid = c.uid[row] ?? 0
        const name = userName(origin.deviceUid, uid)
        const startNs = c.startNs[row] ?? 0n
        const inherited = parent?.detail ?? emptyDetail
        const cgroup = batch.text(c.cgroup[row] ?? 0)
        const known = describe({
          origin,
          pid: c.pid[row] ?? 0,
          startNs,
          execNo: c.execNo[row] ?? 0,
          kind: imageKind.fork,
          process: undefined,
          parent,
          createdUs: timeUs(startNs, offset),
          startedUs: timeUs(first, offset),
          uid,
          userName: name,
          nsPid: c.nsPid[row] ?? 0,
          flags: c.flags[row] ?? 0,
          detail:
            cgroup === '' || cgroup === inherited.cgroup ? inherited : { ...inherited, cgroup },
        })
        fact(processKind.fork, first, c.seq[row] ?? 0n, known, parent, known.file, name, uid)
      } else if (next === 2 && exit) {
        const c = exit.columns
        const known = refer(
          origin,
          c.pid[row] ?? 0,
          c.startNs[row] ?? 0n,
          c.execNo[row] ?? 0,
          offset,
        )
        if (!known) continue
        const placed = fact(
          processKind.exit,
          first,
          c.seq[row] ?? 0n,
          known,
          known,
          known.file,
          known.kind === imageKind.placeholder ? '' : userName(origin.deviceUid, known.uid),
          known.uid,
        )
        const to = process_fact.columns
        to.flags[placed] = c.flags[row] ?? 0
        to.exit_code[placed] = c.exitCode[row] ?? 0
        to.signal[placed] = c.signal[row] ?? 0
        to.run_ms[placed] = (c.runNs[row] ?? 0n) / 1_000_000n
        to.cpu_ms[placed] = ((c.userNs[row] ?? 0n) + (c.systemNs[row] ?? 0n)) / 1_000_000n
        to.peak_rss[placed] = u63(c.peakRssBytes[row])
      } else if (next === 3 && failed) {
        const c = failed.columns
        const caller = refer(
          origin,
          c.pid[row] ?? 0,
          c.startNs[row] ?? 0n,
          c.execNo[row] ?? 0,
          offset,
        )
        if (!caller) continue
        const typed = batch.text(c.fileTyped[row] ?? 0)
        const uid = c.uid[row] ?? 0
        const name = userName(origin.deviceUid, uid)
        // What would have run is a row of its own, so that the event reads like any other.
        const attempt = addImage({
          origin,
          pid: caller.pid,
          startNs: c.startNs[row] ?? 0n,
          execNo: c.execNo[row] ?? 0,
          kind: imageKind.attempt,
          process: caller.process,
          parent: undefined,
          createdUs: timeUs(c.startNs[row] ?? 0n, offset),
          startedUs: timeUs(first, offset),
          uid,
          userName: name,
          nsPid: 0,
          flags: c.flags[row] ?? 0,
          detail: {
            ...caller.detail,
            name: baseName(typed),
            file: '',
            typed,
            interpreter: '',
            inode: 0n,
            device: 0,
            cmdLine: cmdLineOf(c.argv[row] ?? 0),
          },
        })
        const placed = fact(
          processKind.execFailed,
          first,
          c.seq[row] ?? 0n,
          { ...caller, id: attempt.id },
          caller,
          nameId(baseName(typed)),
          name,
          uid,
        )
        process_fact.columns.errno[placed] = c.errno[row] ?? 0
      }
    }

    const context: FactContext = {
      batch,
      origin,
      timeUs: (bootNs) => timeUs(bootNs, offset),
      refer: (pid, startNs, execNo) => refer(origin, pid, startNs, execNo, offset),
      textId,
      userName: (uid) => userName(origin.deviceUid, uid),
    }
    writeNetwork(context, buffers.network_fact)
    writeDns(context, buffers.dns_fact)
    writeKernel(context, buffers.kernel_fact)
    writeMemory(context, buffers.memory_fact)
    writeFiles(context, buffers.file_fact, buffers.module_fact)

    const provenance = batch.table('provenance')
    if (provenance)
      newProvenance.push(
        ...provenanceRows(batch, provenance, origin, (bootNs) => timeUs(bootNs, offset)),
      )

    const loss = batch.table('loss')
    if (loss)
      for (let row = 0; row < loss.rows; row++) {
        const c = loss.columns
        const placed = loss_fact.add()
        const to = loss_fact.columns
        to.origin[placed] = origin.id
        to.hook[placed] = batch.text(c.hook[row] ?? 0)
        to.reason[placed] = batch.text(c.reason[row] ?? 0)
        to.from_time[placed] = timeUs(c.fromNs[row] ?? 0n, offset)
        to.to_time[placed] = timeUs(c.toNs[row] ?? 0n, offset)
        to.offered[placed] = u63(c.offered[row])
        to.seen[placed] = u63(c.seen[row])
        to.lost[placed] = u63(c.lost[row])
      }
  }

  return {
    buffers,
    get newOrigins() {
      return newOrigins
    },
    get newUsers() {
      return newUsers
    },
    get newProvenance() {
      return newProvenance
    },
    get replaced() {
      return replaced
    },
    get rows() {
      return activityStores.reduce(
        (sum, { table }) => sum + buffers[table as FactTable].rows,
        image.rows,
      )
    },
    hello(sensor, hostname) {
      hostnames.set(hex(sensor), hostname)
    },
    missing(batch) {
      const prefix = namePrefix(batch.sensor, batch.boot)
      const keys = new Map<string, ImageKey>()
      // A process that was forked in this batch is not in the file; most references are to such, or to the
      // parent of the row before. Both are told by numbers, without a key.
      const forked = new Map<bigint, number>()
      const fork = batch.table('fork')
      if (fork)
        for (let row = 0; row < fork.rows; row++)
          forked.set(fork.columns.startNs[row] ?? 0n, fork.columns.pid[row] ?? 0)
      let lastPid = -1
      let lastStartNs = 0n
      let lastExecNo = 0
      const want = (pid: number, startNs: bigint, execNo: number): void => {
        if (pid === 0 && startNs === 0n) return
        if (pid === lastPid && startNs === lastStartNs && execNo === lastExecNo) return
        if (forked.get(startNs) === pid) return
        lastPid = pid
        lastStartNs = startNs
        lastExecNo = execNo
        const key = keyOf(prefix, pid, startNs, execNo)
        if (images.get(key) || keys.has(key)) return
        keys.set(key, { pid, startNs: u63(startNs), execNo })
      }
      const born = new Set<string>()
      for (const name of orderedTables) {
        const from = batch.table(name)
        if (!from) continue
        for (let row = 0; row < from.rows; row++) {
          const pid = from.columns.pid[row] ?? 0
          const startNs = from.columns.startNs[row] ?? 0n
          const execNo = from.columns.execNo[row] ?? 0
          // An exec or a fork is news by itself; everything else may be known from long ago.
          if (name === 'exec' || name === 'fork') born.add(keyOf(prefix, pid, startNs, execNo))
          else want(pid, startNs, execNo)
        }
      }
      const exec = batch.table('exec')
      if (exec)
        for (let row = 0; row < exec.rows; row++)
          want(
            exec.columns.pid[row] ?? 0,
            exec.columns.startNs[row] ?? 0n,
            exec.columns.previousExecNo[row] ?? 0,
          )
      for (const name of ['process', 'exec', 'fork'] as const) {
        const from = batch.table(name)
        if (!from) continue
        for (let row = 0; row < from.rows; row++)
          want(
            from.columns.parentPid[row] ?? 0,
            from.columns.parentStartNs[row] ?? 0n,
            from.columns.parentExecNo[row] ?? 0,
          )
      }
      for (const other of otherProcesses) {
        const from = batch.table(other.table)
        if (!from) continue
        const columns = from.columns as unknown as Record<string, Uint32Array & BigUint64Array>
        for (let row = 0; row < from.rows; row++)
          want(
            columns[other.pid]?.[row] ?? 0,
            columns[other.startNs]?.[row] ?? 0n,
            columns[other.execNo]?.[row] ?? 0,
          )
      }
      return [...keys].filter(([key]) => !born.has(key)).map(([, key]) => key)
    },
    learn(prefix, stored) {
      const { startNs, execNo, ...rest } = stored
      images.set(keyOf(prefix, stored.pid, startNs, execNo), {
        ...rest,
        parentFile: textId(stored.parentFile),
        file: textId(stored.detail.file),
      })
    },
    add: addTables,
    addLoss(loss) {
      const row = loss_fact.add()
      const to = loss_fact.columns
      to.origin[row] = originOf(loss.sensor, loss.boot).id
      to.hook[row] = loss.hook
      to.reason[row] = loss.reason
      to.from_time[row] = loss.fromUs
      to.to_time[row] = loss.toUs
      to.offered[row] = loss.lost
      to.lost[row] = loss.lost
    },
    clear() {
      for (const buffer of Object.values(buffers)) buffer.clear()
      newOrigins = []
      newUsers = []
      newProvenance = []
      replaced = []
      placeholders = new Map()
    },
  }
}
