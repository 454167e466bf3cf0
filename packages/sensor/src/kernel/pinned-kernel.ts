/**
 * The kernel objects of the sensor and their pins.
 *
 * Everything is pinned below `<pinDir>/<layout hash>`: maps by their names, programs as
 * `program-<name>`, links as `link-<name>`, and an empty folder `ready-<object hash>` made last. A
 * sensor that comes back finds it and loads nothing: it only maps the rings again. Another object with
 * the same layout keeps the maps and replaces programs and links; another layout replaces all, and the
 * rings of before stay until what they held is told as lost.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  makePinFolder,
  openPinnedLink,
  openPinnedMap,
  openPinnedProgram,
  openPinnedRing,
  possibleCpuCount,
  probeFeature,
  unpin,
  BpfError,
  type BpfLink,
  type BpfMap,
  type Ring,
} from '@honeyguide/bpf'
import { tables } from '@honeyguide/model/tables'
import { countersSizeBytes, layout } from '../../gen/records.ts'
import { constantsText } from '../probes/constants.ts'
import type { Probe, ProbeSettings } from '../probes/probe.ts'
import type { Shortfall } from '../pump/kernel-port.ts'
import { attachInChild, type Attach } from './attach-child.ts'
import { dispatcher, type Attached } from './attach-kernel.ts'
import { callPrefix, isCallTable, removeCallEndsAside, setCallEndsAside } from './call-ends.ts'
import { openHookCounters, type HookProgram } from './hook-counters.ts'
import type { KernelProgress } from './progress.ts'
import { countUntold, openRepeats, type RepeatTurns } from './repeats.ts'
import { readMade } from './sequences.ts'
import { callsAtTracepoint } from './shortfall.ts'

export interface PinnedKernelOptions {
  readonly pinDir: string
  /** Folder of sensor.bpf.o, sensor-casts.bpf.o and snapshot.bpf.o. */
  readonly objectDir: string
  readonly rings: { readonly lifecycleBytes: number; readonly dataBytes: number }
  readonly probes: readonly Probe[]
  /** As in `AttachRequest`. */
  readonly isPlain: boolean
  /** As in `AttachRequest`. */
  readonly isAtTracepoint: boolean
  readonly settings: ProbeSettings
  readonly progress?: KernelProgress | undefined
  readonly attach?: Attach | undefined
}

/** What a set of another layout, or of rings of another size, still held when it was replaced. */
export interface LeftBehind {
  /** Names the set for ever: its folder, and when it was made. */
  readonly id: string
  /** Records by ring that nobody will read. */
  readonly records: ReadonlyMap<string, number>
  /** What the kernel counted as lost and nobody has told. */
  readonly lost: readonly {
    readonly hook: string
    readonly reason: string
    readonly count: bigint
  }[]
  /** All of it was after this, ns since boot. */
  readonly fromNs: bigint
}

export interface PinnedKernel extends Disposable {
  readonly lifecycle: Ring
  readonly data: Ring
  readonly counts: BpfMap
  readonly own: BpfMap
  readonly ownMarks: BpfMap
  readonly sockets: BpfMap
  readonly programs: readonly HookProgram[]
  readonly repeats: RepeatTurns
  /** A map that a probe names. The caller closes it. */
  openMap(name: string): BpfMap
  /** Iterators over what is there now. */
  readonly tasks: BpfLink
  readonly taskSockets: BpfLink
  /** Boot time in ns when the rings were made: names this set. */
  readonly madeNs: bigint
  readonly objectHash: string
  /** Whether programs were attached by this call, and not found running. */
  readonly isFresh: boolean
  /** Where system calls are not seen at their functions although the kernel has fentry. */
  readonly callsShortfall: Shortfall | undefined
  /** Stopped, counted, and kept until `removeLeftBehind`, so that whoever is killed before it could tell counts again. */
  readonly leftBehind: readonly LeftBehind[]
  removeLeftBehind(id: string): void
}

/** Removes every pin of the sensor below `pinDir`: programs detach, rings go. */
export function removePins(pinDir: string): void {
  for (const name of foldersOf(pinDir)) removeFolder(join(pinDir, name))
}

function foldersOf(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory())
}

