/**
 * Finds out where files come from, a slice at a time, within a share of one core.
 *
 * Files that were seen wait in a bounded queue; what does not fit is counted as lost. A few are opened at once,
 * so that a file that is deleted right after it ran is still had, and read by turns: what just ran goes before
 * what was there already, small before large, and nothing waits longer than a minute behind others.
 *
 * What was found out is remembered by device, inode, path and change time (bounded), and told once. A file that is
 * seen again is only looked at (its change time), and that at most once a second.
 */
import { fstatSync, type BigIntStats } from 'node:fs'
import {
  provenanceFlags,
  provenanceRoles,
  provenanceStates,
} from '@honeyguide/model/tables/provenance'
import { createCpuBudget } from './cpu-budget.ts'
import type { Fact } from './fact.ts'
import { digestsOf } from './file-digests.ts'
import { mappedFiles } from './mapped-files.ts'
import { createFileOpener, type OpenedFile } from './open-file.ts'
import type { DigestAlgorithm, Owner } from './package-database.ts'
import {
  createPackageDatabases,
  type FoundOwner,
  type PackageDatabases,
} from './package-databases.ts'
import { keyOf, type SeenFile } from './seen-file.ts'
import { reopen } from './walk-in-root.ts'
import type { Work } from './work.ts'

export interface InspectorOptions {
  /** Longest file whose content is read. */
  readonly maxFileBytes: number
  /** Of one core, 0 to 1. */
  readonly share: number
  /** Ever growing, ms. */
  readonly nowMs: () => number
  /** CPU time of this thread, ms. */
  readonly cpuMs: () => number
  /** Of the inspector before this one. */
  readonly before?: Remembered | undefined
}

/** What an inspector leaves to the next: what was told, and what is left of its share. Plain data. */
export interface Remembered {
  /** Names of files (`keyOf`) with their change times. */
  readonly told: readonly (readonly [key: string, changedNs: bigint])[]
  readonly heldCpuMs: number
}

/** What came of the files that were seen, since it was last asked. */
export interface Findings {
  readonly facts: readonly Fact[]
  /** Looks at files that were wanted; those of which nothing came are `lost`. */
  readonly offered: number
  readonly lost: number
}

export interface Inspector {
  see(files: readonly SeenFile[]): void
  /** Everything is told again when it is seen again. */
  forget(): void
  /** Works until the share is used up, some milliseconds have gone by, or nothing is left. Returns when to go on, ms from now; undefined for when more is seen. */
  run(): number | undefined
  take(): Findings
  remember(): Remembered
  /** Looks that are wanted and not done. */
  readonly waiting: number
  readonly databases: PackageDatabases
}

const bounds = {
  /** Files that wait to be opened. */
  queue: 1024,
  /**
   * Files that are open and wait for their turn, or have it: of those that just ran, and of those that were there
   * already. Few, as an open file keeps its file system from being unmounted.
   */
  open: [8, 2],
  /** Files that are remembered. */
  known: 2048,
  /** Looks that are put off. */
  later: 2048,
} as const
const burstSeconds = 60
/** Messages of the thread get their turn after this, ms. */
const sliceMs = 5
/** Between two looks at one file, ms. */
const lookEveryMs = 1000
/** Between two looks while packages are on the move, and how often, ms. */
const settleEveryMs = 5000
const mostSettles = 120
/** Beyond this a file is large, bytes. */
const largeBytes = 4 << 20
const mostWaitMs = 60_000
/** Tries at a file that changes while it is read. */
const mostTries = 3

interface Known {
  /** 0 when it could not be opened. */
  readonly changedNs: bigint
  /** Undefined when an inspector before this one told it. */
  readonly fact: Fact | undefined
  /** Of the same content, by algorithm. */
  readonly digests: ReadonlyMap<DigestAlgorithm, string>
  lookedMs: number
  isTold: boolean
}

interface Job {
  readonly key: string
  /** Which queue it came from. */
  readonly kind: 0 | 1
  readonly file: SeenFile
  readonly opened: OpenedFile
  readonly sinceMs: number
  /** Looks before this one that found packages on the move. */
  readonly settles: number
  readonly work: Work<{ fact: Fact; digests: ReadonlyMap<DigestAlgorithm, string> }>
}

interface Wanted {
  readonly file: SeenFile
  readonly settles: number
}

const nothing: ReadonlyMap<DigestAlgorithm, string> = new Map()

