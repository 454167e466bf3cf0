/**
 * dpkg's database (/var/lib/dpkg): whose a file is, and with which MD5 it came.
 *
 * Kept in memory: an index from paths to packages in 8 bytes a file (`path-index.ts`), and the packages. What
 * the index suggests is looked up in the package's own lists each time, so a hash that lies does no harm, and
 * digests are never older than the question.
 */
import { opendirSync, fstatSync } from 'node:fs'
import { textOf } from '../byte-text.ts'
import type { Owner, Ownership, PackageDatabase } from '../package-database.ts'
import { createPathIndexBuilder, mostPackages, type PathIndex } from '../path-index.ts'
import { openPath, readBelow, walkInRoot, type Handle, type Root } from '../walk-in-root.ts'
import type { Work } from '../work.ts'
import { listedNames, parseDiversions, type Diversion } from './diversions.ts'
import { listHolds, md5Of } from './file-lists.ts'
import { conffileDigest, parseStatus, type DpkgPackage } from './status.ts'

/** Bounds: a container's database may be anything. Beyond them it is told as unknown, never as not owned. */
const limits = {
  statusBytes: 64 << 20,
  listBytes: 16 << 20,
  /** Entries of the folder of lists. */
  names: 400_000,
  /** Files in all packages: 8 MiB of index. */
  files: 1 << 20,
  /** Packages that may own one path by its hash. */
  candidates: 32,
} as const

export const dpkgFolder = '/var/lib/dpkg'
const infoFolder = `${dpkgFolder}/info`
const controlScript = /^(.+)\.(?:preinst|postinst|prerm|postrm|config)$/

interface Listed extends DpkgPackage {
  /** Name of its files in the folder of lists: the package, and its architecture where several may be there. */
  readonly stem: string
}

interface Kept {
  readonly index: PathIndex
  readonly packages: readonly Listed[]
  readonly stems: ReadonlySet<string>
  readonly diversions: readonly Diversion[]
  readonly bytes: number
}

/** Bytes of a package in memory beside its texts. */
const packageOverhead = 160

function readText(folder: Handle, name: string, mostBytes: number): string | undefined {
  const bytes = readBelow(folder, name, mostBytes)
  return bytes && textOf(bytes)
}

/** Names in the folder that end so, without the end; undefined when there are too many. */
function* namesEnding(folder: Handle, end: string): Work<string[] | undefined> {
  const names: string[] = []
  const dir = opendirSync(`/proc/self/fd/${folder.fd}`, {
    encoding: 'latin1' as BufferEncoding,
    bufferSize: 512,
  })
  try {
    for (let count = 1; ; count++) {
      const entry = dir.readSync()
      if (!entry) return names
      if (count > limits.names) return undefined
      if (entry.name.endsWith(end)) names.push(entry.name.slice(0, -end.length))
      if (count % 512 === 0) yield
    }
  } finally {
    dir.closeSync()
  }
}

/** What tells one state of a file or folder from another; `-` when it is not there. */
function stampOf(folder: Handle, name: string): string {
  using at = openPath(`/proc/self/fd/${folder.fd}/${name}`)
  if (!at) return '-'
  const { ino, size, mtimeNs } = fstatSync(at.fd, { bigint: true })
  return `${ino} ${size} ${mtimeNs}`
}

