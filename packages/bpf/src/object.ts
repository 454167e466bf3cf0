/**
 * An eBPF object file: opened, adjusted, loaded, attached.
 *
 *     using object = openObject('trace.bpf.o', { rodata: { sampling: 10 } })
 *     object.load()
 *     using link = object.attach('on_exec')
 *     using ring = object.ring('events')
 *
 * Disposing the object unloads what no pin or link of another owner holds.
 */
import { readFileSync } from 'node:fs'
import { basename, isAbsolute, join } from 'node:path'
import { attachProgram, type AttachOptions } from './attach.ts'
import { parseBtf, type Btf } from './btf.ts'
import { parseElf, requireSection, type ElfFile } from './elf.ts'
import { BpfError } from './error.ts'
import { duplicateFd } from './ffi.ts'
import { explainRefusal, probeFeature, type Unsupported } from './feature.ts'
import { readProgramInfo, type ProgramInfo } from './kernel-info.ts'
import { loadForFunction, type FunctionProgram, type KernelFunction } from './kernel-function.ts'
import { checkLayout, type LayoutClaim } from './layout.ts'
import { pinnedAt, type BpfLink } from './link.ts'
import {
  libbpfLoader,
  type LoaderMap,
  type LoaderObject,
  type LoaderProgram,
  type ObjectLoader,
} from './loader.ts'
import { BpfMap, type MapCodecs } from './map.ts'
import { readMapDefinitions, type MapDefinition } from './map-definition.ts'
import { pin, requireBpfFilesystem } from './pin.ts'
import { Ring } from './ring.ts'
import { featureOfSection, meaningOfSection, needsTarget } from './section.ts'
import { contextCodec, runProgram, type TestRunOptions, type TestRunResult } from './test-run.ts'
import { createValueCodec } from './value-codec.ts'

/** Changes to a map before it is created. */
export interface MapOptions {
  /** Entries; bytes for a ring (a power of two, at least a page). */
  readonly maxEntries?: number
  /**
   * Where to pin it: a path, or a name below `pinRoot`. A map that is pinned there already is used
   * as it is, when it has the same shape; otherwise `load` throws `BPF_PIN_MISMATCH`.
   */
  readonly pin?: string
  /** A map to use instead of making one, e.g. of another object; also for `.rodata` and `.bss`, with what they hold. */
  readonly reuse?: { readonly fd: number }
}

/** Changes to a program before it is loaded. */
export interface ProgramOptions {
  /** Whether to load it; `if-supported` asks the kernel first and lists it in `unsupported`. */
  readonly autoload: boolean | 'if-supported'
  /**
   * The function of the kernel at whose end it runs (fexit), instead of what its section says. Programs that are
   * written for a typed tracepoint fit where the function's arguments, followed by its result, are the tracepoint's.
   */
  readonly fexit?: string
}

/** How to open an object. */
export interface OpenOptions {
  /** Name in messages and, cut, in the kernel. Default: the file's. */
  readonly name?: string
  /** Folder on a bpf filesystem for pins. */
  readonly pinRoot?: string
  readonly maps?: Readonly<Record<string, MapOptions>>
  /** Values of `const volatile` globals. */
  readonly rodata?: Readonly<Record<string, unknown>>
  readonly programs?: Readonly<Record<string, ProgramOptions>>
  /** Whether programs that `programs` does not name are loaded. Default: true. */
  readonly autoload?: boolean
  /** What generated decoders expect; `BPF_LAYOUT_MISMATCH` when the object differs. */
  readonly layout?: LayoutClaim
  /** Another loader than libbpf. */
  readonly loader?: ObjectLoader
}

/** A program of an object. */
export interface BpfProgram {
  readonly name: string
  /** ELF section: `tp_btf/sched_process_exec`. */
  readonly section: string
  /** Descriptor, owned by the object. Throws `BPF_CLOSED` while not loaded. */
  readonly fd: number
  readonly isLoaded: boolean
  /** Counters of the kernel. */
  info(): ProgramInfo
  /** Keeps the program loaded under `path`. */
  pin(path: string): void
  /**
   * Runs it in the kernel on data and a context that the caller makes up (BPF_PROG_TEST_RUN). Throws `BPF_ARGUMENT`
   * for what programs of its type do not take, and `BPF_TEST_RUN_FAILED`.
   */
  testRun(options?: TestRunOptions): TestRunResult
}

