/**
 * The kernel objects of the sensor and their pins.
 *
 * Everything is pinned below `<pinDir>/<layout hash>`: maps by their names, programs as
 * `program-<name>`, links as `link-<name>`, and an empty folder `ready-<object hash>` made last. A
 * sensor that comes back finds it and loads nothing: it only maps the rings again. Another object with
 * the same layout keeps the maps and replaces programs and links; another layout replaces all.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  makePinFolder,
  openObject,
  openPinnedMap,
  openPinnedProgram,
  openPinnedRing,
  possibleCpuCount,
  readClockNs,
  unpin,
  BpfError,
  type BpfMap,
  type BpfObject,
  type MapOptions,
  type Ring,
} from '@honeyguide/bpf'
import { layout } from '../../gen/records.ts'
import type { Probe } from '../probes/probe.ts'
import type { HookProgram } from './hook-counters.ts'

/** Maps that outlive the sensor. The others live as long as the programs do. */
const pinnedMaps = [
  'hg_lifecycle',
  'hg_data',
  'hg_sequences',
  'hg_counts',
  'hg_own',
  'hg_sockets',
  'hg_syscalls',
] as const

const dispatcher = 'hg_sys_exit'
/** Key of `hg_sequences` that holds when the set was made, and bytes of one value. */
const madeKey = 3
const sequenceBytes = 64
/** First number of the 32-bit ABI in `hg_syscalls`. */
const compatFrom = 1024

export interface PinnedKernelOptions {
  readonly pinDir: string
  /** Path of sensor.bpf.o. */
  readonly object: string
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
    if (name.startsWith('link-') || name.startsWith('program-')) unpin(entry)
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

function keyBytes(key: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, key, true)
  return bytes
}

function readMade(sequences: BpfMap): bigint {
  const value = new Uint8Array(new ArrayBuffer(sequenceBytes))
  sequences.getBytes(keyBytes(madeKey), value)
  return new DataView(value.buffer).getBigUint64(0, true)
}

/** Starts the sequences, unless a set that lives on has them running. Returns when it was made. */
function startSequences(sequences: BpfMap): bigint {
  const before = readMade(sequences)
  if (before !== 0n) return before
  const made = readClockNs('boottime')
  for (let key = 0; key <= madeKey; key++) {
    const value = new Uint8Array(new ArrayBuffer(sequenceBytes))
    new DataView(value.buffer).setBigUint64(0, key === madeKey ? made : made / 1000n, true)
    sequences.setBytes(keyBytes(key), value)
  }
  return made
}

/** Loads with the best alternatives that the kernel takes. */
function loadObject(folder: string, options: PinnedKernelOptions): LoadedPrograms {
  const { probes } = options
  const most = Math.max(1, ...probes.flatMap((p) => p.programs.map((all) => all.length)))
  for (let attempt = 0; ; attempt++) {
    const chosen = new Map<string, string>()
    const autoload = new Map<string, { autoload: boolean }>()
    for (const probe of probes) {
      for (const alternatives of probe.programs) {
        const pick = alternatives[Math.min(attempt, alternatives.length - 1)] ?? ''
        chosen.set(pick, probe.name)
        for (const name of alternatives) autoload.set(name, { autoload: name === pick })
      }
      for (const { program } of probe.syscallExits) autoload.set(program, { autoload: true })
    }
    const maps: Record<string, MapOptions> = {
      hg_exec_memory: { maxEntries: possibleCpuCount() },
    }
    for (const name of pinnedMaps) maps[name] = { pin: join(folder, name) }
    maps['hg_lifecycle'] = {
      pin: join(folder, 'hg_lifecycle'),
      maxEntries: options.rings.lifecycleBytes,
    }
    maps['hg_data'] = { pin: join(folder, 'hg_data'), maxEntries: options.rings.dataBytes }
    const object = openObject(options.object, {
      layout,
      maps,
      programs: Object.fromEntries(
        readProgramNames(options.object).map((name) => [
          name,
          autoload.get(name) ?? { autoload: name === dispatcher },
        ]),
      ),
    })
    try {
      object.load()
      return { object, chosen }
    } catch (cause) {
      object[Symbol.dispose]()
      if (attempt + 1 >= most) throw cause
    }
  }
}

interface LoadedPrograms {
  readonly object: BpfObject
  /** Programs to attach, and the probe that each is of. */
  readonly chosen: ReadonlyMap<string, string>
}

function readProgramNames(path: string): readonly string[] {
  using object = openObject(path)
  return object.programNames
}

function attachAll(folder: string, options: PinnedKernelOptions, objectHash: string): void {
  const { object: loaded, chosen } = loadObject(folder, options)
  using object = loaded
  startSequences(object.map('hg_sequences'))
  const table = object.map('hg_syscalls')
  const value = new Uint8Array(4)
  for (const probe of options.probes) {
    for (const { program, native, compat } of probe.syscallExits) {
      new DataView(value.buffer).setUint32(0, object.program(program).fd, true)
      for (const number of native) table.setBytes(keyBytes(number), value)
      for (const number of compat) table.setBytes(keyBytes(compatFrom + number), value)
    }
  }
  const names = [...chosen.keys()]
  if (options.probes.some((probe) => probe.syscallExits.length > 0)) names.push(dispatcher)
  for (const name of names) {
    object.program(name).pin(join(folder, `program-${name}`))
    using _link = object.attach(name, { pin: join(folder, `link-${name}`) })
  }
  mkdirSync(join(folder, `ready-${objectHash}`))
}

/** Opens the pinned set, making or replacing what has to be. */
export function openPinnedKernel(options: PinnedKernelOptions): PinnedKernel {
  const { pinDir, probes } = options
  const folder = join(pinDir, layout.hash)
  const objectHash = createHash('sha256')
    .update(readFileSync(options.object))
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
    try {
      attachAll(folder, options, objectHash)
    } catch (cause) {
      if (!(cause instanceof BpfError) || cause.code !== 'BPF_PIN_MISMATCH') throw cause
      // Same layout, other sizes: the rings of before are given up.
      leftBehind.push(abandon(folder))
      makePinFolder(folder)
      attachAll(folder, options, objectHash)
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
  for (const probe of probes) for (const name of probe.programs.flat()) hookOf.set(name, probe.name)
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
    madeNs,
    objectHash,
    isFresh,
    leftBehind,
    [Symbol.dispose]: () => held.dispose(),
  }
}
