/**
 * Digests of a file's content, in slices of 128 KiB, all in one pass.
 */
import { createHash, type Hash } from 'node:crypto'
import { readSync } from 'node:fs'
import type { DigestAlgorithm } from './package-database.ts'
import type { Handle } from './walk-in-root.ts'
import type { Work } from './work.ts'

/** Read and used up between two yields, so one is enough for all files that are read by turns. */
const slice = Buffer.allocUnsafe(128 * 1024)

/** In hex, by algorithm; one that OpenSSL refuses (MD5 under FIPS) is missing. Undefined when it is longer than `mostBytes` or cannot be read. */
export function* digestsOf(
  file: Handle,
  algorithms: readonly DigestAlgorithm[],
  mostBytes: number,
): Work<ReadonlyMap<DigestAlgorithm, string> | undefined> {
  const hashes: [DigestAlgorithm, Hash][] = []
  for (const algorithm of new Set(algorithms)) {
    try {
      hashes.push([algorithm, createHash(algorithm)])
    } catch {
      // Not here.
    }
  }
  for (let at = 0; ;) {
    let count
    try {
      count = readSync(file.fd, slice, 0, slice.length, at)
    } catch {
      return undefined
    }
    if (count === 0) break
    at += count
    if (at > mostBytes) return undefined
    for (const [, hash] of hashes) hash.update(slice.subarray(0, count))
    yield
  }
  return new Map(hashes.map(([algorithm, hash]) => [algorithm, hash.digest('hex')]))
}
