/**
 * Gives back the pages of programs and libraries that only the start needed. They stay in the page cache of
 * the machine; a page that is used again is mapped again, by a fault of about a microsecond.
 */
import { readFileSync } from 'node:fs'
import { adviseUnneeded } from './ffi.ts'

/** A mapping, addresses in bytes. */
interface Mapping {
  readonly from: bigint
  readonly to: bigint
}

/** Smaller ones are not worth a system call. */
const leastBytes = 256 * 1024

/**
 * Mappings of /proc/PID/smaps that hold nothing but unchanged pages of files: private, not writable, and
 * without a page of their own (what a linker has relocated and then protected has those). Pure.
 */
export function unchangedFileMappings(smaps: string): Mapping[] {
  const found: Mapping[] = []
  let candidate: Mapping | undefined
  let residentKb = 0
  let ownKb = 0
  const end = (): void => {
    if (candidate && ownKb === 0 && residentKb * 1024 >= leastBytes) found.push(candidate)
  }
  for (const line of smaps.split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)$/.exec(line)
    if (head) {
      end()
      const [, from, to, mode, path] = head
      const isFile = path?.startsWith('/') === true && (mode === 'r-xp' || mode === 'r--p')
      candidate = isFile ? { from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) } : undefined
      residentKb = 0
      ownKb = 0
      continue
    }
    const field = /^(Rss|Anonymous|Swap|Private_Dirty): +(\d+) kB$/.exec(line)
    if (!field) continue
    if (field[1] === 'Rss') residentKb = Number(field[2])
    else ownKb += Number(field[2])
  }
  end()
  return found
}

/** Gives them back for this process. Returns how many bytes were mapped; 0 where /proc does not tell. */
export function releaseFilePages(): number {
  let smaps
  try {
    smaps = readFileSync('/proc/self/smaps', 'latin1')
  } catch {
    return 0
  }
  let bytes = 0
  for (const { from, to } of unchangedFileMappings(smaps))
    if (adviseUnneeded(from, to - from)) bytes += Number(to - from)
  return bytes
}
