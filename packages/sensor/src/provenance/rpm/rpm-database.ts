/**
 * rpm's database, where it is SQLite (rpm 4.16 and later; Fedora, RHEL 9, SUSE with sqlite): whose a file is, and
 * with which digest it came. Nothing of it is kept: its own index of names leads from a name to the packages.
 *
 * Older forms are told as unknown: Berkeley DB (`Packages`, RHEL 8 and before) and ndb (`Packages.db`, SUSE).
 */
import { fstatSync, readSync } from 'node:fs'
import type { DigestAlgorithm, Owner, Ownership, PackageDatabase } from '../package-database.ts'
import { reopen, walkInRoot, type Handle, type Root } from '../walk-in-root.ts'
import type { Work } from '../work.ts'
import { readRpmHeader, type RpmFile, type RpmPackage } from './header.ts'
import { openSqliteFile, SqliteFormatError, type ReadAt, type SqliteFile } from './sqlite-file.ts'

/** Newer systems first; there `/var/lib/rpm` is a link. */
export const rpmFolders = ['/usr/lib/sysimage/rpm', '/var/lib/rpm'] as const
const mainFile = 'rpmdb.sqlite'
const otherForms = [
  ['Packages.db', 'ndb'],
  ['Packages', 'Berkeley DB'],
] as const
/** Packages with a file of one name that are looked into; some names are in hundreds of packages. */
const mostPackages = 1024
/** Tries while the database is being written. */
const mostTries = 3

/** RFC 4880 9.4, which rpm's `filedigestalgo` follows. */
const algorithms: Readonly<Record<number, DigestAlgorithm>> = {
  1: 'md5',
  2: 'sha1',
  8: 'sha256',
  9: 'sha384',
  10: 'sha512',
  11: 'sha224',
}
/** Of two packages with one file, for two word sizes, the kernel runs the other one's. */
const smallArchitecture = /^(?:i[3-6]86|armv7hl|ppc)$/

function readerOf(file: Handle): ReadAt {
  return (offset, length) => {
    const bytes = Buffer.allocUnsafe(length)
    let count = 0
    while (count < length) {
      const more = readSync(file.fd, bytes, count, length - count, offset + count)
      if (more === 0) break
      count += more
    }
    return bytes.subarray(0, count)
  }
}

function folderOf(root: Root): string | undefined {
  return rpmFolders.find((folder) =>
    [mainFile, ...otherForms.map(([name]) => name)].some((name) => {
      using at = walkInRoot(root, `${folder}/${name}`)
      return at !== undefined
    }),
  )
}

function ownerOf(found: RpmPackage, file: RpmFile): Owner {
  const algorithm = algorithms[file.algorithm]
  const owner = {
    manager: 'rpm',
    ...found,
    path: file.path,
    isConfiguration: file.isConfiguration,
  } as const
  if (file.digest !== '' && !file.isGhost && algorithm !== undefined)
    return { ...owner, digest: { algorithm, hex: file.digest }, why: '' }
  const why = file.isGhost
    ? 'the package only names it (a ghost)'
    : file.digest === ''
      ? 'the package has no digest for it'
      : `its digest is of kind ${file.algorithm}, which is not known`
  return { ...owner, digest: undefined, why }
}

/** Asks an open database. Throws SqliteFormatError. */
export function* findInRpm(file: SqliteFile, paths: readonly string[]): Work<Ownership> {
  const index = file.root('index', 'Basenames_key_idx')
  const names = file.root('table', 'Basenames')
  const packages = file.root('table', 'Packages')
  if (index === undefined || names === undefined || packages === undefined)
    return { kind: 'unknown', reason: "rpm's database has not the tables of rpm" }
  const [real = ''] = paths
  const base = real.slice(real.lastIndexOf('/') + 1)
  const inFolders = new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/') + 1)))
  const rowIds: number[] = []
  file.lookUp(index, Buffer.from(base, 'latin1'), (rowId) => {
    rowIds.push(rowId)
    return rowIds.length <= 8 * mostPackages
  })
  const asked = new Set<number>()
  let second: Owner | undefined
  for (const rowId of rowIds) {
    const number = file.row(names, rowId)?.[1]
    if (typeof number !== 'number' || asked.has(number)) continue
    if (asked.size === mostPackages)
      return { kind: 'unknown', reason: `too many packages of rpm have a file ${base}` }
    asked.add(number)
    const blob = file.row(packages, number)?.[1]
    const header = blob instanceof Uint8Array ? readRpmHeader(blob) : undefined
    yield
    const found = header?.find(base, (folder) => inFolders.has(folder))
    if (!header || !found) continue
    const owner = ownerOf(header.package, found)
    if (!smallArchitecture.test(owner.architecture)) return { kind: 'owned', owner }
    second ??= owner
  }
  return second ? { kind: 'owned', owner: second } : { kind: 'not_owned' }
}

export function createRpmDatabase(): PackageDatabase {
  function stamp(root: Root): string {
    const folder = folderOf(root)
    if (folder === undefined) return ''
    return [mainFile, `${mainFile}-wal`, ...otherForms.map(([name]) => name)]
      .map((name) => {
        using at = walkInRoot(root, `${folder}/${name}`)
        if (!at) return '-'
        const { ino, size, mtimeNs } = fstatSync(at.fd, { bigint: true })
        return `${ino} ${size} ${mtimeNs}`
      })
      .join('; ')
  }

  function* ask(root: Root, folder: string, paths: readonly string[]): Work<Ownership> {
    using at = walkInRoot(root, `${folder}/${mainFile}`)
    using file = at && reopen(at)
    if (!file) return { kind: 'unknown', reason: "rpm's database cannot be opened" }
    using logAt = walkInRoot(root, `${folder}/${mainFile}-wal`)
    using log = logAt && reopen(logAt)
    return yield* findInRpm(openSqliteFile(readerOf(file), log && readerOf(log)), paths)
  }

  return {
    manager: 'rpm',
    bytes: 0,
    locks: rpmFolders.map((folder) => `${folder}/.rpm.lock`),
    stamp,
    *read(root) {
      const folder = folderOf(root)
      if (folder === undefined) return "rpm's folder is gone"
      using main = walkInRoot(root, `${folder}/${mainFile}`)
      if (main) return undefined
      for (const [name, form] of otherForms) {
        using other = walkInRoot(root, `${folder}/${name}`)
        if (other) return `rpm's database here is of a form that is not read (${form})`
      }
      yield
      return "rpm's database cannot be opened"
    },
    *find(root, paths) {
      const folder = folderOf(root)
      if (folder === undefined) return { kind: 'unknown', reason: "rpm's folder is gone" }
      for (let tries = 1; ; tries++) {
        const before = stamp(root)
        let answer: Ownership
        try {
          answer = yield* ask(root, folder, paths)
        } catch (error) {
          if (!(error instanceof SqliteFormatError)) throw error
          answer = { kind: 'unknown', reason: `rpm's database cannot be read: ${error.message}` }
        }
        // Without locks: what was written meanwhile may have been read in halves.
        if (tries === mostTries || stamp(root) === before) return answer
        yield
      }
    },
  }
}
