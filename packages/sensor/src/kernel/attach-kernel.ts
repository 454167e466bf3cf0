/**
 * Loads the objects, attaches the programs and pins all of it: the only code of the sensor that needs
 * libbpf and the kernel's BTF. Run in a child process (`attach-child.ts`), as the tens of MB that they
 * take would stay with the sensor.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  BpfError,
  openObject,
  possibleCpuCount,
  probeFeature,
  probeFeatures,
  readIterator,
  unpin,
  type BpfLink,
  type BpfObject,
  type MapOptions,
} from '@honeyguide/bpf'
import { tables } from '@honeyguide/model/tables'
import { probes as allProbes } from '../../gen/probes.ts'
import { layout } from '../../gen/records.ts'
import { constantsOf } from '../probes/constants.ts'
import type { Probe, ProbeSettings, SyscallExit } from '../probes/probe.ts'
import { callPrefix, loadCallEnds, removeCallTables, type CallEnds } from './call-ends.ts'
import { keyBytes, startSequences } from './sequences.ts'
import { unifiedMount } from './unified-mount.ts'

/** Maps that outlive the sensor, beside those that probes name. The others live as long as the programs do. */
const pinnedMaps = [
  'hg_lifecycle',
  'hg_data',
  'hg_sequences',
  'hg_counts',
  'hg_own',
  'hg_own_marks',
  'hg_sockets',
  'hg_syscalls',
  'hg_repeats',
  'hg_repeats_even',
  'hg_repeats_odd',
  'hg_repeat_turns',
  'hg_tallied',
] as const

/** The one program on sys_exit, where system calls are not seen at their functions (`call-ends.ts`). */
export const dispatcher = 'hg_sys_exit'
/** First number of the 32-bit ABI in `hg_syscalls`. */
const compatFrom = 1024

/** What to attach where; plain JSON. */
export interface AttachRequest {
  /** Folder of the pins, on a bpf filesystem. */
  readonly folder: string
  readonly objectDir: string
  readonly rings: { readonly lifecycleBytes: number; readonly dataBytes: number }
  /** Probes by name. */
  readonly probes: readonly string[]
  /** Whether what every kernel has is used where there is a better way, too, the exits of system calls: for comparing. */
  readonly isPlain: boolean
  /** Whether the ends of system calls are seen at sys_exit in any case. */
  readonly isAtTracepoint: boolean
  /** What constants of programs come from. */
  readonly settings: ProbeSettings
  readonly objectHash: string
}

/** What came of it. */
export interface Attached {
  /** Why system calls are not seen at their functions although the kernel has fentry, in its words. */
  readonly callsRefused?: string
}

