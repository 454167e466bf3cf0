/**
 * The kernel objects of the sensor and their pins.
 *
 * Everything is pinned below `<pinDir>/<layout hash>`: maps by their names, programs as
 * `program-<name>`, links as `link-<name>`, and an empty folder `ready-<object hash>` made last. A
 * sensor that comes back finds it and loads nothing: it only maps the rings again. Another object with
 * the same layout keeps the maps and replaces programs and links; another layout replaces all.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  makePinFolder,
  openPinnedLink,
  openPinnedMap,
  openPinnedProgram,
  openPinnedRing,
  unpin,
  BpfError,
  type BpfLink,
  type BpfMap,
  type Ring,
} from '@honeyguide/bpf'
import { layout } from '../../gen/records.ts'
import type { Probe } from '../probes/probe.ts'
import { runAttach } from './attach-child.ts'
import { dispatcher } from './attach-kernel.ts'
import type { HookProgram } from './hook-counters.ts'
import { readMade } from './sequences.ts'

export interface PinnedKernelOptions {
  readonly pinDir: string
  /** Folder of sensor.bpf.o and snapshot.bpf.o. */
  readonly objectDir: string
  readonly rings: { readonly lifecycleBytes: number; readonly dataBytes: number }
  readonly probes: readonly Probe[]
}

/** What a set of another layout still held when it was replaced. */
export interface LeftBehind {
  /** Records by ring that nobody will read. */
  readonly records: ReadonlyMap<string, number>
  /** When its rings were made, ns since boot. */
  readonly madeNs: bigint
}

export interface PinnedKernel extends Disposable {
  readonly lifecycle: Ring
  readonly data: Ring
  readonly counts: BpfMap
  readonly own: BpfMap
  readonly sockets: BpfMap
  readonly programs: readonly HookProgram[]
  /** Iterators over what is there now. */
  readonly tasks: BpfLink
  readonly taskSockets: BpfLink
  /** Boot time in ns when the rings were made: names this set. */
  readonly madeNs: bigint
  readonly objectHash: string
  /** Whether programs were attached by this call, and not found running. */
  readonly isFresh: boolean
  readonly leftBehind: readonly LeftBehind[]
}

/** Removes every pin of the sensor below `pinDir`: programs detach, rings go. */
export function removePins(pinDir: string): void {
  for (const name of foldersOf(pinDir)) removeFolder(join(pinDir, name))
}

function foldersOf(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory())
}

/** Links first: nothing may run on maps that are half gone. */
function removeFolder(path: string): void {
  const names = readdirSync(path)
  const order = (name: string): number => (name.startsWith('link-') ? 0 : 1)
  for (const name of names.toSorted((a, b) => order(a) - order(b))) {
    const entry = join(path, name)
    if (statSync(entry).isDirectory()) rmdirSync(entry)
    else unpin(entry)
  }
  rmdirSync(path)
}

function removePrograms(folder: string): void {
  for (const name of readdirSync(folder)) {
    const entry = join(folder, name)
    if (/^(?:link|program|iterator)-/.test(name)) unpin(entry)
    else if (name.startsWith('ready-')) rmdirSync(entry)
  }
}

/** Counts what the rings of another layout hold, then removes them. */
function abandon(folder: string): LeftBehind {
  const records = new Map<string, number>()
  let madeNs = 0n
  for (const name of readdirSync(folder)) if (name.startsWith('link-')) unpin(join(folder, name))
  for (const ring of ['lifecycle', 'data']) {
    try {
      using open = openPinnedRing(join(folder, `hg_${ring}`))
      let count = 0
      open.drain(() => {
        count += 1
      })
      records.set(ring, count)
    } catch (cause) {
      if (!(cause instanceof BpfError)) throw cause
    }
  }
  try {
    using sequences = openPinnedMap(join(folder, 'hg_sequences'))
    madeNs = readMade(sequences)
  } catch (cause) {
    if (!(cause instanceof BpfError)) throw cause
  }
  removeFolder(folder)
  return { records, madeNs }
}

/** Opens the pinned set, making or replacing what has to be. */
export function openPinnedKernel(options: PinnedKernelOptions): PinnedKernel {
  const { pinDir, probes } = options
  const folder = join(pinDir, layout.hash)
  const objectHash = createHash('sha256')
    .update(readFileSync(join(options.objectDir, 'sensor.bpf.o')))
    .update(readFileSync(join(options.objectDir, 'snapshot.bpf.o')))
    .update(probes.map((probe) => probe.name).join())
    .digest('hex')
    .slice(0, 12)
  const leftBehind = foldersOf(pinDir)
    .filter((name) => name !== layout.hash)
    .map((name) => abandon(join(pinDir, name)))
  let isFresh = false
  if (!existsSync(join(folder, `ready-${objectHash}`))) {
    isFresh = true
    makePinFolder(folder)
    removePrograms(folder)
    const request = {
      folder,
      objectDir: options.objectDir,
      rings: options.rings,
      probes: probes.map((probe) => probe.name),
      objectHash,
    }
    if (runAttach(request) === 'mismatch') {
      // Same layout, other sizes: the rings of before are given up.
      leftBehind.push(abandon(folder))
      makePinFolder(folder)
      runAttach(request)
    }
  }

  using open = new DisposableStack()
  const pinned = (name: string): string => join(folder, name)
  const lifecycle = open.use(openPinnedRing(pinned('hg_lifecycle')))
  const data = open.use(openPinnedRing(pinned('hg_data')))
  const counts = open.use(openPinnedMap(pinned('hg_counts')))
  const own = open.use(openPinnedMap(pinned('hg_own')))
  const sockets = open.use(openPinnedMap(pinned('hg_sockets')))
  const hookOf = new Map<string, string>([[dispatcher, 'sys_exit']])
  for (const probe of probes) {
    for (const name of probe.programs.flat()) hookOf.set(name, probe.name)
    for (const { program } of probe.optionalPrograms ?? []) hookOf.set(program, probe.name)
  }
  const programs = readdirSync(folder)
    .filter((name) => name.startsWith('program-'))
    .map((entry): HookProgram => {
      const name = entry.slice('program-'.length)
      return {
        name,
        hook: hookOf.get(name) ?? name,
        program: open.use(openPinnedProgram(pinned(entry))),
      }
    })
  const tasks = open.use(openPinnedLink(pinned('iterator-hg_tasks')))
  const taskSockets = open.use(openPinnedLink(pinned('iterator-hg_task_sockets')))
  using sequences = openPinnedMap(pinned('hg_sequences'))
  const madeNs = readMade(sequences)
  const held = open.move()
  return {
    lifecycle,
    data,
    counts,
    own,
    sockets,
    programs,
    tasks,
    taskSockets,
    madeNs,
    objectHash,
    isFresh,
    leftBehind,
    [Symbol.dispose]: () => held.dispose(),
  }
}