/** Fields of the fact that the file itself tells. */
function factOf(file: SeenFile, stat: BigIntStats | undefined, device: number): Fact {
  let flags = 0
  if (file.isMemfd) flags |= provenanceFlags.memfd
  if (file.isDeleted) flags |= provenanceFlags.deleted
  if (file.inode === 0n) flags |= provenanceFlags.byPath
  return {
    device,
    inode: stat?.ino ?? file.inode,
    changedNs: stat?.ctimeNs ?? 0n,
    path: file.path,
    mountNs: file.mountNs,
    role: file.role,
    state: provenanceStates.unknown,
    reason: '',
    flags,
    manager: '',
    package: '',
    version: '',
    architecture: '',
    packagedPath: '',
    digestAlgorithm: '',
    packagedDigest: '',
    digest: '',
    sha256: '',
    sizeBytes: stat?.size ?? 0n,
    modifiedNs: stat?.mtimeNs ?? 0n,
    bornNs: stat?.birthtimeNs ?? 0n,
    uid: Number(stat?.uid ?? 0n),
    gid: Number(stat?.gid ?? 0n),
    mode: Number(stat?.mode ?? 0n),
  }
}

/** State and reason of a file that this package owns, by its digest. Pure. */
export function judge(
  owner: Owner,
  digest: string | undefined,
  whyNoDigest: string,
): { readonly state: number; readonly reason: string } {
  const { ownedMatches, ownedDiffers, ownedNoDigest } = provenanceStates
  if (!owner.digest) return { state: ownedNoDigest, reason: owner.why }
  if (digest === undefined) return { state: ownedNoDigest, reason: whyNoDigest }
  if (digest === owner.digest.hex) return { state: ownedMatches, reason: '' }
  if (owner.isConfiguration)
    return { state: ownedNoDigest, reason: 'a configuration file that was changed, as it may be' }
  return { state: ownedDiffers, reason: '' }
}

/** What it gives, or in words why the system would not: a disk that fails must not end the thread. */
function orReason<Result>(run: () => Result): Result | string {
  try {
    return run()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return `it cannot be looked at (${code})`
  }
}

