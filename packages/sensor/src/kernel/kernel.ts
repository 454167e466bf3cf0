/**
 * The kernel side as one thing: rows out of rings, told exactly how far they go and what was lost.
 *
 *     using kernel = openKernel(settings, { progress })
 *     const { rows, progress } = kernel.pump(builder)   // non-blocking, bounded
 *     spool(builder, progress)                          // the caller's
 *     kernel.commit(progress)                           // only now the kernel may reuse the space
 *
 * Disposing detaches nothing: programs and rings are pinned and go on without us. Runs in one thread.
 */
import { readClockNs, watchRings, type RecordMemory } from '@honeyguide/bpf'
import type { BatchBuilder } from '@honeyguide/model/batch'
import type { SensorSettings } from '@honeyguide/model/settings'
import { tables } from '@honeyguide/model/tables'
import type { Redactor } from '@honeyguide/policy/redaction'
import { event, eventOffsets, eventSizeBytes, layout } from '../../gen/records.ts'
import { probes as allProbes } from '../../gen/probes.ts'
import { createDnsConversations } from '../dns/conversations.ts'
import { createProcessCache, type ProcessCache } from '../process-cache/process-cache.ts'
import { doubleAt } from '../probes/event-head.ts'
import type { Shortfall } from '../pump/kernel-port.ts'
import type { DecodeContext, Probe } from '../probes/probe.ts'
import { createWorkloadNames } from '../workload/workload-names.ts'
import type { Attach } from './attach-child.ts'
import { writeFeatures } from './feature-rows.ts'
import { openHookCounters, type HookReading } from './hook-counters.ts'
import { lockConsumer } from './lock.ts'
import { createLossLedger, type HookCounts } from './loss-ledger.ts'
import { markOwn, unmarkOwn } from './own-processes.ts'
import { openPinnedKernel, removePins } from './pinned-kernel.ts'
import type { KernelProgress } from './progress.ts'
import type { CountedRepeats } from './repeats.ts'
import { sizesThatWait } from './ring-sizes.ts'
import { createSequenceGaps } from './sequence-gaps.ts'
import { inheritSockets, takeSnapshot, takeTasks } from './snapshot.ts'

export { removePins } from './pinned-kernel.ts'
export type { KernelProgress } from './progress.ts'

export type KernelSettings = Pick<
  SensorSettings,
  'stateDir' | 'objectDir' | 'pinDir' | 'rings' | 'cache' | 'probes'
> &
  Partial<Pick<SensorSettings, 'ownPids' | 'file' | 'hooks' | 'dns'>> & {
    /** Silence that ends a UDP flow, ms; 30,000 unless a test cannot wait. */
    readonly udpIdleMs?: number
    /** As in `AttachRequest`: for tests that open many a kernel side, as functions of calls take longer to load for. */
    readonly isAtTracepoint?: boolean
  }

export interface KernelOptions {
  /** Of the newest batch that is safe; undefined at the first start. */
  readonly progress?: KernelProgress | undefined
  /** Replaces secrets in an argument list (bytes, each argument followed by NUL); undefined when there are none. */
  readonly redact?: Redactor['redact']
  /** How programs are attached, where they are not yet; in a child process unless told otherwise. */
  readonly attach?: Attach
}

/** Bounds of one pump. */
export interface PumpLimits {
  /** Most records; default 512. */
  readonly records?: number
  /** Most bytes of records, less one record; default 1 MiB. */
  readonly bytes?: number
}

export interface Pumped {
  /** Rows that were added, loss rows included. */
  readonly rows: number
  /** Goes with the batch that these rows are in. */
  readonly progress: KernelProgress
  /** Whether a bound was reached before the rings were empty: pump again soon. */
  readonly isMore: boolean
}

