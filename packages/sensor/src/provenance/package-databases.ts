/**
 * The package databases of all roots that processes have: the host's, and one for each container that brings its
 * own. Each is read when a file of its root is first asked for, and again when it has changed.
 *
 * At most `mostDatabases`, and `mostBytes` of what they keep: those that were not asked for longest go, counted.
 */
import { fstatSync } from 'node:fs'
import { createDpkgDatabase, dpkgFolder } from './dpkg/dpkg-database.ts'
import type { Ownership, PackageDatabase } from './package-database.ts'
import { readProcText } from './proc-text.ts'
import { createRpmDatabase, rpmFolders } from './rpm/rpm-database.ts'
import { aliasesOf, spellings, type Alias } from './spellings.ts'
import { openPath, walkInRoot, type Root } from './walk-in-root.ts'
import type { Work } from './work.ts'

const mostDatabases = 8
const mostBytes = 24 << 20
/** Between two readings of one database: while packages are installed it changes many times a second, ms. */
const readEveryMs = 10_000
/** Packages are held to be on the move until nothing has changed for so long, ms. */
const quietMs = 3000
const hostEveryMs = 60_000

/** Folders of databases, by which one is told from another. */
const kinds = [
  { folders: [dpkgFolder], create: createDpkgDatabase },
  { folders: rpmFolders, create: createRpmDatabase },
] as const
/** Said instead of "not owned", where it would be no answer. */
const notRead = [
  ['/lib/apk/db/installed', 'apk'],
  ['/var/lib/pacman/local', 'pacman'],
  ['/nix/store', 'Nix'],
  ['/gnu/store', 'Guix'],
] as const

export interface FoundOwner {
  readonly ownership: Ownership
  /** The database is not the host's own. */
  readonly isForeign: boolean
  /** Packages are being installed or removed, or were until just now: the answer may be another one soon. */
  readonly isMoving: boolean
}

export interface PackageDatabases {
  /** Whose file it is: a path without links, as processes with this root see it. */
  find(root: Root, path: string): Work<FoundOwner>
  /** Databases that had to go for others, ever. */
  readonly evictions: number
  /** Bytes that are kept of all. */
  readonly bytes: number
}

interface Entry {
  readonly database: PackageDatabase
  aliases: readonly Alias[]
  /** Of the state that was read; undefined before. */
  stamp: string | undefined
  /** Why it cannot be asked. */
  refusal: string | undefined
  readAtMs: number
  /** A change was seen then, ms. */
  movedAtMs: number | undefined
  /** Reading that is under way: whoever asks next goes on with it. */
  reading: { readonly work: Work<string | undefined>; readonly stamp: string } | undefined
}

/** Device and inode of the folder: the same for all roots that share it, and for mount namespaces. */
function folderKey(root: Root, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    using at = walkInRoot(root, folder)
    if (at && at.stat.isDirectory()) return `${at.stat.dev} ${at.stat.ino}`
  }
  return undefined
}

/** Whether somebody holds a lock on one of these files (/proc/locks, fcntl(2)). */
function isLocked(root: Root, files: readonly string[]): boolean {
  const inodes = files.flatMap((file) => {
    using at = walkInRoot(root, file)
    return at ? [fstatSync(at.fd, { bigint: true }).ino] : []
  })
  if (inodes.length === 0) return false
  const locks = readProcText('/proc/locks', 1 << 20) ?? ''
  return inodes.some((inode) =>
    new RegExp(` WRITE -?\\d+ [0-9a-f]+:[0-9a-f]+:${inode} `).test(locks),
  )
}

export function createPackageDatabases(nowMs: () => number): PackageDatabases {
  /** In the order in which they were last asked. */
  const entries = new Map<string, Entry>()
  let evictions = 0
  let hostKeys: { readonly keys: ReadonlySet<string>; readonly atMs: number } | undefined

  function bytes(): number {
    let sum = 0
    for (const { database } of entries.values()) sum += database.bytes
    return sum
  }

  function entryOf(key: string, create: () => PackageDatabase): Entry {
    const known = entries.get(key)
    entries.delete(key)
    const entry: Entry = known ?? {
      database: create(),
      aliases: [],
      stamp: undefined,
      refusal: undefined,
      readAtMs: 0,
      movedAtMs: undefined,
      reading: undefined,
    }
    entries.set(key, entry)
    return entry
  }

  function evict(): void {
    for (const [key, entry] of entries) {
      if (entries.size <= mostDatabases && bytes() <= mostBytes) return
      // Somebody waits for one that is being read, and the last one was just asked.
      if (entry.reading || entries.size === 1) continue
      entries.delete(key)
      evictions += 1
    }
  }

  /** Reads it where it has changed. Another question may be at the same reading: each does a part. */
  function* refresh(entry: Entry, root: Root): Work<void> {
    for (;;) {
      const stamp = entry.database.stamp(root)
      if (!entry.reading) {
        if (entry.stamp === stamp) return
        const now = nowMs()
        if (entry.stamp !== undefined) {
          entry.movedAtMs = now
          if (now - entry.readAtMs < readEveryMs) return
        }
        entry.aliases = aliasesOf(root)
        entry.reading = { work: entry.database.read(root), stamp }
      }
      const { reading } = entry
      const step = reading.work.next()
      if (step.done === true) {
        entry.refusal = step.value
        entry.stamp = reading.stamp
        entry.readAtMs = nowMs()
        entry.reading = undefined
        return
      }
      yield
    }
  }

  function isHost(key: string): boolean {
    const now = nowMs()
    if (!hostKeys || now - hostKeys.atMs >= hostEveryMs) {
      using root = openPath('/proc/1/root') ?? openPath('/')
      const keys = new Set<string>()
      for (const { folders } of root ? kinds : []) {
        const found = root && folderKey(root, folders)
        if (found !== undefined) keys.add(found)
      }
      hostKeys = { keys, atMs: now }
    }
    return hostKeys.keys.has(key)
  }

  function* ask(entry: Entry, root: Root, path: string): Work<Ownership> {
    yield* refresh(entry, root)
    if (entry.refusal !== undefined) return { kind: 'unknown', reason: entry.refusal }
    return yield* entry.database.find(root, spellings(path, entry.aliases))
  }

  return {
    *find(root, path) {
      let ownership: Ownership | undefined
      let isForeign = false
      let isMoving = false
      for (const { folders, create } of kinds) {
        const key = folderKey(root, folders)
        if (key === undefined) continue
        const entry = entryOf(key, create)
        if (entry.database.stamp(root) === '') continue
        const answer = yield* ask(entry, root, path)
        evict()
        const movedMs = entry.movedAtMs === undefined ? Infinity : nowMs() - entry.movedAtMs
        isForeign ||= !isHost(key)
        isMoving ||=
          movedMs < quietMs ||
          entry.stamp !== entry.database.stamp(root) ||
          isLocked(root, entry.database.locks)
        if (answer.kind === 'owned') return { ownership: answer, isForeign, isMoving }
        // Of two databases, one that cannot be read leaves it open.
        if (ownership?.kind !== 'unknown') ownership = answer
      }
      if (ownership) return { ownership, isForeign, isMoving }
      const other = notRead.find(([place]) => {
        using at = walkInRoot(root, place)
        return at !== undefined
      })
      const reason = other
        ? `package databases of ${other[1]} are not read`
        : 'there is no package database in its root'
      return { ownership: { kind: 'unknown', reason }, isForeign, isMoving }
    },
    get evictions() {
      return evictions
    },
    get bytes() {
      return bytes()
    },
  }
}
