/**
 * What /proc says about a process that ran before the sensor: arguments, files, cgroup. Best effort:
 * a process may end between two reads, and every text is the process's own to change.
 */
import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'

/** Longest argument list that is kept, bytes. */
const mostArgv = 128 << 10
const chunk = Buffer.alloc(mostArgv + 1)
const empty = new Uint8Array(0)
const deletedSuffix = ' (deleted)'

export interface ProcImage {
  /** Arguments, each followed by NUL. */
  readonly argv: Uint8Array
  readonly isArgvTruncated: boolean
  /** Executed file without the mark of a deleted one. */
  readonly file: Uint8Array
  readonly isDeleted: boolean
  readonly isMemfd: boolean
  readonly cwd: Uint8Array
  /** Path of the cgroup that tells the workload. */
  readonly cgroup: string
}

function readSome(path: string, most: number): Uint8Array {
  let fd
  try {
    fd = openSync(path, 'r')
  } catch {
    return empty
  }
  try {
    let length = 0
    while (length < most) {
      const count = readSync(fd, chunk, length, most - length, null)
      if (count === 0) break
      length += count
    }
    return new Uint8Array(chunk.subarray(0, length))
  } catch {
    return empty
  } finally {
    closeSync(fd)
  }
}

function readTarget(path: string): Buffer {
  try {
    return readlinkSync(path, { encoding: 'buffer' })
  } catch {
    return Buffer.alloc(0)
  }
}

/**
 * The path of /proc/PID/cgroup that tells the workload: version 2, or the v1 pids (then memory, then
 * systemd) hierarchy where version 2 says root. Pure.
 */
export function workloadCgroup(text: string): string {
  const paths = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [id, controllers, ...rest] = line.split(':')
    const path = rest.join(':')
    if (id === undefined || controllers === undefined || path === '') continue
    if (controllers === '') paths.set('unified', path)
    else for (const controller of controllers.split(',')) paths.set(controller, path)
  }
  const unified = paths.get('unified')
  if (unified !== undefined && unified !== '/') return unified
  return paths.get('pids') ?? paths.get('memory') ?? paths.get('name=systemd') ?? unified ?? ''
}

/** Everything at once; what cannot be read is empty. */
export function readProcImage(pid: number): ProcImage {
  const argv = readSome(`/proc/${pid}/cmdline`, mostArgv + 1)
  let file = readTarget(`/proc/${pid}/exe`)
  const isDeleted = file.toString('latin1').endsWith(deletedSuffix)
  if (isDeleted) file = file.subarray(0, file.length - deletedSuffix.length)
  const isMemfd = isDeleted && file.subarray(0, 7).toString('latin1') === '/memfd:'
  if (isMemfd) file = file.subarray(1)
  return {
    argv: argv.subarray(0, mostArgv),
    isArgvTruncated: argv.length > mostArgv,
    file,
    isDeleted: isDeleted && !isMemfd,
    isMemfd,
    cwd: readTarget(`/proc/${pid}/cwd`),
    cgroup: workloadCgroup(Buffer.from(readSome(`/proc/${pid}/cgroup`, 8192)).toString('utf8')),
  }
}

/** Ids of a process from /proc/PID/status. */
export interface ProcStatus {
  readonly parentPid: number
  readonly uid: number
  readonly euid: number
  readonly gid: number
  readonly egid: number
  /** Process id in its own pid namespace. */
  readonly nsPid: number
  readonly capEffective: bigint
  readonly capPermitted: bigint
  readonly capInheritable: bigint
}

/** Undefined when the process is gone. */
export function readProcStatus(pid: number): ProcStatus | undefined {
  return parseProcStatus(Buffer.from(readSome(`/proc/${pid}/status`, 16_384)).toString('latin1'))
}

/** Reads the text of /proc/PID/status. Pure; undefined when it is none. */
export function parseProcStatus(text: string): ProcStatus | undefined {
  // The name comes first and may hold no newline (the kernel escapes it), so lines are what they seem.
  const lines = new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [
        line.slice(0, Math.max(colon, 0)),
        line
          .slice(colon + 1)
          .trim()
          .split(/\s+/),
      ]
    }),
  )
  const number = (name: string, at: number): number => Number(lines.get(name)?.at(at))
  const bits = (name: string): bigint => {
    const digits = lines.get(name)?.[0] ?? ''
    return /^[0-9a-f]{1,16}$/.test(digits) ? BigInt(`0x${digits}`) : 0n
  }
  const status = {
    parentPid: number('PPid', 0),
    uid: number('Uid', 0),
    euid: number('Uid', 1),
    gid: number('Gid', 0),
    egid: number('Gid', 1),
    nsPid: number('NSpid', -1),
    capEffective: bits('CapEff'),
    capPermitted: bits('CapPrm'),
    capInheritable: bits('CapInh'),
  }
  return Number.isSafeInteger(status.parentPid) && Number.isSafeInteger(status.uid)
    ? status
    : undefined
}
