/** The process that a uid is of. */
import { parseProcessUid } from '@honeyguide/model'

/** A process without the number of its exec: as text it is the same through all its images. */
export function processOf(uid: string): string {
  const parsed = parseProcessUid(uid)
  return parsed?.execNo === undefined ? uid : uid.slice(0, uid.lastIndexOf('-'))
}
