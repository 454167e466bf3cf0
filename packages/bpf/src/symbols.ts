/**
 * Names for addresses: what a stack of numbers becomes before a person reads it.
 *
 * Kernel addresses by /proc/kallsyms, those of a process by its mappings and the symbols of the files behind them, and
 * by the map that a JIT writes for itself (`node --perf-basic-prof` does).
 */
import { readFileSync } from 'node:fs'
import { lastAtOrBelow, openNativeElf, type NativeElf } from './native-elf.ts'

/** A name, and how far into what it names an address lies. */
export interface ResolvedAddress {
  readonly name: string
  readonly offset: bigint
  /** The file, for addresses of a process; `[kernel]` for those of the kernel. */
  readonly module: string
}

/** Finds names of addresses. */
export interface AddressNames {
  /** Undefined when nothing is known of the address. */
  find(address: bigint): ResolvedAddress | undefined
}

interface NamedRange {
  readonly start: bigint
  /** Undefined: up to the next. */
  readonly end: bigint | undefined
  readonly name: string
}

function byAddress(ranges: readonly NamedRange[], module: string): AddressNames {
  const sorted = ranges.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  const starts = BigUint64Array.from(sorted, ({ start }) => start)
  return {
    find(address) {
      const found = sorted[lastAtOrBelow(starts, address)]
      if (!found || (found.end !== undefined && address >= found.end)) return undefined
      return { name: found.name, offset: address - found.start, module }
    },
  }
}

/**
 * Names of the kernel's functions (tens of MB while it is held). Knows nothing where the kernel hides its addresses
 * (`kernel.kptr_restrict`, or no privilege): all read as 0 then.
 */
export function kernelNames(text: string = readOrEmpty('/proc/kallsyms')): AddressNames {
  const ranges: NamedRange[] = []
  for (const [, address = '', name = ''] of text.matchAll(/^([0-9a-f]+) [tTwW] (\S+)/gm)) {
    const start = BigInt(`0x${address}`)
    if (start !== 0n) ranges.push({ start, end: undefined, name })
  }
  return byAddress(ranges, '[kernel]')
}

interface Mapping {
  readonly start: bigint
  readonly end: bigint
  readonly fileOffset: bigint
  readonly path: string
}

/** The executable mappings of /proc/PID/maps, ascending as the kernel writes them. */
export function parseMappings(text: string): readonly Mapping[] {
  const mappings: Mapping[] = []
  const line = /^([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \d+ *(.*)$/gm
  for (const [, start = '', end = '', offset = '', path = ''] of text.matchAll(line)) {
    mappings.push({
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${end}`),
      fileOffset: BigInt(`0x${offset}`),
      path,
    })
  }
  return mappings
}

/** Names that a JIT wrote: address and length in hex, then a name, a line each. */
function jitNames(text: string): AddressNames {
  const ranges: NamedRange[] = []
  for (const [, address = '', length = '', name = ''] of text.matchAll(
    /^(?:0x)?([0-9a-f]+) ([0-9a-f]+) (.+)$/gm,
  )) {
    const start = BigInt(`0x${address}`)
    ranges.push({ start, end: start + BigInt(`0x${length}`), name })
  }
  return byAddress(ranges, '[jit]')
}

/**
 * Names of a process's functions, by what it had mapped when this was called. Files are read when an address first
 * lies in them. A process that is gone has no names.
 */
export function processNames(pid: number): AddressNames {
  const mappings = parseMappings(readOrEmpty(`/proc/${pid}/maps`))
  const starts = BigUint64Array.from(mappings, ({ start }) => start)
  const files = new Map<string, NativeElf | undefined>()
  let jit: AddressNames | undefined

  function fileOf(path: string): NativeElf | undefined {
    if (!files.has(path)) files.set(path, openOrUndefined(`/proc/${pid}/root${path}`))
    return files.get(path)
  }

  return {
    find(address) {
      const mapping = mappings[lastAtOrBelow(starts, address)]
      if (!mapping || address >= mapping.end) return undefined
      if (!mapping.path.startsWith('/')) {
        jit ??= jitNames(readOrEmpty(`/proc/${pid}/root/tmp/perf-${pid}.map`))
        return jit.find(address)
      }
      const fileOffset = Number(address - mapping.start + mapping.fileOffset)
      const found = fileOf(mapping.path)?.functionAt(fileOffset)
      if (!found) return undefined
      return {
        name: found.name,
        offset: BigInt(fileOffset - found.fileOffset),
        module: mapping.path,
      }
    },
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // gone, or not ours to read: no names
  }
}

function openOrUndefined(path: string): NativeElf | undefined {
  try {
    return openNativeElf(path)
  } catch {
    return undefined // deleted or no ELF file: addresses in it stay numbers
  }
}
