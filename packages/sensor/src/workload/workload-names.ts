/**
 * Remembers cgroups by their kernfs id, so that a path is parsed once and a fork, which carries only
 * the id, gets the path that an exec in the same cgroup has told. Bounded: the oldest goes first.
 */
import { workloadOfPath, type Workload } from './workload.ts'

export interface WorkloadNames {
  /** Records that `id` has this path, and names its workload. */
  learn(id: bigint, path: Uint8Array): Workload
  /** The path of a cgroup seen before; empty when it is not known. Do not change the bytes. */
  pathOf(id: bigint): Uint8Array
}

interface Known {
  readonly path: Uint8Array
  readonly workload: Workload
}

const empty = new Uint8Array(0)
const utf8 = new TextDecoder()

export function createWorkloadNames(capacity: number = 4096): WorkloadNames {
  const known = new Map<bigint, Known>()
  return {
    learn(id, path) {
      const before = known.get(id)
      // Ids are not used again within a boot, but a cgroup can be renamed.
      if (before && equal(before.path, path)) return before.workload
      if (!before && known.size >= capacity) {
        const oldest = known.keys().next().value
        if (oldest !== undefined) known.delete(oldest)
      }
      const entry = { path: path.slice(), workload: workloadOfPath(utf8.decode(path)) }
      known.set(id, entry)
      return entry.workload
    },
    pathOf: (id) => known.get(id)?.path ?? empty,
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