/** An opened object. */
export interface BpfObject extends Disposable {
  readonly name: string
  /** Types of the object file. */
  readonly btf: Btf
  readonly programNames: readonly string[]
  readonly mapNames: readonly string[]
  /** Programs that were left out because the kernel lacks their hook (`if-supported`). */
  readonly unsupported: ReadonlyMap<string, Unsupported>
  /** Creates maps and loads programs. Throws a `BpfError` with libbpf's and the verifier's lines. */
  load(): BpfObject
  /** Throws `BPF_NOT_FOUND`. */
  program(name: string): BpfProgram
  /**
   * The map, owned by the object: valid until it is disposed. `codecs` replace those of the object's BTF, the first time
   * that the map is asked for. Throws `BPF_NOT_FOUND`.
   */
  map<Key = unknown, Value = unknown>(name: string, codecs?: MapCodecs): BpfMap<Key, Value>
  /** A reader of a ring of the object; the caller owns it. */
  ring(name: string): Ring
  /**
   * Loads a program of fentry or fexit once more, for another function with the same arguments: such a program has one
   * target. It shares the object's maps and lives as long as its owner wants. Throws `BPF_LOAD_FAILED` and others.
   */
  copyTo(program: string, target: KernelFunction): FunctionProgram
  /** Attaches a loaded program; the caller owns the link. Throws `BPF_ATTACH_FAILED` and others. */
  attach(program: string, options?: AttachOptions): BpfLink
  /**
   * Attaches every loaded program whose section names its hook; those of cgroups, interfaces and the like, and
   * iterators, wait for the caller to say where. All or none.
   */
  attachAll(): BpfLinks
}

/** Links by program name, disposed together. */
export interface BpfLinks extends Disposable {
  readonly links: ReadonlyMap<string, BpfLink>
}

/** Opens an object file or its bytes. Throws `BPF_ELF_INVALID`, `BPF_BTF_INVALID` and others. */
export function openObject(source: string | Uint8Array, options: OpenOptions = {}): BpfObject {
  const bytes = typeof source === 'string' ? readObjectFile(source) : source
  const name =
    options.name ??
    (typeof source === 'string' ? basename(source).replace(/(?:\.bpf)?\.o$/, '') : 'object')
  const elf = parseElf(bytes)
  const btf = parseBtf(requireSection(elf, '.BTF').bytes)
  if (options.layout) checkLayout(btf, options.layout, name)
  if (options.pinRoot !== undefined) requireBpfFilesystem(options.pinRoot)
  const loader = options.loader ?? libbpfLoader
  const loaded = loader.open(bytes, {
    name,
    ...(options.pinRoot === undefined ? {} : { pinRoot: options.pinRoot }),
  })
  try {
    const definitions = readMapDefinitions(btf)
    applyMaps(loaded, options)
    applyVariables(loaded, elf, btf, options.rodata ?? {})
    nameTypes(loaded)
    const unsupported = applyPrograms(loaded, options)
    return new LoadedObject(name, btf, licenseOf(elf), loaded, definitions, unsupported)
  } catch (cause) {
    loaded[Symbol.dispose]()
    throw cause
  }
}

function readObjectFile(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new BpfError('BPF_ELF_INVALID', `cannot read ${path}`, { cause })
  }
}

/** What the programs say they are under; the kernel keeps helpers from those that are not under the GPL. */
function licenseOf(elf: ElfFile): string {
  const section = elf.sections.find((candidate) => candidate.name === 'license')
  return section ? new TextDecoder().decode(section.bytes).replace(/\0.*$/s, '') : ''
}

function notFound(what: string, name: string, known: readonly string[]): BpfError {
  return new BpfError('BPF_NOT_FOUND', `no ${what} ${name}; there are: ${known.join(', ')}`)
}

function named<T extends { readonly name: string }>(
  all: readonly T[],
  what: string,
  name: string,
): T {
  const found = all.find((candidate) => candidate.name === name)
  if (found) return found
  throw notFound(
    what,
    name,
    all.map((candidate) => candidate.name),
  )
}

