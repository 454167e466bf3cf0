/**
 * Cheap conditions on facts that follow from equality with a uid: the uid is put together from numbers, and
 * comparing the numbers first spares putting together the uids of all rows.
 */
import { parseProcessUid, type ViewName } from '@honeyguide/model'
import { activityStoreNamed } from './activity/index.ts'

export interface Equality {
  readonly column: string
  readonly value: string
}

/** Number behind the last `-` and a letter; undefined when it is not such a uid. */
function sequenceOf(uid: string): bigint | undefined {
  const digits = /^[0-9a-f]{12}-[0-9a-f]{8}-[lds]([0-9a-z]{1,13})$/.exec(uid)?.[1]
  if (digits === undefined) return undefined
  let value = 0n
  for (const digit of digits) value = value * 36n + BigInt(parseInt(digit, 36))
  return value < 2n ** 63n ? value : undefined
}

/** A condition that holds wherever all `equalities` do; empty when none follows. */
export function uidHints(view: ViewName, equalities: readonly Equality[]): string {
  const hints: string[] = []
  const store = activityStoreNamed(view)
  const pids: Readonly<Record<string, string>> =
    view === 'processes' ? { process_uid: 'f.pid' } : (store?.pids ?? {})
  for (const { column, value } of equalities) {
    const pid = pids[column]
    const parsed = pid === undefined ? undefined : parseProcessUid(value)
    if (pid !== undefined && parsed) hints.push(`${pid} = ${parsed.pid}`)
    const numbered = store?.sequences[column]
    const sequence = numbered === undefined ? undefined : sequenceOf(value)
    if (sequence !== undefined) hints.push(`${numbered} = ${sequence}`)
  }
  return hints.join(' AND ')
}