export function createInspector(options: InspectorOptions): Inspector {
  const { maxFileBytes, nowMs, cpuMs } = options
  const { before: earlier } = options
  const budget = createCpuBudget({
    share: options.share,
    burstSeconds,
    ...(earlier ? { heldMs: earlier.heldCpuMs } : {}),
  })
  const opener = createFileOpener(nowMs)
  const databases = createPackageDatabases(nowMs)
  /** In the order in which they were last looked at. */
  const known = new Map<string, Known>(
    earlier?.told.map(([key, changedNs]) => [
      key,
      { changedNs, fact: undefined, digests: nothing, lookedMs: -Infinity, isTold: true },
    ]),
  )
  /** Those that just ran, and those that were there already. */
  const queues = [new Map<string, Wanted>(), new Map<string, Wanted>()] as const
  /** By what goes first: just seen before there already, small before large. */
  const lanes: Job[][] = [[], [], [], []]
  const later = new Map<string, Wanted & { readonly dueMs: number }>()
  let facts: Fact[] = []
  let offered = 0
  let lost = 0
  const jobs: [number, number] = [0, 0]
  /** Keys of files that have a turn. */
  const inHand = new Set<string>()
  /** Of what was charged: what a thread does between two runs counts as well, and what it took to begin again. */
  let chargedCpuMs = earlier ? 0 : cpuMs()

  function remember(key: string, entry: Known): void {
    known.delete(key)
    known.set(key, entry)
    for (const oldest of known.keys()) {
      if (known.size <= bounds.known) break
      known.delete(oldest)
    }
  }

  function tell(key: string, entry: Known): void {
    remember(key, entry)
    if (entry.isTold || !entry.fact) return
    entry.isTold = true
    facts.push(entry.fact)
  }

  function want(key: string, wanted: Wanted): void {
    offered += 1
    if (queues[0].size + queues[1].size >= bounds.queue) lost += 1
    else queues[wanted.file.isFromSnapshot ? 1 : 0].set(key, wanted)
  }

  function putOff(key: string, wanted: Wanted, dueMs: number): void {
    if (later.has(key)) return
    if (later.size < bounds.later) later.set(key, { ...wanted, dueMs })
    else {
      offered += 1
      lost += 1
    }
  }

  function isQueued(key: string): boolean {
    return inHand.has(key) || queues.some((queue) => queue.has(key))
  }

  function seeOne(file: SeenFile): void {
    const key = keyOf(file)
    if (isQueued(key)) return
    const before = known.get(key)
    if (before && nowMs() - before.lookedMs < lookEveryMs)
      putOff(key, { file, settles: 0 }, before.lookedMs + lookEveryMs)
    else want(key, { file, settles: 0 })
  }

  /** Content and owner. Begins again when the file changes meanwhile. */
  function* inspect(
    file: SeenFile,
    opened: OpenedFile,
    before: ReadonlyMap<DigestAlgorithm, string>,
  ): Work<{ fact: Fact; digests: ReadonlyMap<DigestAlgorithm, string> }> {
    let digests = before
    for (let tries = 1; ; tries++) {
      const stat = fstatSync(opened.at.fd, { bigint: true })
      const plain = factOf(file, stat, opened.device)
      const found: FoundOwner = file.isMemfd
        ? { ownership: { kind: 'not_owned' }, isForeign: false, isMoving: false }
        : yield* databases.find(opened.root, opened.path)
      const { ownership } = found
      const owner = ownership.kind === 'owned' ? ownership.owner : undefined
      const wanted: DigestAlgorithm[] = ['sha256']
      if (owner?.digest) wanted.push(owner.digest.algorithm)
      let why = 'larger than sensor.provenance.maxFileBytes'
      if (!wanted.every((one) => digests.has(one)) && stat.size <= BigInt(maxFileBytes)) {
        using content = reopen(opened.at)
        const read = content && (yield* digestsOf(content, wanted, maxFileBytes))
        digests = read ?? nothing
        why = 'its content could not be read'
      }
      const after = fstatSync(opened.at.fd, { bigint: true })
      const hasChanged = after.ctimeNs !== stat.ctimeNs || after.size !== stat.size
      if (hasChanged && tries < mostTries) {
        digests = nothing
        continue
      }
      return {
        fact: {
          ...plain,
          ...verdict(file, opened, found, owner, digests, why, hasChanged, plain.flags),
        },
        digests: hasChanged ? nothing : digests,
      }
    }
  }

  function verdict(
    file: SeenFile,
    opened: OpenedFile,
    { ownership, isForeign, isMoving }: FoundOwner,
    owner: Owner | undefined,
    digests: ReadonlyMap<DigestAlgorithm, string>,
    why: string,
    hasChanged: boolean,
    plainFlags: number,
  ): Partial<Fact> {
    let flags = plainFlags
    if (!opened.isNamed && !file.isMemfd) flags |= provenanceFlags.deleted
    const sha256 = digests.get('sha256') ?? ''
    if (owner?.isConfiguration) flags |= provenanceFlags.configuration
    if (isForeign && !file.isMemfd) flags |= provenanceFlags.foreignDatabase
    const digest = owner?.digest && digests.get(owner.digest.algorithm)
    const ofOwner: Partial<Fact> = owner
      ? {
          manager: owner.manager,
          package: owner.name,
          version: owner.version,
          architecture: owner.architecture,
          packagedPath: owner.path === file.path ? '' : owner.path,
          digestAlgorithm: owner.digest?.algorithm ?? '',
          packagedDigest: owner.digest?.hex ?? '',
          digest: digest ?? '',
        }
      : {}
    let state: number = provenanceStates.notOwned
    let reason = ''
    if (hasChanged) {
      state = provenanceStates.unknown
      reason = 'it changes while it is read'
    } else if (!opened.isNamed && !file.isMemfd) {
      state = provenanceStates.unknown
      reason = 'it has no name any more'
    } else if (ownership.kind === 'unknown') {
      state = provenanceStates.unknown
      ;({ reason } = ownership)
    } else if (owner) ({ state, reason } = judge(owner, digest, why))
    // As packaged stays as packaged; everything else may be so in a moment.
    if (isMoving && state !== provenanceStates.ownedMatches) flags |= provenanceFlags.provisional
    return { ...ofOwner, sha256, state, reason, flags }
  }

  function unopened(key: string, file: SeenFile, reason: string): void {
    const before = known.get(key)
    // What was found out of it before holds: this says only that it is gone by now.
    if (before) {
      before.lookedMs = nowMs()
      tell(key, before)
      return
    }
    const plain = factOf(file, undefined, file.device)
    const fact: Fact = file.isMemfd
      ? { ...plain, state: provenanceStates.notOwned }
      : { ...plain, reason }
    tell(key, { changedNs: 0n, fact, digests: nothing, lookedMs: nowMs(), isTold: false })
  }

  /** Opens the next file that waits in this queue; gives it a turn unless nothing of it is new. */
  function admit(kind: 0 | 1): void {
    const next = queues[kind].entries().next().value
    if (!next) return
    const [key, { file, settles }] = next
    queues[kind].delete(key)
    const opened = orReason(() => opener.open(file))
    if (typeof opened === 'string') {
      unopened(key, file, opened)
      return
    }
    const { stat } = opened
    const before = known.get(key)
    const isUnchanged = before?.changedNs === stat.ctimeNs
    if (before && isUnchanged && settles === 0) {
      before.lookedMs = nowMs()
      tell(key, before)
      opened[Symbol.dispose]()
      return
    }
    const work = inspect(file, opened, isUnchanged && before ? before.digests : nothing)
    const lane = lanes[2 * kind + (stat.size > largeBytes ? 1 : 0)]
    lane?.push({ key, kind, file, opened, sinceMs: nowMs(), settles, work })
    inHand.add(key)
    jobs[kind] += 1
  }

  /** The lane whose first job has its turn. */
  function nextLane(): Job[] | undefined {
    const now = nowMs()
    let oldest: Job[] | undefined
    for (const lane of lanes) {
      const [job] = lane
      if (!job || now - job.sinceMs < mostWaitMs) continue
      if (!oldest?.[0] || job.sinceMs < oldest[0].sinceMs) oldest = lane
    }
    return oldest ?? lanes.find((lane) => lane.length > 0)
  }

  function finishJob(
    job: Job,
    result: { fact: Fact; digests: ReadonlyMap<DigestAlgorithm, string> },
  ): void {
    const { key, file, opened, settles } = job
    opened[Symbol.dispose]()
    const { fact, digests } = result
    const before = known.get(key)
    const isProvisional = (fact.flags & provenanceFlags.provisional) !== 0
    const isSame =
      before !== undefined &&
      before.changedNs === fact.changedNs &&
      before.fact?.state === fact.state &&
      before.fact.flags === fact.flags &&
      before.fact.package === fact.package &&
      before.fact.version === fact.version
    tell(key, {
      changedNs: fact.changedNs,
      fact,
      digests,
      lookedMs: nowMs(),
      isTold: isSame && before.isTold,
    })
    if (isProvisional && settles < mostSettles)
      putOff(key, { file, settles: settles + 1 }, nowMs() + settleEveryMs)
    if (file.role === provenanceRoles.image && before === undefined && !file.isTyped)
      for (const mapped of mappedFiles(file)) seeOne(mapped)
  }

  /** One turn; false when there is nothing to do. */
  function turn(): boolean {
    for (const kind of [0, 1] as const)
      if (queues[kind].size > 0 && jobs[kind] < bounds.open[kind]) {
        admit(kind)
        return true
      }
    const lane = nextLane()
    const [job] = lane ?? []
    if (!lane || !job) return false
    const step = orReason(() => job.work.next())
    if (typeof step !== 'string' && step.done !== true) return true
    lane.shift()
    inHand.delete(job.key)
    jobs[job.kind] -= 1
    if (typeof step !== 'string') finishJob(job, step.value)
    else {
      job.opened[Symbol.dispose]()
      unopened(job.key, job.file, step)
    }
    return true
  }

  /** Puts into the queue what is due; returns when the next is, ms from now. */
  function takeDue(): number | undefined {
    const now = nowMs()
    let nextMs: number | undefined
    for (const [key, { dueMs, ...wanted }] of later) {
      if (dueMs <= now) {
        later.delete(key)
        if (!isQueued(key)) want(key, wanted)
      } else nextMs = Math.min(nextMs ?? Infinity, dueMs - now)
    }
    return nextMs
  }

  return {
    databases,
    see(files) {
      for (const file of files) seeOne(file)
    },
    forget() {
      for (const [key, entry] of known) {
        entry.isTold = false
        if (!entry.fact) known.delete(key)
      }
    },
    run() {
      const restMs = budget.restMs(nowMs())
      if (restMs > 0) return restMs
      const nextMs = takeDue()
      const beganMs = nowMs()
      let isMore = true
      while (isMore && nowMs() - beganMs < sliceMs) isMore = turn()
      const usedCpuMs = cpuMs()
      budget.charge(nowMs(), usedCpuMs - chargedCpuMs)
      chargedCpuMs = usedCpuMs
      return isMore ? 0 : nextMs
    },
    take() {
      const found = { facts, offered, lost }
      facts = []
      offered = 0
      lost = 0
      return found
    },
    remember: () => ({
      told: [...known]
        .filter(([, { isTold }]) => isTold)
        .map(([key, { changedNs }]) => [key, changedNs] as const),
      heldCpuMs: budget.heldMs,
    }),
    get waiting() {
      return queues[0].size + queues[1].size + jobs[0] + jobs[1]
    },
  }
}