function applyMaps(object: LoaderObject, options: OpenOptions): void {
  for (const [name, change] of Object.entries(options.maps ?? {})) {
    const map = named(object.maps, 'map', name)
    if (change.maxEntries !== undefined) map.setMaxEntries(change.maxEntries)
    if (change.reuse) map.reuse(change.reuse.fd)
    if (change.pin === undefined) continue
    const path =
      isAbsolute(change.pin) || options.pinRoot === undefined
        ? change.pin
        : join(options.pinRoot, change.pin)
    if (!isAbsolute(path)) {
      throw new BpfError('BPF_ARGUMENT', `pin ${path} of map ${name}: give a path or a pinRoot`)
    }
    requireBpfFilesystem(path)
    map.setPinPath(path)
  }
}

function applyVariables(
  object: LoaderObject,
  elf: ElfFile,
  btf: Btf,
  values: Readonly<Record<string, unknown>>,
): void {
  const names = Object.keys(values)
  if (names.length === 0) return
  const map = named(object.maps, 'map', '.rodata')
  const memory = map.initialValue()
  if (!memory) throw notFound('variable', names[0] ?? '', [])
  const view = new DataView(memory)
  const section = elf.sections.find((candidate) => candidate.name === '.rodata')
  for (const [name, value] of Object.entries(values)) {
    const symbol = elf.symbols.find(
      (candidate) => candidate.name === name && candidate.section === section?.index,
    )
    const variable = btf.types.find((type) => type.kind === 'variable' && type.name === name)
    if (!symbol || variable?.kind !== 'variable') {
      const known = elf.symbols.filter(
        (candidate) => candidate.section === section?.index && candidate.name !== '',
      )
      throw notFound(
        'read-only variable',
        name,
        known.map((candidate) => candidate.name),
      )
    }
    const codec = createValueCodec(btf, variable.typeId)
    if (symbol.value + codec.sizeBytes > memory.byteLength) {
      throw new BpfError('BPF_ELF_INVALID', `variable ${name} lies outside .rodata`)
    }
    codec.write(view, symbol.value, value)
  }
}

/** Tells the loader what programs are whose sections it does not know. */
function nameTypes(object: LoaderObject): void {
  for (const program of object.programs) {
    const { later } = meaningOfSection(program.section)
    if (later) program.setType(later.programType, later.attachType)
  }
}

function applyPrograms(
  object: LoaderObject,
  { programs = {}, autoload: isRestLoaded = true }: OpenOptions,
): Map<string, Unsupported> {
  const unsupported = new Map<string, Unsupported>()
  if (!isRestLoaded) for (const program of object.programs) program.setAutoload(false)
  for (const [name, { autoload, fexit }] of Object.entries(programs)) {
    const program = named(object.programs, 'program', name)
    if (fexit !== undefined) program.setFunction(fexit, fexitAttachType)
    if (autoload !== 'if-supported') {
      program.setAutoload(autoload)
      continue
    }
    const feature = featureOfSection(program.section)
    const answer = feature === undefined ? undefined : probeFeature(feature)
    if (answer?.supported === false) unsupported.set(name, answer)
    program.setAutoload(answer?.supported !== false)
  }
  return unsupported
}

/** BPF_TRACE_FEXIT of `enum bpf_attach_type`. */
const fexitAttachType = 25

class LoadedObject implements BpfObject {
  readonly name: string
  readonly btf: Btf
  readonly unsupported: ReadonlyMap<string, Unsupported>
  readonly #license: string
  readonly #object: LoaderObject
  readonly #definitions: ReadonlyMap<string, MapDefinition>
  readonly #maps = new Map<string, BpfMap>()

  constructor(
    name: string,
    btf: Btf,
    license: string,
    object: LoaderObject,
    definitions: ReadonlyMap<string, MapDefinition>,
    unsupported: ReadonlyMap<string, Unsupported>,
  ) {
    this.name = name
    this.btf = btf
    this.#license = license
    this.#object = object
    this.#definitions = definitions
    this.unsupported = unsupported
  }

  get programNames(): readonly string[] {
    return this.#object.programs.map((program) => program.name)
  }

  get mapNames(): readonly string[] {
    return this.#object.maps.map((map) => map.name)
  }

