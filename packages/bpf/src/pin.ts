/**
 * Pins: files on a bpf filesystem that keep maps, programs and links alive without a process.
 *
 * Nothing is mounted here; where no bpf filesystem is, `BPF_FS_MISSING` says so.
 */
import { mkdirSync, readlinkSync, rmSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { BpfError, nameOfErrno } from './error.ts'
import { closeFd } from './ffi.ts'
import { openPinnedFd, pinFd } from './kernel-call.ts'

// BPF_FS_MAGIC of <linux/magic.h>.
const bpfFilesystemMagic = 0xcafe4a11

/** Whether `path`, or the nearest folder above it that exists, lies on a bpf filesystem. */
export function isOnBpfFilesystem(path: string): boolean {
  let folder = path
  for (;;) {
    try {
      return statfsSync(folder).type === bpfFilesystemMagic
    } catch {
      const above = dirname(folder)
      if (above === folder) return false
      folder = above
    }
  }
}

/** Throws `BPF_FS_MISSING` unless `path` lies on a bpf filesystem. */
export function requireBpfFilesystem(path: string): void {
  if (isOnBpfFilesystem(path)) return
  throw new BpfError('BPF_FS_MISSING', `${path} is not on a bpf filesystem`)
}

/** Makes a folder for pins, with those above it. Throws `BPF_FS_MISSING` or `BPF_PIN_FAILED`. */
export function makePinFolder(path: string): void {
  requireBpfFilesystem(path)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new BpfError('BPF_PIN_FAILED', `cannot make the folder ${path}`, { cause })
  }
}

/** Pins a descriptor at `path`. Throws `BPF_FS_MISSING` or `BPF_PIN_FAILED` (EEXIST when taken). */
export function pin(fd: number, path: string): void {
  const error = pinFd(fd, path)
  if (error >= 0) return
  requireBpfFilesystem(path)
  throw new BpfError('BPF_PIN_FAILED', `cannot pin at ${path}`, { errno: -error })
}

/** Removes a pin. Returns whether there was one; what it held lives on while others hold it. */
export function unpin(path: string): boolean {
  try {
    rmSync(path)
    return true
  } catch (cause) {
    if (Reflect.get(Object(cause), 'code') === 'ENOENT') return false
    throw new BpfError('BPF_PIN_FAILED', `cannot unpin ${path}`, { cause })
  }
}

/** What a pin can hold. */
export type PinKind = 'map' | 'program' | 'link'

// What the kernel calls the descriptors (`/proc/self/fd/N`).
const descriptorNames = {
  map: /bpf[-_]map/,
  program: /bpf[-_]prog/,
  link: /bpf[-_]link/,
} as const satisfies Record<PinKind, RegExp>

/**
 * A new descriptor of what is pinned at `path`. Throws `BPF_PIN_FAILED`: errno ENOENT when nothing
 * is, EINVAL when it is something else than a `kind`.
 */
export function openPin(path: string, kind: PinKind): number {
  const fd = openPinnedFd(path)
  if (fd >= 0) {
    const found = descriptorName(fd)
    if (found === undefined || descriptorNames[kind].test(found)) return fd
    closeFd(fd)
    throw new BpfError('BPF_PIN_FAILED', `${path} holds no ${kind} but ${found}`, { errno: 22 })
  }
  const errno = -fd
  throw new BpfError('BPF_PIN_FAILED', `cannot open the pin ${path}: ${nameOfErrno(errno)}`, {
    errno,
  })
}

function descriptorName(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined // /proc is not mounted: the first use will tell
  }
}