export function createDpkgDatabase(): PackageDatabase {
  let kept: Kept | undefined

  function* collect(folder: Handle, info: Handle): Work<Kept | string> {
    const status = readText(folder, 'status', limits.statusBytes)
    if (status === undefined) return "dpkg's status cannot be read, or is larger than any"
    const byStem = new Map<string, DpkgPackage>()
    let count = 0
    for (const found of parseStatus(status)) {
      byStem.set(`${found.name}:${found.architecture}`, found)
      if (!byStem.has(found.name)) byStem.set(found.name, found)
      if (++count > mostPackages) return 'there are more packages in dpkg than any system has'
      if (count % 100 === 0) yield
    }
    const diversions = parseDiversions(readText(folder, 'diversions', limits.listBytes) ?? '')
    const stems = yield* namesEnding(info, '.list')
    if (!stems) return "there are more of dpkg's lists than any system has"
    const builder = createPathIndexBuilder(limits.files)
    const packages: Listed[] = []
    let bytes = 0
    for (const stem of stems) {
      const found = byStem.get(stem)
      // Of a package that is not installed only its configuration is left, and that is nobody's.
      if (!found) continue
      const list = readBelow(info, `${stem}.list`, limits.listBytes)
      if (!list) {
        // Removed while we read.
        if (stampOf(info, `${stem}.list`) === '-') continue
        return `the list of ${stem} cannot be read`
      }
      if (packages.length === mostPackages || !builder.add(packages.length, list))
        return 'there are more files in dpkg than any system has'
      packages.push({ ...found, stem })
      bytes += packageOverhead + stem.length + found.version.length
      yield
    }
    const index = builder.finish()
    return {
      index,
      packages,
      stems: new Set(packages.map(({ stem }) => stem)),
      diversions,
      bytes: bytes + index.bytes,
    }
  }

  function ownerOf(folder: Handle, info: Handle, listed: Listed, path: string): Owner {
    const { name, version, architecture, stem } = listed
    const owner = { manager: 'dpkg', name, version, architecture, path, why: '' } as const
    const sums = readText(info, `${stem}.md5sums`, limits.listBytes)
    const hex = sums === undefined ? undefined : md5Of(sums, path)
    if (hex !== undefined)
      return { ...owner, digest: { algorithm: 'md5', hex }, isConfiguration: false }
    const isConfiguration = listHolds(
      readText(info, `${stem}.conffiles`, limits.listBytes) ?? '',
      path,
    )
    const initial = isConfiguration
      ? conffileDigest(readText(folder, 'status', limits.statusBytes) ?? '', listed, path)
      : undefined
    if (initial !== undefined)
      return { ...owner, digest: { algorithm: 'md5', hex: initial }, isConfiguration }
    return {
      ...owner,
      digest: undefined,
      why: 'the package has no digest for it',
      isConfiguration,
    }
  }

  /** A script that dpkg itself runs, from the package whose name it has. */
  function controlOwner(path: string): Owner | undefined {
    const stem = path.startsWith(`${infoFolder}/`)
      ? controlScript.exec(path.slice(infoFolder.length + 1))?.[1]
      : undefined
    const listed =
      stem !== undefined && kept?.stems.has(stem) === true
        ? kept.packages.find((one) => one.stem === stem)
        : undefined
    if (!listed) return undefined
    const { name, version, architecture } = listed
    return {
      manager: 'dpkg',
      name,
      version,
      architecture,
      path,
      digest: undefined,
      why: 'dpkg has no digest for scripts of a package',
      isConfiguration: false,
    }
  }

  return {
    manager: 'dpkg',
    locks: [`${dpkgFolder}/lock`, `${dpkgFolder}/lock-frontend`],
    get bytes() {
      return kept?.bytes ?? 0
    },
    stamp(root) {
      using folder = walkInRoot(root, dpkgFolder)
      if (!folder) return ''
      return ['status', 'info', 'diversions'].map((name) => stampOf(folder, name)).join('; ')
    },
    *read(root: Root) {
      using folder = walkInRoot(root, dpkgFolder)
      using info = walkInRoot(root, infoFolder)
      if (!folder || !info) return "dpkg's folder cannot be opened"
      const collected = yield* collect(folder, info)
      if (typeof collected === 'string') {
        kept = undefined
        return collected
      }
      kept = collected
      return undefined
    },
    *find(root: Root, paths: readonly string[]): Work<Ownership> {
      using folder = walkInRoot(root, dpkgFolder)
      using info = walkInRoot(root, infoFolder)
      if (!kept || !folder || !info) return { kind: 'unknown', reason: "dpkg's folder is gone" }
      const { index, packages, diversions } = kept
      for (const { path, mayOwn } of listedNames(paths, diversions)) {
        const candidates = index.packagesOf(path)
        if (candidates.length > limits.candidates)
          return { kind: 'unknown', reason: 'too many packages may own it' }
        for (const number of candidates) {
          const listed = packages[number]
          if (!listed || !mayOwn(listed.name)) continue
          const list = readText(info, `${listed.stem}.list`, limits.listBytes)
          const isHere = list !== undefined && listHolds(list, path)
          yield
          if (isHere) return { kind: 'owned', owner: ownerOf(folder, info, listed, path) }
        }
      }
      const [real = ''] = paths
      const owner = controlOwner(real)
      return owner ? { kind: 'owned', owner } : { kind: 'not_owned' }
    },
  }
}