  load(): BpfObject {
    try {
      this.#object.load()
    } catch (cause) {
      const refused = cause instanceof BpfError ? cause.program : undefined
      const program = this.#object.programs.find(({ name }) => name === refused)
      throw explainRefusal(cause, program && featureOfSection(program.section))
    }
    return this
  }

  program(name: string): BpfProgram {
    return programOf(named(this.#object.programs, 'program', name), this.btf)
  }

  map<Key = unknown, Value = unknown>(name: string, codecs: MapCodecs = {}): BpfMap<Key, Value> {
    let map = this.#maps.get(name)
    if (!map) {
      map = new BpfMap(this.#duplicate(name), { ...this.#codecs(name), ...codecs })
      this.#maps.set(name, map)
    }
    return map as BpfMap<Key, Value>
  }

  ring(name: string): Ring {
    const map = new BpfMap(this.#duplicate(name))
    try {
      return new Ring(map)
    } catch (cause) {
      map[Symbol.dispose]()
      throw cause
    }
  }

  copyTo(name: string, target: KernelFunction): FunctionProgram {
    const source = named(this.#object.programs, 'program', name)
    if (source.fd() < 0) throw new BpfError('BPF_CLOSED', `program ${name} is not loaded`)
    return loadForFunction(source, target, this.#license)
  }

  attach(name: string, options: AttachOptions = {}): BpfLink {
    const source = named(this.#object.programs, 'program', name)
    const { fd } = programOf(source, this.btf)
    return pinnedAt(attachProgram(source, fd, options), options.pin)
  }

  attachAll(): BpfLinks {
    const links = new Map<string, BpfLink>()
    const release = (): void => {
      for (const link of links.values()) link[Symbol.dispose]()
    }
    try {
      for (const program of this.#object.programs) {
        if (program.fd() < 0 || needsTarget(meaningOfSection(program.section))) continue
        links.set(program.name, this.attach(program.name))
      }
    } catch (cause) {
      release()
      throw cause
    }
    return { links, [Symbol.dispose]: release }
  }

  [Symbol.dispose](): void {
    for (const map of this.#maps.values()) map[Symbol.dispose]()
    this.#maps.clear()
    this.#object[Symbol.dispose]()
  }

  #duplicate(name: string): number {
    const map: LoaderMap = named(this.#object.maps, 'map', name)
    const fd = map.fd()
    if (fd < 0) throw new BpfError('BPF_CLOSED', `object ${this.name} is not loaded`)
    // A descriptor of our own: libbpf closes its one with the object, readers may outlive it.
    const copy = duplicateFd(fd)
    if (copy < 0) {
      throw new BpfError('BPF_MAP_FAILED', `cannot duplicate map ${name}`, { errno: -copy })
    }
    return copy
  }

  #codecs(name: string): MapCodecs {
    const definition = this.#definitions.get(name)
    if (!definition) return {}
    return {
      key: optionalCodec(this.btf, definition.keyTypeId),
      value: optionalCodec(this.btf, definition.valueTypeId),
    }
  }
}

function optionalCodec(btf: Btf, typeId: number | undefined): MapCodecs['key'] {
  if (typeId === undefined) return undefined
  try {
    return createValueCodec(btf, typeId)
  } catch (cause) {
    // A value that holds spin locks, timers or bit-fields still reads and writes as bytes.
    if (cause instanceof BpfError && cause.code === 'BPF_LAYOUT_UNSUPPORTED') return undefined
    throw cause
  }
}

function programOf(source: LoaderProgram, btf: Btf): BpfProgram {
  return {
    name: source.name,
    section: source.section,
    get isLoaded() {
      return source.fd() >= 0
    },
    get fd() {
      const fd = source.fd()
      if (fd < 0) throw new BpfError('BPF_CLOSED', `program ${source.name} is not loaded`)
      return fd
    },
    info() {
      return readProgramInfo(this.fd)
    },
    pin(path) {
      pin(this.fd, path)
    },
    testRun(options) {
      const { fd } = this
      const { type } = readProgramInfo(fd)
      return runProgram(
        { name: source.name, fd, type, codec: contextCodec(btf, source.name) },
        options,
      )
    },
  }
}
