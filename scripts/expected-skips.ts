/** Reads test/skips.json: which tests may be skipped where, and why. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One decision to let tests be skipped: those of one name, or those that are skipped for one reason. */
export interface ExpectedSkip {
  /** The test's own name, without its suites. */
  readonly test?: string
  /** Regular expression on the reason that the test gave. */
  readonly match?: string
  /** `linux-6.1`: on kernels of this version. `any`: on whatever machine the tests are run. */
  readonly where: readonly string[]
  readonly reason: string
}

/**
 * Says of a test's own name and of its reason whether the skip was decided for one of `places`.
 * Throws when the file is no such list.
 */
export function expectedSkips(
  root: string,
  places: readonly string[],
): (name: string, reason: string) => boolean {
  const list: unknown = JSON.parse(readFileSync(join(root, 'test/skips.json'), 'utf8'))
  if (!Array.isArray(list)) throw new Error('test/skips.json is no list')
  const skips = (list as readonly ExpectedSkip[]).filter(({ where }) =>
    where.some((place) => places.includes(place)),
  )
  return (name, reason) =>
    skips.some(
      ({ test, match }) => test === name || (match !== undefined && new RegExp(match).test(reason)),
    )
}
