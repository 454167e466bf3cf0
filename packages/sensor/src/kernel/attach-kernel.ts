/**
 * Loads the objects, attaches the programs and pins all of it: the only code of the sensor that needs
 * libbpf and the kernel's BTF. Run in a child process (`attach-child.ts`), as the tens of MB that they
 * take would stay with the sensor.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  openObject,
  possibleCpuCount,
  probeFeature,
  type BpfObject,
  type MapOptions,
} from '@honeyguide/bpf'
import { probes as allProbes } from '../../gen/probes.ts'
import { layout } from '../../gen/records.ts'
import type { Probe } from '../probes/probe.ts'
import { keyBytes, startSequences } from './sequences.ts'

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

/** The one program on sys_exit. */
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
  readonly objectHash: string
}

/** Loads with the best alternatives that the kernel takes. */
function loadObject(request: AttachRequest, probes: readonly Probe[]): LoadedPrograms {
  const { folder, rings } = request
  const path = join(request.objectDir, 'sensor.bpf.o')
  const names = readProgramNames(path)
  const most = Math.max(1, ...probes.flatMap((p) => p.programs.map((all) => all.length)))
  const extras = probes.flatMap(({ name, optionalPrograms = [] }) =>
    optionalPrograms
      .filter(({ needs }) => probeFeature(needs).supported)
      .map(({ program }) => [program, name] as const),
  )
  // Each of the alternatives, and once more without what could be left out: a kernel may have the
  // feature and not the function.
  const attempts = extras.length > 0 ? 2 * most : most
  for (let attempt = 0; ; attempt++) {
    const chosen = new Map<string, string>()
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
      for (const { program } of probe.syscallExits) autoload.set(program, { autoload: true })
    }
    const maps: Record<string, MapOptions> = {
      hg_exec_memory: { maxEntries: possibleCpuCount() },
    }
    for (const name of pinnedMaps) maps[name] = { pin: join(folder, name) }
    maps['hg_lifecycle'] = {
      pin: join(folder, 'hg_lifecycle'),
      maxEntries: rings.lifecycleBytes,
    }
    maps['hg_data'] = { pin: join(folder, 'hg_data'), maxEntries: rings.dataBytes }
    const object = openObject(path, {
      layout,
      maps,
      rodata: { hg_syscall_bits: syscallBits(probes) },
      programs: Object.fromEntries(
        names.map((name) => [name, autoload.get(name) ?? { autoload: name === dispatcher }]),
      ),
    })
    try {
      object.load()
      return { object, chosen }
    } catch (cause) {
      object[Symbol.dispose]()
      if (attempt + 1 >= attempts) throw cause
    }
  }
}

/** One bit for each system call, of either ABI, at whose end a program of these probes runs. */
function syscallBits(probes: readonly Probe[]): bigint[] {
  const bits = Array<bigint>(compatFrom / 64).fill(0n)
  for (const { native, compat } of probes.flatMap(({ syscallExits }) => syscallExits))
    for (const number of [...native, ...compat]) {
      const at = Math.floor(number / 64)
      bits[at] = (bits[at] ?? 0n) | (1n << BigInt(number % 64))
    }
  return bits
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

/** Programs in the kernel with all that they need; nothing of them runs until they are attached. */
export interface ReadyPrograms extends Disposable {
  readonly object: BpfObject
  /** Programs to attach, each to the hook of its section. */
  readonly names: readonly string[]
}

/** Loads the programs of the probes, with their maps pinned in `folder`, and fills in what they go by. */
export function readyPrograms(request: AttachRequest): ReadyPrograms {
  const probes = allProbes.filter((probe) => request.probes.includes(probe.name))
  const { object: loaded, chosen } = loadObject(request, probes)
  using opened = new DisposableStack()
  const object = opened.use(loaded)
  startSequences(object.map('hg_sequences'))
  const table = object.map('hg_syscalls')
  const value = new Uint8Array(4)
  for (const probe of probes) {
    for (const { program, native, compat } of probe.syscallExits) {
      new DataView(value.buffer).setUint32(0, object.program(program).fd, true)
      for (const number of native) table.setBytes(keyBytes(number), value)
      for (const number of compat) table.setBytes(keyBytes(compatFrom + number), value)
    }
  }
  const names = [...chosen.keys()]
  if (probes.some((probe) => probe.syscallExits.length > 0)) names.push(dispatcher)
  const held = opened.move()
  return { object, names, [Symbol.dispose]: () => held.dispose() }
}

/** Loads, attaches and pins everything. Throws a `BpfError`; what was pinned until then is replaced next time. */
export function attachKernel(request: AttachRequest): void {
  const { folder } = request
  using ready = readyPrograms(request)
  const { object, names } = ready
  for (const name of names) {
    object.program(name).pin(join(folder, `program-${name}`))
    using _link = object.attach(name, { pin: join(folder, `link-${name}`) })
  }
  using snapshot = openObject(join(request.objectDir, 'snapshot.bpf.o'))
  snapshot.load()
  for (const name of snapshot.programNames) {
    using _link = snapshot.attach(name, { pin: join(folder, `iterator-${name}`) })
  }
  mkdirSync(join(folder, `ready-${request.objectHash}`))
}