/** Tables of calls and links first: nothing may run on maps that are half gone. */
function removeFolder(path: string): void {
  const names = readdirSync(path)
  const order = (name: string): number =>
    isCallTable(name) ? 0 : /^(?:old-)?link-/.test(name) ? 1 : 2
  for (const name of names.toSorted((a, b) => order(a) - order(b))) {
    const entry = join(path, name)
    if (statSync(entry).isDirectory()) rmdirSync(entry)
    else unpin(entry)
  }
  rmdirSync(path)
}

function removePrograms(folder: string): void {
  setCallEndsAside(folder)
  for (const name of readdirSync(folder)) {
    const entry = join(folder, name)
    if (/^(?:link|program|iterator)-/.test(name)) unpin(entry)
    else if (name.startsWith('ready-')) rmdirSync(entry)
  }
}

/** Runs `use` on what is pinned; nothing where the set is not whole. */
function whenThere(use: () => void): void {
  try {
    use()
  } catch (cause) {
    if (!(cause instanceof BpfError)) throw cause
  }
}

/**
 * Stops the programs of another set, and counts what nobody has been told of it: records in its rings, but
 * for those that a batch holds already, and what its own counters say was lost since they were last read.
 */
function leaveBehind(
  folder: string,
  probes: readonly Probe[],
  progress: KernelProgress | undefined,
): LeftBehind {
  setCallEndsAside(folder)
  removeCallEndsAside(folder)
  for (const name of readdirSync(folder)) if (name.startsWith('link-')) unpin(join(folder, name))
  let madeNs = 0n
  whenThere(() => {
    using sequences = openPinnedMap(join(folder, 'hg_sequences'))
    madeNs = readMade(sequences)
  })
  const known = progress !== undefined && BigInt(progress.madeNs) === madeNs ? progress : undefined
  const records = new Map<string, number>()
  for (const name of ['lifecycle', 'data'] as const) {
    whenThere(() => {
      using ring = openPinnedRing(join(folder, `hg_${name}`))
      const spooled = known === undefined ? 0n : BigInt(known[name])
      if (spooled > ring.position && spooled <= ring.producerPosition) ring.seek(spooled)
      let count = 0
      ring.drain(() => {
        count += 1
      })
      records.set(name, count)
    })
  }
  const lost: { hook: string; reason: string; count: bigint }[] = []
  whenThere(() => {
    using counts = openPinnedMap(join(folder, 'hg_counts'))
    // Counters have not changed since the first version; if they ever do, the rings' records are all that can be told.
    if (counts.valueSizeBytes !== countersSizeBytes * possibleCpuCount()) return
    for (const [hook, reading] of openHookCounters(counts, probes).read())
      for (const [reason, total] of reading.lost) {
        const count = total - BigInt(known?.counts[hook]?.lost[reason] ?? 0)
        if (count > 0n) lost.push({ hook, reason, count })
      }
  })
  whenThere(() => {
    for (const [kind, count] of countUntold(folder, known?.repeats)) {
      const hook = probes.find(({ name }) => tables[name].id === kind)?.name
      if (hook !== undefined) lost.push({ hook, reason: 'decode', count })
    }
  })
  return {
    id: `${basename(folder)} ${madeNs}`,
    records,
    lost,
    fromNs: known ? BigInt(known.readNs) : madeNs,
  }
}

/** A name below `pinDir` for a set that makes room for one of the same layout. */
function asideName(pinDir: string): string {
  for (let i = 1; ; i++) {
    const path = join(pinDir, `${layout.hash}-${i}`)
    if (!existsSync(path)) return path
  }
}

