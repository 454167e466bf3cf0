/** What a package database of a file system says of a file: the port that dpkg and rpm are behind. */
import type { Root } from './walk-in-root.ts'
import type { Work } from './work.ts'

/** Digests that packages carry, as `node:crypto` names them. */
export const digestAlgorithms = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const
export type DigestAlgorithm = (typeof digestAlgorithms)[number]

/** Whose file it is. Texts are bytes of the database, a character each. */
export interface Owner {
  readonly manager: 'dpkg' | 'rpm'
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** The path as the package spells it. */
  readonly path: string
  /** What the package says that the file should be, in small hex digits; undefined when it says nothing. */
  readonly digest: { readonly algorithm: DigestAlgorithm; readonly hex: string } | undefined
  /** Why there is no digest, in words; empty when there is one. */
  readonly why: string
  /** A configuration file: made to be changed by who runs the machine. */
  readonly isConfiguration: boolean
}

export type Ownership =
  | { readonly kind: 'owned'; readonly owner: Owner }
  | { readonly kind: 'not_owned' }
  /** The database says nothing that can be relied on. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** One database, of one file system. What it keeps of it is bounded; files are read again for each question. */
export interface PackageDatabase {
  readonly manager: Owner['manager']
  /** Bytes that it keeps. */
  readonly bytes: number
  /** Which state of the database is there now; changes with every install. */
  stamp(root: Root): string
  /** Reads what it keeps; again after each change of the stamp. The reason when it cannot. */
  read(root: Root): Work<string | undefined>
  /** Asks for a file by all its spellings (`spellings.ts`), the real one first. */
  find(root: Root, paths: readonly string[]): Work<Ownership>
  /** Files that are locked while packages are installed or removed, below the root. */
  readonly locks: readonly string[]
}
