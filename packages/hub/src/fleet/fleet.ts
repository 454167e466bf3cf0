/**
 * Every host as its sensor tells of it: who it is, what its kernel allows, what its hooks saw and lost.
 *
 * Fed by the pipeline from the log (so a replay gives the same) and by ingest with who is connected now (which
 * is not saved). All of it is bounded per host; hosts that were not heard of for a week leave with their counters.
 */
import {
  hex,
  type Batch,
  type Evidence,
  type FeatureState,
  type Gap,
  type HookState,
  type Host,
  type Severity,
  type Timeline,
} from '@honeyguide/model'
import type { Hello } from '@honeyguide/model/frames'
import { createLossLedger, gapOf, type LossInterval, type LossLedger } from './loss-ledger.ts'
import {
  countedGroups,
  countedKinds,
  createMinuteCounters,
  type CountedKind,
  type MinuteCounters,
  type SavedCounters,
} from './minute-counters.ts'

/** What an open incident means to a host. */
export interface HostIncident {
  readonly uid: string
  readonly severity: Severity
}

export interface Fleet {
  /** From the log: what a sensor said of itself. */
  hello(hello: Hello, receivedMs: number): void
  /** From the log: counts and what the batch tells of hooks, features and losses. Returns new gaps. */
  apply(batch: Batch, receivedMs: number): readonly Gap[]
  /** A loss that the hub found itself. Returns its gap. */
  lose(loss: LossInterval): Gap
  /** From ingest: a frame came just now. True when the sensor was away until now. */
  heard(deviceUid: string, nowMs: number): boolean
  disconnected(deviceUid: string): void
  /** Name of a host, its id when it never said one. */
  hostname(deviceUid: string): string
  /** Host names, heard of last first. */
  hostnames(): string[]
  deviceUids(hostnames: readonly string[]): Set<string>
  sensors(nowMs: number): { readonly known: number; readonly up: number }
  hosts(nowMs: number, incidents: ReadonlyMap<string, readonly HostIncident[]>): Host[]
  timeline(query: {
    readonly fromMs: number
    readonly toMs: number
    readonly buckets: number
    readonly hosts?: ReadonlySet<string>
  }): Omit<Timeline, 'incidents'>
  /** How complete what happened in [from, to] is; of these hosts (device uids), or of all. */
  evidence(fromMs: number, toMs: number, hosts?: ReadonlySet<string>): Evidence
  evidenceByKind(
    fromMs: number,
    toMs: number,
    hosts?: ReadonlySet<string>,
  ): { kind: string; offered: number; lost: number }[]
  /** Events counted since the fleet is known, for /metrics: [hostname, hook state]. */
  hooks(): readonly (readonly [string, readonly HookCounts[]])[]
  save(): SavedFleet
}

/** What a sensor tells of a hook; reasons are in the ledger. */
type HookCounts = Omit<HookState, 'lostBy'>

interface HostState {
  readonly deviceUid: string
  hostname: string
  version: string
  kernel: string
  architecture: string
  operatingSystem: string
  cpus: number
  memoryBytes: number
  labels: Readonly<Record<string, string>>
  firstSeenMs: number
  lastSeenMs: number
  connected: boolean
  readonly hooks: Map<string, HookCounts>
  features: Map<string, FeatureState>
  readonly counters: MinuteCounters
  /** Run and sequence of the last batch, and the end of what it covered: contiguous batches cover the time between. */
  lastRun: string
  lastSequence: bigint
  coveredMs: number
}

/** Plain data for `v8.serialize`. */
export interface SavedFleet {
  readonly version: 1
  readonly hosts: readonly (Omit<HostState, 'hooks' | 'features' | 'counters'> & {
    readonly hooks: readonly HookCounts[]
    readonly features: readonly FeatureState[]
    readonly counters: SavedCounters
  })[]
  readonly losses: readonly LossInterval[]
}

const silentMs = 30_000
/** How far a host's clock may be ahead of ours. */
const aheadMs = 24 * 60 * 60_000
const forgottenMs = 7 * 24 * 60 * 60_000
const mostHosts = 10_000
const losingMs = 5 * 60_000
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const mostHooks = 64
const mostFeatures = 64
const mostGaps = 100
/** Counted tables by the group that the strip and the histogram show them in. */
const kindsByGroup = Map.groupBy(countedKinds, (kind) => countedGroups[kind])

const hookStates = { 0: 'unavailable', 1: 'attached', 2: 'failed' } as const
const worseFirst: readonly Severity[] = ['critical', 'high', 'medium', 'low']

/** Which counters a hook's losses belong beside. */
function kindOfHook(hook: string): CountedKind | undefined {
  return countedKinds.find((kind) => kind === hook)
}