export interface Kernel extends Disposable {
  /** Moves what the rings hold, up to the limits, into `builder`. */
  pump(builder: BatchBuilder, limits?: PumpLimits): Pumped
  /** The next `pump` reads the counters and tells repeats, whatever flows: losses after it stand in an interval that begins there. */
  look(): void
  /** Gives the space behind `progress` back to the kernel: its batch is safe. */
  commit(progress: KernelProgress): void
  /**
   * Calls `onWake` whenever `pump` may have something to say, until `signal` aborts. Waits for what it returns. While
   * records keep coming, and the rings are far from full, `steadyMs` pass between two calls (as `watchRings` has it unless said).
   */
  watch(onWake: () => void | Promise<void>, signal: AbortSignal, steadyMs?: number): Promise<void>
  /**
   * Writes a `process` row for every process that is alive. Yields when the builder has reached 512
   * rows or 1 MiB: send it away, reset it, and go on. Fills the process cache as well.
   */
  snapshot(builder: BatchBuilder): Generator<void, number, undefined>
  /** Writes what this kernel can do. Loads small programs: some ms. */
  features(builder: BatchBuilder): number
  /** Writes a `hook` row for each hook whose counters changed since the last call. */
  hooks(builder: BatchBuilder): number
  /** Names own processes, and with them their children to come: counted, not reported (but for exec and exit). */
  own(pids: readonly number[]): void
  /** Removes all pins: programs detach, rings go with what they hold. For `down`. */
  removePins(): void
  readonly processes: ProcessCache
  /** Hash of the layout of the records, 16 hex digits: names the folder of the pins. */
  readonly layout: string
  /** Whether the programs were attached by this start. */
  readonly isFresh: boolean
  /** What could not be had; for the log and for Fleet. */
  readonly shortfalls: readonly Shortfall[]
}

/** Between two readings of the counters while events flow. */
const readEveryNs = 1_000_000_000n
/** The same for what programs have skipped: a call for each of some ninety programs. */
const missesEveryNs = 5_000_000_000n
/** A pump in a row that leaves data waiting behind a long lifecycle ring. */
const mostStarvedPumps = 4
const none = (): undefined => undefined