/** Loads with the best alternatives that the kernel takes. */
function loadObject(request: AttachRequest, probes: readonly Probe[]): LoadedPrograms {
  const { folder, rings } = request
  const canFunctions =
    !request.isPlain && !request.isAtTracepoint && probeFeature('fentry').supported
  // All at once: the answers are kept.
  probeFeatures([
    'bpf_rdonly_cast_void',
    ...probes.flatMap(({ better, optionalPrograms = [] }) =>
      [...(better ? [better] : []), ...optionalPrograms].map(({ needs }) => needs),
    ),
  ])
  const hasCasts = !request.isPlain && probeFeature('bpf_rdonly_cast_void').supported
  const path = join(request.objectDir, hasCasts ? 'sensor-casts.bpf.o' : 'sensor.bpf.o')
  const most = Math.max(1, ...probes.flatMap((p) => p.programs.map((all) => all.length)))
  const extras = probes.flatMap(({ name, optionalPrograms = [] }) =>
    optionalPrograms
      .filter(
        ({ needs }) => !(request.isPlain && needs === 'fentry') && probeFeature(needs).supported,
      )
      .map(({ program }) => [program, name] as const),
  )
  const canBetter = new Set(
    request.isPlain
      ? []
      : probes.filter(({ better }) => better && probeFeature(better.needs).supported),
  )
  // Each of the alternatives, and once more without what could be left out: a kernel may have the
  // feature and not the function.
  const attempts = canFunctions || extras.length > 0 || canBetter.size > 0 ? 2 * most : most
  let refused: string | undefined
  for (let attempt = 0; ; attempt++) {
    const chosen = new Map<string, string>()
    const exits: SyscallExit[] = []
    const autoload = new Map<string, { autoload: boolean }>()
    if (attempt < most)
      for (const [program, probe] of extras) {
        chosen.set(program, probe)
        autoload.set(program, { autoload: true })
      }
    for (const probe of probes) {
      for (const alternatives of probe.programs) {
        const pick = alternatives[Math.min(attempt % most, alternatives.length - 1)] ?? ''
        chosen.set(pick, probe.name)
        for (const name of alternatives) autoload.set(name, { autoload: name === pick })
      }
      const better = attempt < most && canBetter.has(probe) ? probe.better : undefined
      for (const program of better?.programs ?? []) {
        chosen.set(program, probe.name)
        autoload.set(program, { autoload: true })
      }
      exits.push(...(better ?? probe).syscallExits)
    }
    const isAtFunctions = canFunctions && attempt < most && exits.length > 0
    if (!isAtFunctions)
      for (const name of [dispatcher, ...exits.map(({ program }) => program)])
        autoload.set(name, { autoload: true })
    for (const name of probes.flatMap((probe) => probe.startIterators ?? []))
      autoload.set(name, { autoload: true })
    const maps: Record<string, MapOptions> = {}
    // The object has the maps of all probes, whichever run.
    for (const { cpuMaps = [] } of allProbes)
      for (const name of cpuMaps) maps[name] = { maxEntries: possibleCpuCount() }
    for (const name of [...pinnedMaps, ...probes.flatMap((probe) => probe.maps ?? [])])
      maps[name] = { pin: join(folder, name) }
    maps['hg_lifecycle'] = {
      pin: join(folder, 'hg_lifecycle'),
      maxEntries: rings.lifecycleBytes,
    }
    maps['hg_data'] = { pin: join(folder, 'hg_data'), maxEntries: rings.dataBytes }
    const rodata = {
      hg_syscall_bits: syscallBits(exits),
      hg_syscall_thirds: syscallThirds(exits),
      hg_running_probes: probes.reduce(
        (bits, { name }) => bits | (1n << BigInt(tables[name].id)),
        0n,
      ),
      ...constantsOf(probes, request.settings),
    }
    const object = openObject(path, {
      layout,
      maps,
      rodata,
      programs: Object.fromEntries(autoload),
      autoload: false,
    })
    try {
      object.load()
      if (!isAtFunctions) {
        if (exits.length > 0) {
          chosen.set(dispatcher, 'sys_exit')
          fillTable(object, exits)
        }
        return {
          object,
          chosen,
          calls: undefined,
          callsRefused: canFunctions ? refused : undefined,
        }
      }
      const calls = loadCallEnds({
        main: object,
        open: ({ rodata: differing, ...changes }) =>
          openObject(path, {
            layout,
            ...changes,
            ...(differing ? { rodata: { ...rodata, ...differing } } : {}),
            autoload: false,
          }),
        exits,
        fill: fillTable,
        folder,
        objectHash: request.objectHash,
      })
      return { object, chosen, calls, callsRefused: undefined }
    } catch (cause) {
      object[Symbol.dispose]()
      refused ??= wordsOf(cause)
      if (attempt + 1 >= attempts) throw cause
    }
  }
}

/** Puts the programs where their numbers are. */
function fillTable(object: BpfObject, exits: readonly SyscallExit[]): void {
  const table = object.map('hg_syscalls')
  const value = new Uint8Array(4)
  for (const { program, native, compat } of exits) {
    new DataView(value.buffer).setUint32(0, object.program(program).fd, true)
    for (const number of native) table.setBytes(keyBytes(number), value)
    for (const number of compat) table.setBytes(keyBytes(compatFrom + number), value)
  }
}

/** One bit for each system call, of either ABI, at whose end one of these programs runs. */
function syscallBits(exits: readonly SyscallExit[]): bigint[] {
  const bits = Array<bigint>(compatFrom / 64).fill(0n)
  for (const { native, compat } of exits.filter(({ isArmedLater }) => !isArmedLater))
    for (const number of [...native, ...compat]) {
      const at = Math.floor(number / 64)
      bits[at] = (bits[at] ?? 0n) | (1n << BigInt(number % 64))
    }
  return bits
}

/** What the third argument must have, by number as in `hg_syscalls`; 0 where anything goes. */
function syscallThirds(exits: readonly SyscallExit[]): Uint8Array {
  const thirds = new Uint8Array(2 * compatFrom)
  for (const { native, compat, third = 0 } of exits) {
    for (const number of native) thirds[number] = third
    for (const number of compat) thirds[compatFrom + number] = third
  }
  return thirds
}