/** Sums per reason, most first. */
function lossesByReason(found: readonly LossInterval[]): HookState['lostBy'] {
  return [...Map.groupBy(found, (loss) => loss.reason)]
    .map(([reason, of]) => ({ reason, lost: of.reduce((sum, { lost }) => sum + lost, 0) }))
    .sort((a, b) => b.lost - a.lost)
}

export function createFleet(saved?: SavedFleet): Fleet {
  const hosts = new Map<string, HostState>()
  const losses: LossLedger = createLossLedger(saved?.losses)
  for (const one of saved?.hosts ?? [])
    hosts.set(one.deviceUid, {
      ...one,
      connected: false,
      hooks: new Map(one.hooks.map((hook) => [hook.hook, hook])),
      features: new Map(one.features.map((feature) => [feature.name, feature])),
      counters: createMinuteCounters(one.counters),
    })

  /** A new host comes: those that were not heard of for a week leave, and beyond the limit the quietest. */
  function makeRoom(nowMs: number): void {
    let quietest: HostState | undefined
    for (const host of hosts.values()) {
      if (nowMs - host.lastSeenMs > forgottenMs) hosts.delete(host.deviceUid)
      else if (!quietest || host.lastSeenMs < quietest.lastSeenMs) quietest = host
    }
    if (hosts.size >= mostHosts && quietest) hosts.delete(quietest.deviceUid)
  }

  function hostOf(deviceUid: string, nowMs: number): HostState {
    let host = hosts.get(deviceUid)
    if (!host) {
      makeRoom(nowMs)
      host = {
        deviceUid,
        hostname: deviceUid.slice(0, 12),
        version: '',
        kernel: '',
        architecture: '',
        operatingSystem: '',
        cpus: 0,
        memoryBytes: 0,
        labels: {},
        firstSeenMs: nowMs,
        lastSeenMs: nowMs,
        connected: false,
        hooks: new Map(),
        features: new Map(),
        counters: createMinuteCounters(),
        lastRun: '',
        lastSequence: 0n,
        coveredMs: 0,
      }
      hosts.set(deviceUid, host)
    }
    return host
  }

  function selected(of?: ReadonlySet<string>): HostState[] {
    return [...hosts.values()].filter((host) => !of || of.has(host.deviceUid))
  }

  function sum(
    of: readonly HostState[],
    kinds: readonly CountedKind[],
    fromMs: number,
    toMs: number,
  ): number | null {
    let total: number | null = null
    for (const host of of) {
      const count = host.counters.count(kinds, fromMs, toMs)
      if (count !== null) total = (total ?? 0) + count
    }
    return total
  }

  function evidence(fromMs: number, toMs: number, of?: ReadonlySet<string>): Evidence {
    const found = losses.between(fromMs, toMs, of)
    const lost = found.reduce((total, loss) => total + loss.lost, 0)
    const seen = sum(selected(of), countedKinds, fromMs, toMs) ?? 0
    return {
      complete: lost === 0,
      offered: seen + lost,
      lost,
      gaps: found
        .slice(0, mostGaps)
        .map((loss) => gapOf(loss, hosts.get(loss.deviceUid)?.hostname ?? loss.deviceUid)),
      gapCount: found.length,
    }
  }

  return {
    hello(hello, receivedMs) {
      const host = hostOf(hex(hello.sensor), receivedMs)
      host.hostname = hello.hostname || host.deviceUid.slice(0, 12)
      host.version = hello.version
      host.kernel = hello.kernelRelease
      host.architecture = hello.architecture
      host.operatingSystem = hello.operatingSystem
      host.cpus = hello.cpus
      host.memoryBytes = Number(hello.memoryBytes)
      host.labels = hello.labels
      host.lastSeenMs = Math.max(host.lastSeenMs, receivedMs)
    },
    apply(batch, receivedMs) {
      const host = hostOf(hex(batch.sensor), receivedMs)
      host.lastSeenMs = Math.max(host.lastSeenMs, receivedMs)
      // One event of a broken clock must not push a week of counters out: what is far ahead counts as now.
      const wallMs = (bootNs: bigint): number => {
        const ms = Number((bootNs + batch.wallOffsetNs) / 1_000_000n)
        return ms > receivedMs + aheadMs ? receivedMs : ms
      }
      let newestMs = 0
      for (const kind of countedKinds) {
        const table = batch.table(kind)
        if (!table) continue
        // Runs of rows of the same second are counted at once.
        let at = -1
        let run = 0
        for (let row = 0; row < table.rows; row++) {
          const ms = wallMs(table.columns.bootNs[row] ?? 0n)
          if (ms > newestMs) newestMs = ms
          const second = Math.floor(ms / 1000)
          if (second !== at) {
            if (run > 0) host.counters.add(kind, at * 1000, run)
            at = second
            run = 0
          }
          run += 1
        }
        if (run > 0) host.counters.add(kind, at * 1000, run)
      }

      const hook = batch.table('hook')
      for (let row = 0; row < (hook?.rows ?? 0); row++) {
        const c = hook?.columns
        if (!c) break
        newestMs = Math.max(newestMs, wallMs(c.atNs[row] ?? 0n))
        const name = batch.text(c.hook[row] ?? 0)
        if (host.hooks.size >= mostHooks && !host.hooks.has(name)) continue
        const runs = Number(c.runs[row] ?? 0n)
        const offered = Number(c.offered[row] ?? 0n)
        const lost = Number(c.lost[row] ?? 0n)
        const state = c.state[row] ?? 0
        host.hooks.set(name, {
          hook: name,
          state: hookStates[state as 0 | 1 | 2] ?? 'failed',
          offered,
          seen: offered - lost,
          lost,
          filtered: Number(c.filtered[row] ?? 0n),
          deduplicated: Number(c.deduplicated[row] ?? 0n),
          nsPerRun: runs === 0 ? null : Math.round(Number(c.runNs[row] ?? 0n) / runs),
          recursionMisses: Number(c.recursionMisses[row] ?? 0n),
        })
      }

      const feature = batch.table('feature')
      for (let row = 0; row < (feature?.rows ?? 0); row++) {
        const c = feature?.columns
        if (!c) break
        const name = batch.text(c.name[row] ?? 0)
        if (host.features.size >= mostFeatures && !host.features.has(name)) continue
        host.features.set(name, {
          name,
          works: c.state[row] === 1,
          minimumKernel: batch.text(c.minimumKernel[row] ?? 0),
          reason: batch.text(c.reason[row] ?? 0),
          costs: batch.text(c.costs[row] ?? 0),
        })
      }

      const gaps: Gap[] = []
      const loss = batch.table('loss')
      for (let row = 0; row < (loss?.rows ?? 0); row++) {
        const c = loss?.columns
        if (!c) break
        const toMs = wallMs(c.toNs[row] ?? 0n)
        newestMs = Math.max(newestMs, toMs)
        const interval: LossInterval = {
          deviceUid: host.deviceUid,
          hook: batch.text(c.hook[row] ?? 0),
          reason: batch.text(c.reason[row] ?? 0),
          fromMs: wallMs(c.fromNs[row] ?? 0n),
          toMs,
          offered: Number(c.offered[row] ?? 0n),
          lost: Number(c.lost[row] ?? 0n),
        }
        losses.add(interval)
        if (interval.lost > 0) gaps.push(gapOf(interval, host.hostname))
      }

      if (newestMs > 0) {
        const run = `${hex(batch.boot)}/${batch.run}`
        const follows = run === host.lastRun && batch.sequence === host.lastSequence + 1n
        host.counters.report(follows ? Math.min(host.coveredMs, newestMs) : newestMs, newestMs)
        host.lastRun = run
        host.lastSequence = batch.sequence
        host.coveredMs = newestMs
      }
      return gaps
    },
    lose(loss) {
      losses.add(loss)
      return gapOf(loss, hosts.get(loss.deviceUid)?.hostname ?? loss.deviceUid)
    },
    heard(deviceUid, nowMs) {
      const host = hostOf(deviceUid, nowMs)
      const wasAway = !host.connected || nowMs - host.lastSeenMs > silentMs
      host.connected = true
      host.lastSeenMs = Math.max(host.lastSeenMs, nowMs)
      host.counters.report(nowMs, nowMs)
      return wasAway
    },
    disconnected(deviceUid) {
      const host = hosts.get(deviceUid)
      if (host) host.connected = false
    },
    hostname: (deviceUid) => hosts.get(deviceUid)?.hostname ?? deviceUid,
    hostnames: () =>
      [...hosts.values()].sort((a, b) => b.lastSeenMs - a.lastSeenMs).map((host) => host.hostname),
    deviceUids(hostnames) {
      const wanted = new Set(hostnames)
      return new Set(
        [...hosts.values()]
          .filter((host) => wanted.has(host.hostname) || wanted.has(host.deviceUid))
          .map((host) => host.deviceUid),
      )
    },
    sensors(nowMs) {
      let up = 0
      for (const host of hosts.values()) if (nowMs - host.lastSeenMs <= silentMs) up += 1
      return { known: hosts.size, up }
    },
    hosts(nowMs, incidents) {
      return [...hosts.values()]
        .sort((a, b) => (a.hostname < b.hostname ? -1 : a.hostname > b.hostname ? 1 : 0))
        .map((host): Host => {
          const own = new Set([host.deviceUid])
          const recent = losses.between(nowMs - losingMs, nowMs, own)
          const day = losses.between(nowMs - dayMs, nowMs, own)
          const told = Map.groupBy(losses.between(0, Infinity, own), (loss) => loss.hook)
          const lost24h = day.reduce((total, loss) => total + loss.lost, 0)
          const thisMinute = Math.floor(nowMs / minuteMs) * minuteMs
          const minutes = Array.from({ length: 60 }, (_, at) => {
            const from = thisMinute - (59 - at) * minuteMs
            return host.counters.count(countedKinds, from, from + minuteMs)
          })
          const lastSeconds = Math.floor(nowMs / 1000) * 1000
          // By seconds; after a restart by the last whole minute until there are ten seconds.
          const isFine = host.counters.fineFromMs <= lastSeconds - 10_000
          const rate = isFine
            ? (host.counters.count(countedKinds, lastSeconds - 10_000, lastSeconds) ?? 0) / 10
            : (host.counters.count(countedKinds, thisMinute - minuteMs, thisMinute) ?? 0) / 60
          const open = incidents.get(host.hostname) ?? []
          return {
            uid: host.deviceUid,
            hostname: host.hostname,
            health:
              nowMs - host.lastSeenMs > silentMs
                ? 'silent'
                : recent.length > 0
                  ? 'losing'
                  : 'healthy',
            lastSeen: new Date(host.lastSeenMs).toISOString(),
            firstSeen: new Date(host.firstSeenMs).toISOString(),
            version: host.version,
            kernel: host.kernel,
            architecture: host.architecture,
            operatingSystem: host.operatingSystem,
            cpus: host.cpus,
            memoryBytes: host.memoryBytes,
            labels: host.labels,
            eventsPerSecond: Math.round(rate * 10) / 10,
            offered24h: (host.counters.count(countedKinds, nowMs - dayMs, nowMs) ?? 0) + lost24h,
            lost24h,
            minutes,
            hooks: [...host.hooks.values()].map((one) => ({
              ...one,
              lostBy: lossesByReason(told.get(one.hook) ?? []),
            })),
            features: [...host.features.values()],
            openIncidents: open.map(({ uid }) => uid),
            worstSeverity:
              worseFirst.find((severity) => open.some((one) => one.severity === severity)) ?? null,
          }
        })
    },
    timeline({ fromMs, toMs, buckets, hosts: of }) {
      // Whole seconds, and whole minutes where only minutes are known.
      const wanted = Math.max((toMs - fromMs) / buckets, 1000)
      const chosen = selected(of)
      const isFine =
        wanted < minuteMs / 2 &&
        chosen.every(({ counters }) => counters.fineFromMs <= fromMs - 1000)
      const step = isFine ? 1000 : minuteMs
      const bucketMs = Math.ceil(wanted / step) * step
      const first = Math.floor(fromMs / (isFine ? 1000 : bucketMs)) * (isFine ? 1000 : bucketMs)
      const count = Math.max(0, Math.ceil((toMs - first) / bucketMs))
      const groups = Object.fromEntries(
        [...kindsByGroup].map(([group, kinds]) => [
          group,
          Array.from({ length: count }, (_, no) =>
            sum(chosen, kinds, first + no * bucketMs, first + (no + 1) * bucketMs),
          ),
        ]),
      )
      return {
        from: new Date(first).toISOString(),
        to: new Date(first + count * bucketMs).toISOString(),
        bucketMs,
        groups,
        evidence: evidence(fromMs, toMs, of),
      }
    },
    evidence,
    evidenceByKind(fromMs, toMs, of) {
      const found = losses.between(fromMs, toMs, of)
      return countedKinds.map((kind) => {
        const lost = found
          .filter((loss) => (kindOfHook(loss.hook) ?? kind) === kind)
          .reduce((total, loss) => total + loss.lost, 0)
        return { kind, offered: (sum(selected(of), [kind], fromMs, toMs) ?? 0) + lost, lost }
      })
    },
    hooks: () =>
      [...hosts.values()].map((host) => [host.hostname, [...host.hooks.values()]] as const),
    save: () => ({
      version: 1,
      hosts: [...hosts.values()].map((host) => ({
        ...host,
        connected: false,
        hooks: [...host.hooks.values()],
        features: [...host.features.values()],
        counters: host.counters.save(),
      })),
      losses: losses.save(),
    }),
  }
}
