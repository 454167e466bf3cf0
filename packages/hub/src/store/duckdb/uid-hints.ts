/**
 * Cheap conditions on facts that follow from equality with a uid: the uid is put together from numbers, and
 * comparing the numbers first spares putting together the uids of all rows.
 */
import { parseProcessUid, type ViewName } from '@honeyguide/model'

export interface Equality {
  readonly column: string
  readonly value: string
}

/** Columns that hold an image's uid, and the fact's pid that goes with it. */
const pidOf: Readonly<Partial<Record<ViewName, Readonly<Record<string, string>>>>> = {
  process_activity: {
    process_uid: 'f.pid',
    process_parent_process_uid: 'f.parent_pid',
    actor_process_uid: 'f.actor_pid',
  },
  network_activity: { actor_process_uid: 'f.pid' },
  processes: { process_uid: 'f.pid' },
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
  for (const { column, value } of equalities) {
    const pid = pidOf[view]?.[column]
    const parsed = pid === undefined ? undefined : parseProcessUid(value)
    if (pid !== undefined && parsed) hints.push(`${pid} = ${parsed.pid}`)
    const isActivity = view === 'process_activity' || view === 'network_activity'
    const sequence = sequenceOf(value)
    if (isActivity && sequence !== undefined && column === 'event_uid')
      hints.push(`f.seq = ${sequence}`)
    if (view === 'network_activity' && sequence !== undefined && column === 'connection_info_uid')
      hints.push(`f.socket = ${sequence}`)
  }
  return hints.join(' AND ')
}