interface LoadedPrograms {
  readonly object: BpfObject
  /** Programs to attach, and the probe that each is of. */
  readonly chosen: ReadonlyMap<string, string>
  /** Where the ends of system calls are seen at their functions. */
  readonly calls: CallEnds | undefined
  /** As in `Attached`. */
  readonly callsRefused: string | undefined
}

/** What the kernel said last, or what failed. */
function wordsOf(cause: unknown): string {
  const { message, verifier = [] } = cause as Error & { readonly verifier?: readonly string[] }
  return [message, ...verifier.slice(-1)].join(': ')
}

/** Programs in the kernel with all that they need; nothing of them runs until they are attached. */
export interface ReadyPrograms extends Disposable {
  readonly object: BpfObject
  /** Programs to attach, each to its hook. */
  readonly names: readonly string[]
  /** Whether some of them are at the functions of system calls. */
  readonly isAtFunctions: boolean
  /** As in `Attached`. */
  readonly callsRefused: string | undefined
  /** Keeps one of them loaded under `path`. */
  pin(name: string, path: string): void
  /** Attaches one of them. The caller owns the link; it outlives the process when it is pinned. */
  attach(name: string, pin?: string): BpfLink
  /** To run once after that. */
  readonly iterators: readonly string[]
}

/** Loads the programs of the probes, with their maps pinned in `folder`, and fills in what they go by. */
export function readyPrograms(request: AttachRequest): ReadyPrograms {
  const probes = allProbes.filter((probe) => request.probes.includes(probe.name))
  const { object: loaded, chosen, calls, callsRefused } = loadObject(request, probes)
  using opened = new DisposableStack()
  const object = opened.use(loaded)
  opened.use(calls)
  startSequences(object.map('hg_sequences'))
  // The root of version 2, which every socket is below. A host without it goes without these programs, and says so.
  const cgroup = unifiedMount()
  const isOfCgroups = (name: string): boolean => object.program(name).section.startsWith('cgroup')
  const names = [...chosen.keys()].filter((name) => cgroup !== undefined || !isOfCgroups(name))
  const iterators = [...new Set(probes.flatMap((probe) => probe.startIterators ?? []))]
  const held = opened.move()
  return {
    object,
    names: [...names, ...(calls?.names ?? [])],
    isAtFunctions: calls !== undefined,
    callsRefused,
    iterators,
    pin(name, path) {
      if (name.startsWith(callPrefix)) calls?.pin(name, path)
      else object.program(name).pin(path)
    },
    attach(name, pin) {
      if (calls && name.startsWith(callPrefix)) return calls.attach(name, pin)
      return object.attach(name, {
        ...(pin === undefined ? {} : { pin }),
        ...(cgroup !== undefined && isOfCgroups(name) ? { cgroup } : {}),
      })
    },
    [Symbol.dispose]: () => held.dispose(),
  }
}

/** Attaches and pins all of it, or nothing. */
function attachAll(ready: ReadyPrograms, folder: string): void {
  const pins: string[] = []
  try {
    for (const name of ready.names) {
      const program = join(folder, `program-${name}`)
      ready.pin(name, program)
      pins.push(program)
      const link = join(folder, `link-${name}`)
      using _link = ready.attach(name, link)
      pins.push(link)
    }
  } catch (cause) {
    for (const pin of pins.toReversed()) unpin(pin)
    throw cause
  }
}

/** Attaches; where a kernel has functions of system calls and takes no programs at them, at the tracepoint. */
function attachBest(request: AttachRequest): Attached {
  using ready = readyPrograms(request)
  try {
    attachAll(ready, request.folder)
  } catch (cause) {
    if (!ready.isAtFunctions || !(cause instanceof BpfError)) throw cause
    return { ...attachBest({ ...request, isAtTracepoint: true }), callsRefused: wordsOf(cause) }
  }
  for (const name of ready.iterators) {
    using link = ready.object.attach(name)
    readIterator(link)
  }
  // Of a try that was given up.
  if (!ready.isAtFunctions) removeCallTables(request.folder)
  const { callsRefused } = ready
  return callsRefused === undefined ? {} : { callsRefused }
}

/** Loads, attaches and pins everything. Throws a `BpfError`; what was pinned until then is replaced next time. */
export function attachKernel(request: AttachRequest): Attached {
  const { folder } = request
  const attached = attachBest(request)
  using snapshot = openObject(join(request.objectDir, 'snapshot.bpf.o'))
  snapshot.load()
  for (const name of snapshot.programNames) {
    using _link = snapshot.attach(name, { pin: join(folder, `iterator-${name}`) })
  }
  mkdirSync(join(folder, `ready-${request.objectHash}`))
  return attached
}
