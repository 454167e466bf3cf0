/**
 * Who this sensor is: an id made once, the boot, and a run number that grows with every start.
 *
 * The run number is written and synced before anything uses it: two starts never share one.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { HoneyguideError } from '@honeyguide/model/errors'
import { hex } from '@honeyguide/model/identity'

export interface SensorIdentity {
  /** 16 random bytes, made at the first start. */
  readonly sensor: Uint8Array
  /** 16 bytes of /proc/sys/kernel/random/boot_id. */
  readonly boot: Uint8Array
  readonly run: number
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Writes a small file whole and syncs it and its folder. */
function writeDurable(dir: string, name: string, text: string): void {
  const path = join(dir, name)
  const fd = openSync(`${path}.new`, 'w', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${path}.new`, path)
  const folder = openSync(dir, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function parseHex(text: string, what: string): Uint8Array {
  const digits = text.replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits))
    throw new HoneyguideError('HG_STATE_FORMAT', `${what} is not 32 hex digits.`)
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}

/**
 * Begins a run. `bootIdPath` is for tests. Throws HG_STATE_FORMAT when a file holds something else, and
 * what the file system throws.
 */
export function beginRun(
  stateDir: string,
  bootIdPath = '/proc/sys/kernel/random/boot_id',
): SensorIdentity {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const boot = parseHex(readText(bootIdPath) ?? '', bootIdPath)
  let id = readText(join(stateDir, 'sensor-id'))
  if (id === undefined) {
    id = hex(randomBytes(16))
    writeDurable(stateDir, 'sensor-id', `${id}\n`)
  }
  const sensor = parseHex(id, join(stateDir, 'sensor-id'))
  const last = readText(join(stateDir, 'run')) ?? '0'
  if (!/^\d{1,9}$/.test(last))
    throw new HoneyguideError('HG_STATE_FORMAT', `${join(stateDir, 'run')} is not a number.`)
  const run = Number(last) + 1
  writeDurable(stateDir, 'run', `${run}\n`)
  return { sensor, boot, run }
}