/** Opens (or makes) the pinned programs and rings. Throws HG_STATE_LOCKED, or a `BpfError`. */
export function openKernel(settings: KernelSettings, options: KernelOptions = {}): Kernel {
  using opening = new DisposableStack()
  opening.use(lockConsumer(settings.stateDir))
  const wanted = new Set<string>(settings.probes)
  const probes = allProbes.filter((probe) => wanted.size === 0 || wanted.has(probe.name))
  const { file, dns, udpIdleMs } = settings
  const kernel = opening.use(
    openPinnedKernel({
      pinDir: settings.pinDir,
      objectDir: settings.objectDir,
      rings: settings.rings,
      probes,
      isPlain: settings.hooks === 'syscalls',
      isAtTracepoint: settings.isAtTracepoint === true,
      settings: { dns, udpIdleMs },
      progress: options.progress,
      attach: options.attach,
    }),
  )
  {
    using maps = new DisposableStack()
    for (const probe of probes)
      probe.configure?.((name) => maps.use(kernel.openMap(name)), { file })
  }
  const openedNs = readClockNs('boottime')
  const processes = createProcessCache({
    capacity: settings.cache.processes,
    exitedMs: settings.cache.exitedMs,
  })
  // Before the first record is read: whoever is alive is a known parent, whatever the caller asks for first.
  takeTasks(kernel.tasks, processes)
  const workloads = createWorkloadNames()
  const counters = openHookCounters(kernel.counts, probes)
  const programsOf = Map.groupBy(kernel.programs, ({ hook }) => hook)
  /** Probes that have a program of their own or share one with others, at a hook or at the ends of system calls. */
  const attachedHooks = new Set([
    ...programsOf.keys(),
    ...probes
      .filter(
        ({ syscallExits, programs }) =>
          (syscallExits.length > 0 && programsOf.has('sys_exit')) ||
          kernel.programs.some(({ name }) => programs.some((all) => all.includes(name))),
      )
      .map(({ name }) => name),
  ])
  const { lifecycle, data, repeats } = kernel
  const sizes = sizesThatWait(settings.rings, {
    lifecycleBytes: lifecycle.sizeBytes,
    dataBytes: data.sizeBytes,
  })

  const { progress } = options
  const isSameSet = progress !== undefined && BigInt(progress.madeNs) === kernel.madeNs
  if (progress && isSameSet) {
    for (const [ring, position] of [
      [lifecycle, progress.lifecycle],
      [data, progress.data],
    ] as const) {
      const wantedPosition = BigInt(position)
      if (wantedPosition > ring.position && wantedPosition <= ring.producerPosition)
        ring.seek(wantedPosition)
    }
  }
  const ledger = createLossLedger(
    isSameSet ? countsOf(progress) : new Map(),
    isSameSet ? BigInt(progress.readNs) : kernel.madeNs,
  )
  /** Records of each hook that could not be decoded, in this run. */
  const undecodable = new Map<string, bigint>()
  const misses = new Map<string, bigint>()
  if (isSameSet && progress.objectHash === kernel.objectHash)
    for (const [name, count] of Object.entries(progress.misses)) misses.set(name, BigInt(count))
  /** When misses were last read, and since when those may be that are found and not told. */
  let missesNs = isSameSet ? BigInt(progress.missesNs ?? progress.readNs) : kernel.madeNs
  let missesFromNs: bigint | undefined
  /** Recursion misses by hook since the rings were made: programs may have been replaced since. */
  const missedBefore = new Map<string, bigint>()
  for (const [hook, counts] of ledger.reported()) {
    const recursion = counts.lost.get('recursion')
    if (recursion !== undefined) missedBefore.set(hook, recursion)
    const decode = counts.lost.get('decode')
    if (decode !== undefined) undecodable.set(hook, decode)
  }

  const byKind: (Probe | undefined)[] = []
  for (const probe of probes) byKind[tables[probe.name].id] = probe
  const gaps = { lifecycle: createSequenceGaps(), data: createSequenceGaps() }
  let knownMissing = 0
  let starved = 0
  let mustRead = true
  let isLook = true
  let hasPendingRead = false
  let lastProgress: KernelProgress | undefined
  const lastHooks = new Map<string, string>()

  /** Says once what an earlier set, or a time without one, has hidden. */
  const notices: { fromNs: bigint; toNs: bigint; hook: string; reason: string; lost: bigint }[] = []
  const untold = [...kernel.leftBehind]
  for (const { records, lost, fromNs } of untold) {
    for (const [ring, count] of records)
      if (count > 0)
        notices.push({ fromNs, toNs: openedNs, hook: ring, reason: 'decode', lost: BigInt(count) })
    for (const { hook, reason, count } of lost)
      notices.push({ fromNs, toNs: openedNs, hook, reason, lost: count })
  }
  /** Sets whose notices are in what `pump` gave out; each goes when that is safe. */
  const told = new Set<string>()
  // Not only after a fresh start: whoever attached may have been killed before it could spool a word of it.
  if (progress && (kernel.isFresh || !isSameSet || progress.objectHash !== kernel.objectHash))
    for (const { name } of probes)
      notices.push({
        fromNs: BigInt(progress.readNs),
        toNs: openedNs,
        hook: name,
        reason: 'down',
        lost: 0n,
      })

  const context: { -readonly [Key in keyof DecodeContext]: DecodeContext[Key] } = {
    builder: undefined as unknown as BatchBuilder,
    processes,
    workloads,
    redact: options.redact ?? none,
    disown: (pid) => unmarkOwn(kernel.own, pid),
    dns: createDnsConversations(),
  }

  function countUndecodable(hook: string, count: bigint): void {
    undecodable.set(hook, (undecodable.get(hook) ?? 0n) + count)
    mustRead = true
  }

  /** Whether something was told since the last look at it that may be repeated. */
  let mayRepeat = false

  function onRepeats(entry: CountedRepeats): void {
    const probe = byKind[entry.kind]
    const { memory, at, lengthBytes } = entry
    if (probe?.decodeRepeats && probe.decode(context, memory, at, lengthBytes))
      probe.decodeRepeats(context, entry)
    else countUndecodable(probe?.name ?? 'data', entry.count)
  }

  function onRecord(ring: 'lifecycle' | 'data', memory: RecordMemory, at: number, length: number) {
    let hook: string = ring
    if (length >= eventSizeBytes) {
      gaps[ring].see(doubleAt(memory, at + eventOffsets.seq))
      const probe = byKind[event.kind(memory, at)]
      if (probe) {
        if (probe.decodeRepeats) mayRepeat = true
        if (probe.decode(context, memory, at, length)) return
        hook = probe.name
      }
    }
    countUndecodable(hook, 1n)
  }
  const onLifecycle = (memory: RecordMemory, at: number, length: number): void =>
    onRecord('lifecycle', memory, at, length)
  const onData = (memory: RecordMemory, at: number, length: number): void =>
    onRecord('data', memory, at, length)

  function readMisses(nowNs: bigint): void {
    for (const { name, hook, program } of kernel.programs) {
      const count = program.counters().recursionMisses
      const before = misses.get(name) ?? 0n
      if (count > before) {
        missedBefore.set(hook, (missedBefore.get(hook) ?? 0n) + count - before)
        misses.set(name, count)
        missesFromNs ??= missesNs
      }
    }
    missesNs = nowNs
  }

  /** Counters of the kernel, with what it skipped and what we could not read. */
  function readAll(nowNs: bigint, mustReadMisses: boolean): Map<string, HookReading> {
    const reading = counters.read()
    if (mustReadMisses || nowNs - missesNs >= missesEveryNs) readMisses(nowNs)
    for (const [hook, count] of missedBefore) addLost(reading, hook, 'recursion', count)
    for (const [hook, count] of undecodable) addLost(reading, hook, 'decode', count)
    return reading
  }

  function report(builder: BatchBuilder): number {
    const fromNs = readClockNs('boottime')
    const reading = readAll(fromNs, isLook)
    mustRead = false
    isLook = false
    hasPendingRead = false
    lastProgress = undefined
    const earlierNs = missesFromNs === undefined ? {} : { recursion: missesFromNs }
    const rows = ledger.take(reading, fromNs, readClockNs('boottime'), builder, earlierNs)
    missesFromNs = undefined
    return rows
  }

  function currentProgress(): KernelProgress {
    const positions = {
      lifecycle: String(lifecycle.position),
      data: String(data.position),
      repeats: repeats.progress,
    }
    lastProgress = lastProgress
      ? { ...lastProgress, ...positions }
      : {
          madeNs: String(kernel.madeNs),
          ...positions,
          readNs: String(ledger.readNs),
          counts: Object.fromEntries(
            [...ledger.reported()].map(([hook, { submitted, deduplicated, lost }]) => [
              hook,
              {
                submitted: String(submitted),
                deduplicated: String(deduplicated),
                lost: Object.fromEntries([...lost].map(([reason, n]) => [reason, String(n)])),
              },
            ]),
          ),
          missesNs: String(missesNs),
          misses: Object.fromEntries([...misses].map(([name, count]) => [name, String(count)])),
          objectHash: kernel.objectHash,
          told: [...told],
        }
    return lastProgress
  }

  function writeNotices(builder: BatchBuilder): void {
    for (const notice of notices.splice(0)) {
      const table = builder.table('loss')
      const row = table.add()
      const { columns } = table
      columns.fromNs[row] = notice.fromNs
      columns.toNs[row] = notice.toNs
      columns.hook[row] = builder.string(notice.hook)
      columns.reason[row] = builder.string(notice.reason)
      columns.offered[row] = notice.lost
      columns.lost[row] = notice.lost
    }
    for (const { id } of untold.splice(0)) told.add(id)
  }

  const held = opening.move()
  const self: Kernel = {
    processes,
    layout: layout.hash,
    isFresh: kernel.isFresh,
    shortfalls: [sizes, kernel.callsShortfall].filter((one) => one !== undefined),
    pump(builder, limits = {}) {
      const { records = 512, bytes = 1 << 20 } = limits
      const before = builder.rows
      context.builder = builder
      writeNotices(builder)
      // Data first: every process that a record up to here names has its record up to there.
      // A ring this full may have refused records that no later number shows yet.
      for (const ring of [lifecycle, data])
        if (ring.producerPosition - ring.consumerPosition > BigInt(ring.sizeBytes >> 1))
          mustRead = true
      const dataEnd = data.producerPosition
      const lifecycleEnd = lifecycle.producerPosition
      const first = lifecycle.drain(onLifecycle, {
        maxRecords: records,
        maxBytes: bytes,
        upTo: lifecycleEnd,
      })
      let isMore = first.stoppedBy === 'limit'
      let count = first.records
      if (!isMore || ++starved > mostStarvedPumps) {
        starved = 0
        const left = Math.max(records - count, isMore ? records >> 2 : 0)
        if (left > 0) {
          const second = data.drain(onData, { maxRecords: left, maxBytes: bytes, upTo: dataEnd })
          count += second.records
          isMore ||= second.stoppedBy === 'limit'
        } else {
          isMore = true
        }
      }
      const lookNs = readClockNs('boottime')
      if (mayRepeat) repeats.arm(lookNs)
      mayRepeat = false
      // What the rings have goes first; repeats wait where they are, but not for ever: their map has an end, too.
      if (repeats.take(lookNs, Math.max(records - count, records >> 3), onRepeats)) isMore = true
      if (count > 0) hasPendingRead = true
      const missing = gaps.lifecycle.missing + gaps.data.missing
      if (missing !== knownMissing) {
        knownMissing = missing
        mustRead = true
        processes.forgetCredentials()
      }
      if (mustRead || (hasPendingRead && lookNs - ledger.readNs >= readEveryNs)) report(builder)
      return { rows: builder.rows - before, progress: currentProgress(), isMore }
    },
    look() {
      mustRead = true
      isLook = true
      repeats.hurry()
    },
    commit(done) {
      if (BigInt(done.madeNs) !== kernel.madeNs) return
      // Only now: whoever is killed before counts the same records again.
      if (done.repeats) repeats.commit(done.repeats)
      for (const id of done.told ?? []) if (told.delete(id)) kernel.removeLeftBehind(id)
      for (const [ring, position] of [
        [lifecycle, BigInt(done.lifecycle)],
        [data, BigInt(done.data)],
      ] as const)
        if (position > ring.consumerPosition && position <= ring.position) ring.commit(position)
    },
    async watch(onWake, signal, steadyMs) {
      const failed = new AbortController()
      let last: NodeJS.Timeout | undefined
      let running = Promise.resolve()
      let failure: unknown
      const once = async (): Promise<void> => {
        await onWake()
        // Losses after the last record of a burst would wait for the next one otherwise.
        // So would repeats.
        if (!(hasPendingRead || repeats.isArmed) || last !== undefined || signal.aborted) return
        last = setTimeout(() => {
          last = undefined
          mustRead = true
          wake().catch((cause: unknown) => {
            failure = cause
            failed.abort()
          })
        }, 1000)
      }
      // One after another: the timer and the rings never call at the same time.
      const wake = (): Promise<void> => {
        const next = running.then(once)
        running = next.catch(() => undefined)
        return next
      }
      try {
        await watchRings([lifecycle, data], wake, {
          signal: AbortSignal.any([signal, failed.signal]),
          ...(steadyMs === undefined ? {} : { steadyIntervalMs: steadyMs }),
        })
      } finally {
        clearTimeout(last)
        await running
        clearTimeout(last)
      }
      if (failed.signal.aborted) throw failure
    },
    *snapshot(builder) {
      const rows = yield* takeSnapshot(
        kernel.tasks,
        builder,
        processes,
        workloads,
        options.redact ?? none,
      )
      return rows
    },
    features: (builder) => writeFeatures(builder, self.shortfalls),
    hooks(builder) {
      const atNs = readClockNs('boottime')
      const reading = readAll(atNs, true)
      let rows = 0
      for (const [hook, { submitted, filtered, deduplicated, lost }] of reading) {
        let lostTotal = 0n
        for (const count of lost.values()) lostTotal += count
        const statistics = { runNs: 0n, runs: 0n, misses: missedBefore.get(hook) ?? 0n }
        for (const { program } of programsOf.get(hook) ?? []) {
          const { runTimeNs, runCount } = program.counters()
          statistics.runNs += runTimeNs
          statistics.runs += runCount
        }
        const isAttached = attachedHooks.has(hook)
        const key = `${submitted} ${deduplicated} ${lostTotal} ${filtered} ${statistics.misses} ${isAttached}`
        if (lastHooks.get(hook) === key) continue
        lastHooks.set(hook, key)
        const table = builder.table('hook')
        const row = table.add()
        const { columns } = table
        columns.atNs[row] = atNs
        columns.hook[row] = builder.string(hook)
        columns.offered[row] = submitted + deduplicated + lostTotal
        columns.lost[row] = lostTotal
        columns.filtered[row] = filtered
        columns.deduplicated[row] = deduplicated
        columns.runNs[row] = statistics.runNs
        columns.runs[row] = statistics.runs
        columns.recursionMisses[row] = statistics.misses
        columns.state[row] = isAttached ? 1 : 0
        rows += 1
      }
      return rows
    },
    own: (pids) => markOwn(kernel, pids),
    removePins: () => removePins(settings.pinDir),
    [Symbol.dispose]: () => held.dispose(),
  }
  const { ownPids } = settings
  if (ownPids?.length !== 0) self.own([process.pid, ...(ownPids ?? [])])
  if (kernel.isFresh && probes.some((probe) => probe.name === 'tcp')) {
    const refused = BigInt(inheritSockets(kernel.taskSockets, kernel.sockets))
    if (refused > 0n)
      notices.push({
        fromNs: openedNs,
        toNs: readClockNs('boottime'),
        hook: 'tcp',
        reason: 'map_full',
        lost: refused,
      })
  }
  return self
}

function addLost(
  reading: Map<string, HookReading>,
  hook: string,
  reason: string,
  count: bigint,
): void {
  let counts = reading.get(hook)
  if (!counts) {
    counts = { submitted: 0n, filtered: 0n, deduplicated: 0n, lost: new Map() }
    reading.set(hook, counts)
  }
  counts.lost.set(reason, (counts.lost.get(reason) ?? 0n) + count)
}

function countsOf(progress: KernelProgress): Map<string, HookCounts> {
  const counts = new Map<string, HookCounts>()
  for (const [hook, { submitted, deduplicated = '0', lost }] of Object.entries(progress.counts))
    counts.set(hook, {
      submitted: BigInt(submitted),
      deduplicated: BigInt(deduplicated),
      lost: new Map(Object.entries(lost).map(([reason, count]) => [reason, BigInt(count)])),
    })
  return counts
}
