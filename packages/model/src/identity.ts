/**
 * How things are named, everywhere: sensors, processes, images, events.
 *
 * A process is (sensor, boot, tgid, start in boot ns); an image is a process and its exec number. As text:
 * `<12 hex of the sensor>-<8 hex of the boot>-<pid>-<start ns>` and `...-<exec number>`, numbers in base 36.
 * An event is `<sensor>-<boot>-<l|d><ring sequence>`: unique as ring sequences never repeat within a boot.
 * A connection at one end is `<sensor>-<boot>-s<socket id>`.
 */

/** 16 bytes as 32 hex digits. */
export function hex(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0')
  return out
}

/** The first part of every name: 12 hex digits of the sensor, 8 of the boot. */
export function namePrefix(sensor: Uint8Array, boot: Uint8Array): string {
  return `${hex(sensor.subarray(0, 6))}-${hex(boot.subarray(0, 4))}`
}

export function processUid(prefix: string, pid: number, startNs: bigint): string {
  return `${prefix}-${pid.toString(36)}-${startNs.toString(36)}`
}

export function imageUid(prefix: string, pid: number, startNs: bigint, execNo: number): string {
  return `${prefix}-${pid.toString(36)}-${startNs.toString(36)}-${execNo.toString(36)}`
}

/** `ring` is `l` for lifecycle, `d` for data. */
export function eventUid(prefix: string, ring: 'l' | 'd', seq: bigint): string {
  return `${prefix}-${ring}${seq.toString(36)}`
}

/** `socketId` is that of the `tcp` table. The same in connect or accept and in close. */
export function connectionUid(prefix: string, socketId: bigint): string {
  return `${prefix}-s${socketId.toString(36)}`
}

export interface ParsedProcessUid {
  readonly sensor: string
  readonly boot: string
  readonly pid: number
  readonly startNs: bigint
  /** Absent in the uid of a process, present in that of an image. */
  readonly execNo: number | undefined
}

function parseBase36(text: string): bigint {
  let value = 0n
  for (const digit of text) value = value * 36n + BigInt(parseInt(digit, 36))
  return value
}

/** Undefined when it is not the uid of a process or image. */
export function parseProcessUid(uid: string): ParsedProcessUid | undefined {
  const match =
    /^([0-9a-f]{12})-([0-9a-f]{8})-([0-9a-z]{1,7})-([0-9a-z]{1,13})(?:-([0-9a-z]{1,7}))?$/.exec(uid)
  if (!match) return undefined
  const [, sensor = '', boot = '', pid = '', start = '', execNo] = match
  return {
    sensor,
    boot,
    pid: Number(parseBase36(pid)),
    startNs: parseBase36(start),
    execNo: execNo === undefined ? undefined : Number(parseBase36(execNo)),
  }
}
