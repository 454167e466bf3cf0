/**
 * Compiles eBPF C with clang, in one place with one set of flags, and only when something changed.
 *
 * A build tool: no running sensor calls it. The result is cached by a hash over the source, every
 * header that clang read, the flags and clang's version.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { arch } from 'node:process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { BpfError } from './error.ts'

const run = promisify(execFile)

/** How to compile. */
export interface CompileOptions {
  /** Folders with headers, before the system's. */
  readonly includes?: readonly string[]
  /** Macros, `{ RING_BYTES: '4096' }`. */
  readonly defines?: Readonly<Record<string, string>>
  /** Compiler, default `clang`. */
  readonly clang?: string
  readonly signal?: AbortSignal
}

/** What came of it. */
export interface CompileResult {
  /** Path of the object. */
  readonly object: string
  /** Hash over all inputs, 16 hex digits. */
  readonly inputHash: string
  /** Whether an earlier result was still right. */
  readonly isCached: boolean
}

/** The flags that every object of this repository is built with. */
export const bpfCompileFlags = [
  '-O2',
  '-g',
  '-target',
  'bpf',
  '-mcpu=v3',
  '-Wall',
  '-Werror',
] as const satisfies readonly string[]

// Debian keeps asm/ in a folder by machine, which clang does not search for the bpf target.
const machineIncludes: Readonly<Record<string, string>> = {
  x64: '/usr/include/x86_64-linux-gnu',
  arm64: '/usr/include/aarch64-linux-gnu',
}
const machineDefines: Readonly<Record<string, string>> = {
  x64: '-D__TARGET_ARCH_x86',
  arm64: '-D__TARGET_ARCH_arm64',
}

const clangVersions = new Map<string, Promise<string>>()

interface CacheNote {
  readonly inputHash: string
  readonly inputs: readonly string[]
}

/**
 * Compiles `source` into the object `out`. Beside it lies `out.inputs.json`, the cache's memory.
 * Throws `BPF_COMPILE_FAILED` with the compiler's output.
 */
export async function compileBpf(
  source: string,
  out: string,
  options: CompileOptions = {},
): Promise<CompileResult> {
  const { clang = 'clang', includes = [], defines = {} } = options
  const machineInclude = machineIncludes[arch]
  const flags = [
    ...bpfCompileFlags,
    machineDefines[arch] ?? '',
    ...Object.entries(defines).map(([name, value]) => `-D${name}=${value}`),
    ...includes.flatMap((folder) => ['-I', folder]),
    ...(machineInclude === undefined ? [] : ['-idirafter', machineInclude]),
  ].filter((flag) => flag !== '')
  const version = await versionOf(clang)
  const note = await readNote(`${out}.inputs.json`)
  if (note) {
    const hash = await hashInputs(note.inputs, flags, version)
    if (hash === note.inputHash && note.inputs.includes(source) && (await exists(out))) {
      return { object: out, inputHash: hash, isCached: true }
    }
  }
  await mkdir(dirname(out), { recursive: true })
  // Two builds at once must not see each other's half-written object.
  const fresh = `${out}.${process.pid}.${Math.trunc(performance.now() * 1000)}`
  const dependencies = `${fresh}.d`
  try {
    await run(
      clang,
      [...flags, '-MD', '-MF', dependencies, '-MT', 'x', '-c', source, '-o', fresh],
      { maxBuffer: 16 << 20, ...(options.signal ? { signal: options.signal } : {}) },
    )
    const inputs = parseDependencies(await readFile(dependencies, 'utf8'), source)
    const inputHash = await hashInputs(inputs, flags, version)
    if (inputHash === undefined) {
      throw new BpfError('BPF_COMPILE_FAILED', `an input of ${source} vanished while compiling`)
    }
    await rename(fresh, out)
    const text: CacheNote = { inputHash, inputs }
    await writeFile(`${out}.inputs.json`, `${JSON.stringify(text)}\n`)
    return { object: out, inputHash, isCached: false }
  } catch (cause) {
    if (cause instanceof BpfError) throw cause
    const output = Reflect.get(Object(cause), 'stderr')
    throw new BpfError(
      'BPF_COMPILE_FAILED',
      `cannot compile ${source}\n${typeof output === 'string' ? output : ''}`.trimEnd(),
      { cause },
    )
  } finally {
    await rm(fresh, { force: true })
    await rm(dependencies, { force: true })
  }
}

function versionOf(clang: string): Promise<string> {
  let version = clangVersions.get(clang)
  if (!version) {
    version = run(clang, ['--version']).then(
      ({ stdout }) => stdout,
      (cause: unknown) => {
        clangVersions.delete(clang)
        throw new BpfError('BPF_COMPILE_FAILED', `cannot run ${clang}`, { cause })
      },
    )
    clangVersions.set(clang, version)
  }
  return version
}

/** Reads the make rule that clang wrote: `x: a.c b.h \` and so on, with escaped spaces. */
function parseDependencies(text: string, source: string): string[] {
  const rule = text.replace(/\\\n/g, ' ').replace(/^x:/, '')
  const files = rule.match(/(?:\\ |\S)+/g) ?? []
  const inputs = new Set(files.map((file) => file.replaceAll('\\ ', ' ')))
  inputs.add(source)
  return [...inputs]
}

async function hashInputs(
  inputs: readonly string[],
  flags: readonly string[],
  version: string,
): Promise<string | undefined> {
  const hash = createHash('sha256').update(JSON.stringify([version, flags]))
  for (const input of inputs) {
    try {
      hash
        .update(input)
        .update('\0')
        .update(await readFile(input))
        .update('\0')
    } catch {
      return undefined
    }
  }
  return hash.digest('hex').slice(0, 16)
}

async function readNote(path: string): Promise<CacheNote | undefined> {
  try {
    const note: unknown = JSON.parse(await readFile(path, 'utf8'))
    const inputs: unknown = Reflect.get(Object(note), 'inputs')
    const inputHash: unknown = Reflect.get(Object(note), 'inputHash')
    if (typeof inputHash !== 'string' || !Array.isArray(inputs)) return undefined
    return { inputHash, inputs: inputs.filter((input) => typeof input === 'string') }
  } catch {
    return undefined // no note, or not ours: compile
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path)
    return true
  } catch {
    return false
  }
}
