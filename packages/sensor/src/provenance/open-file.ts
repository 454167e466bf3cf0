/**
 * Opens a file that was seen, and proves that it is that one: same inode number, same device.
 *
 * The process may be gone, its file deleted, its root another than ours. Its path is tried below the roots of
 * processes that see it alike, then what /proc says it executes. Files on file systems that may keep us waiting
 * (`mount-table.ts`) are not touched.
 */
import { constants, fstatSync, statSync, type BigIntStats } from 'node:fs'
import { provenanceRoles } from '@honeyguide/model/tables/provenance'
import { deviceNumber } from './device-number.ts'
import { parseMountTable, type MountTable } from './mount-table.ts'
import { readProcText } from './proc-text.ts'
import type { SeenFile } from './seen-file.ts'
import { openPath, walkInRoot, type Handle, type Root } from './walk-in-root.ts'

export interface OpenedFile extends Disposable {
  /** Opened with O_PATH. */
  readonly at: Handle
  readonly stat: BigIntStats
  /** The kernel's device number, as events have it. */
  readonly device: number
  readonly root: Root
  /** Its path in that root without links; the one that was told when the file has no name there. */
  readonly path: string
  readonly isNamed: boolean
}

export interface FileOpener {
  /** The file, or why it could not be had, in words. */
  open(file: SeenFile): OpenedFile | string
}

/** Namespaces that are remembered, and processes of each. */
const mostNamespaces = 64
const mostPids = 4
/** A table of mounts is read again after this, ms. */
const mountsMs = 10_000
const mostMountsBytes = 16 << 20

interface Namespace {
  readonly pids: number[]
  mounts: MountTable | undefined
  readAtMs: number
}

/** Inode number of a process's mount namespace; 0 when it is gone. */
function namespaceOf(pid: number | 'self'): number {
  try {
    return statSync(`/proc/${pid}/ns/mnt`).ino
  } catch {
    return 0
  }
}

function mayWait(type: string): string {
  return `it lies on a file system that may keep us waiting (${type})`
}

export function createFileOpener(nowMs: () => number): FileOpener {
  const namespaces = new Map<number, Namespace>()
  /** Everything comes from it, so we wait for it anyway. */
  const ownDevice = deviceNumber(statSync('/', { bigint: true }).dev)

  function namespace(file: SeenFile): Namespace {
    const known = namespaces.get(file.mountNs)
    namespaces.delete(file.mountNs)
    const found = known ?? { pids: [], mounts: undefined, readAtMs: 0 }
    namespaces.set(file.mountNs, found)
    for (const oldest of namespaces.keys()) {
      if (namespaces.size <= mostNamespaces) break
      namespaces.delete(oldest)
    }
    for (const pid of [file.parentPid, file.pid]) {
      if (pid === 0) continue
      const at = found.pids.indexOf(pid)
      if (at >= 0) found.pids.splice(at, 1)
      found.pids.unshift(pid)
    }
    found.pids.length = Math.min(found.pids.length, mostPids)
    return found
  }

  /** Of any process that is in the namespace; of our own where none is left, which is a copy of the host's. */
  function mountsOf(found: Namespace, mountNs: number): MountTable {
    const now = nowMs()
    if (found.mounts && now - found.readAtMs < mountsMs) return found.mounts
    const pid = [...found.pids, 1].find((one) => namespaceOf(one) === mountNs) ?? 'self'
    const text = readProcText(`/proc/${pid}/mountinfo`, mostMountsBytes) ?? ''
    found.mounts = parseMountTable(text, ownDevice)
    found.readAtMs = now
    return found.mounts
  }

  /** The device of the mount that a descriptor came through: btrfs and overlays show another one to stat(2). */
  function mountDevice(at: Handle, mounts: MountTable): number | undefined {
    const id = /^mnt_id:\s*(\d+)/m.exec(readProcText(`/proc/self/fdinfo/${at.fd}`, 4096) ?? '')?.[1]
    return id === undefined ? undefined : mounts.deviceOf(Number(id))
  }

  function isSame(file: SeenFile, at: Handle, stat: BigIntStats, mounts: MountTable): boolean {
    return (
      stat.ino === file.inode &&
      (deviceNumber(stat.dev) === file.device || mountDevice(at, mounts) === file.device)
    )
  }

  function below(
    root: Root,
    file: SeenFile,
  ): (Handle & { path: string; stat: BigIntStats }) | undefined {
    // A path that the kernel resolved has no links: if one is there by now, the inode tells.
    if (file.isTyped) return walkInRoot(root, file.path)
    const at = openPath(`/proc/self/fd/${root.fd}${file.path}`, constants.O_NOFOLLOW)
    return at && { ...at, path: file.path, stat: fstatSync(at.fd, { bigint: true }) }
  }

  function opened(
    at: Handle,
    stat: BigIntStats,
    device: number,
    root: Root,
    path: string,
    isNamed: boolean,
  ): OpenedFile {
    return {
      at,
      stat,
      device,
      root,
      path,
      isNamed,
      [Symbol.dispose]() {
        at[Symbol.dispose]()
        root[Symbol.dispose]()
      },
    }
  }

  return {
    open(file) {
      const space = namespace(file)
      const mounts = mountsOf(space, file.mountNs)
      const risk = mounts.riskOf(file.device) ?? (file.path && mounts.riskOn(file.path))
      if (risk) return mayWait(risk)
      let refused: string | undefined
      const mayEnter = (path: string): boolean => {
        const found = mounts.riskOn(path)
        refused ??= found
        return found === undefined
      }
      let isReplaced = false
      if (file.path.startsWith('/') && !file.isPartial) {
        for (const pid of new Set<number | 'self'>([...space.pids, 1, 'self'])) {
          // Without an inode nothing else tells that this is the right root.
          if (file.inode === 0n && namespaceOf(pid) !== file.mountNs) continue
          using root = openPath(`/proc/${pid}/root`, constants.O_DIRECTORY)
          if (!root) continue
          using found = below({ ...root, mayEnter }, file)
          if (!found) continue
          const isIt = file.inode === 0n || isSame(file, found, found.stat, mounts)
          isReplaced ||= !isIt
          if (!isIt) continue
          const device =
            file.inode === 0n
              ? (mountDevice(found, mounts) ?? deviceNumber(found.stat.dev))
              : file.device
          const at = openPath(`/proc/self/fd/${found.fd}`)
          const kept = openPath(`/proc/self/fd/${root.fd}`)
          if (!at || !kept) continue
          return opened(at, found.stat, device, { ...kept, mayEnter }, found.path, true)
        }
      }
      // What it executes can be had without a name, as long as it runs. Of a script that is the interpreter.
      if (file.inode !== 0n && file.role !== provenanceRoles.library) {
        const at = openPath(`/proc/${file.pid}/exe`)
        const root = at && openPath(`/proc/${file.pid}/root`, constants.O_DIRECTORY)
        if (at && root) {
          const stat = fstatSync(at.fd, { bigint: true })
          if (isSame(file, at, stat, mounts))
            return opened(at, stat, file.device, { ...root, mayEnter }, file.path, false)
        }
        at?.[Symbol.dispose]()
        root?.[Symbol.dispose]()
      }
      if (refused !== undefined) return mayWait(refused)
      return isReplaced ? 'another file has its place by now' : 'it is gone'
    },
  }
}
