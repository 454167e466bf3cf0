/**
 * Remembers cgroups by their kernfs id, so that a path is parsed once and a fork, which carries only
 * the id, gets the path that an exec in the same cgroup has told. Bounded: the oldest goes first.
 */
import { workloadOfPath, type Workload } from './workload.ts'

/**
 * A kernfs id (u64). Nearly all are below 2^53 and given as numbers: a bigint that is made for each record to look
 * it up by costs more than all else here.
 */
export type CgroupId = number | bigint

export interface WorkloadNames {
  /** Records that `id` has this path, from its root on, and names its workload. */
  learn(id: CgroupId, path: Uint8Array): Workload
  /** The path of a cgroup seen before; empty when it is not known. Do not change the bytes. */
  pathOf(id: CgroupId): Uint8Array
}

interface Known {
  readonly path: Uint8Array
  readonly workload: Workload
}

const empty = new Uint8Array(0)
const utf8 = new TextDecoder()

/** One key for each id. */
const keyOf = (id: CgroupId): CgroupId =>
  typeof id === 'bigint' && id <= Number.MAX_SAFE_INTEGER ? Number(id) : id

export function createWorkloadNames(capacity: number = 4096): WorkloadNames {
  const known = new Map<CgroupId, Known>()
  return {
    learn(id, path) {
      const key = keyOf(id)
      const before = known.get(key)
      // Ids are not used again within a boot, but a cgroup can be renamed.
      if (before && equal(before.path, path)) return before.workload
      if (!before && known.size >= capacity) {
        const oldest = known.keys().next().value
        if (oldest !== undefined) known.delete(oldest)
      }
      const entry = { path: path.slice(), workload: workloadOfPath(utf8.decode(path)) }
      known.set(key, entry)
      return entry.workload
    },
    pathOf: (id) => known.get(keyOf(id))?.path ?? empty,
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