/** Opens the pinned set, making or replacing what has to be. */
export function openPinnedKernel(options: PinnedKernelOptions): PinnedKernel {
  const { pinDir, probes } = options
  const folder = join(pinDir, layout.hash)
  const objectHash = createHash('sha256')
    .update(readFileSync(join(options.objectDir, 'sensor.bpf.o')))
    .update(readFileSync(join(options.objectDir, 'sensor-casts.bpf.o')))
    .update(readFileSync(join(options.objectDir, 'snapshot.bpf.o')))
    .update(probes.map((probe) => probe.name).join())
    .update(options.isPlain ? 'plain' : options.isAtTracepoint ? 'tracepoint' : '')
    // Constants are part of loaded programs.
    .update(constantsText(probes, options.settings))
    .digest('hex')
    .slice(0, 12)
  const told = new Set(options.progress?.told)
  const leftBehind: LeftBehind[] = []
  for (const name of foldersOf(pinDir)) {
    if (name === layout.hash) continue
    const left = leaveBehind(join(pinDir, name), probes, options.progress)
    // Told by a batch that is safe; only the removal was missing.
    if (told.has(left.id)) removeFolder(join(pinDir, name))
    else leftBehind.push(left)
  }
  let isFresh = false
  let attached: Attached = {}
  if (!existsSync(join(folder, `ready-${objectHash}`))) {
    isFresh = true
    makePinFolder(folder)
    removePrograms(folder)
    const request = {
      folder,
      objectDir: options.objectDir,
      rings: options.rings,
      probes: probes.map((probe) => probe.name),
      isPlain: options.isPlain,
      isAtTracepoint: options.isAtTracepoint,
      settings: options.settings,
      objectHash,
    }
    const { attach = attachInChild } = options
    const first = attach(request)
    if (first === 'mismatch') {
      // Same layout, other sizes: the rings of before are given up.
      const aside = asideName(pinDir)
      renameSync(folder, aside)
      leftBehind.push(leaveBehind(aside, probes, options.progress))
      makePinFolder(folder)
      const second = attach(request)
      if (second !== 'mismatch') attached = second
    } else attached = first
    removeCallEndsAside(folder)
  }

  using open = new DisposableStack()
  const pinned = (name: string): string => join(folder, name)
  const lifecycle = open.use(openPinnedRing(pinned('hg_lifecycle')))
  const data = open.use(openPinnedRing(pinned('hg_data')))
  const counts = open.use(openPinnedMap(pinned('hg_counts')))
  const own = open.use(openPinnedMap(pinned('hg_own')))
  const ownMarks = open.use(openPinnedMap(pinned('hg_own_marks')))
  const sockets = open.use(openPinnedMap(pinned('hg_sockets')))
  const hookOf = new Map<string, string>([[dispatcher, 'sys_exit']])
  for (const probe of probes) {
    for (const name of probe.programs.flat()) if (!hookOf.has(name)) hookOf.set(name, probe.name)
    for (const { program } of probe.optionalPrograms ?? []) hookOf.set(program, probe.name)
    for (const program of probe.better?.programs ?? []) hookOf.set(program, probe.name)
  }
  const programs = readdirSync(folder)
    .filter((name) => name.startsWith('program-'))
    .map((entry): HookProgram => {
      const name = entry.slice('program-'.length)
      return {
        name,
        hook: hookOf.get(name) ?? (name.startsWith(callPrefix) ? 'sys_exit' : name),
        program: open.use(openPinnedProgram(pinned(entry))),
      }
    })
  const isAtTracepoint = programs.some(({ name }) => name === dispatcher)
  const canFunctions =
    !options.isPlain &&
    !options.isAtTracepoint &&
    isAtTracepoint &&
    probeFeature('fentry').supported
  const tasks = open.use(openPinnedLink(pinned('iterator-hg_tasks')))
  const taskSockets = open.use(openPinnedLink(pinned('iterator-hg_task_sockets')))
  using sequences = openPinnedMap(pinned('hg_sequences'))
  const madeNs = readMade(sequences)
  const { progress } = options
  const repeats = open.use(
    openRepeats(
      folder,
      progress !== undefined && BigInt(progress.madeNs) === madeNs ? progress.repeats : undefined,
    ),
  )
  const held = open.move()
  return {
    lifecycle,
    data,
    counts,
    own,
    ownMarks,
    sockets,
    programs,
    repeats,
    openMap: (name) => openPinnedMap(pinned(name)),
    tasks,
    taskSockets,
    madeNs,
    objectHash,
    isFresh,
    callsShortfall:
      canFunctions && isAtTracepoint ? callsAtTracepoint(attached.callsRefused) : undefined,
    leftBehind,
    removeLeftBehind: (id) => removeFolder(join(pinDir, id.split(' ')[0] ?? '')),
    [Symbol.dispose]: () => held.dispose(),
  }
}
