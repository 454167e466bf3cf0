/** What the tables of process life share. */
import type { Image } from '@honeyguide/detect'
import type { ActivityValue } from '@honeyguide/model'
import type { NormaliseContext, Readers, Refer } from './context.ts'
import type { ProcessReference } from './process-reference.ts'

/** What is known of the image of a fork or exit, from the graph. */
export function imageDetail(context: NormaliseContext, refer: Refer): Readers {
  const of = (read: (image: Image) => ActivityValue) => context.imageColumn(refer, read)
  return {
    process_file_name: of((image) => image.fileTyped),
    process_interpreter: of((image) => image.interpreter),
    process_working_directory: of((image) => image.cwd),
    process_euid: of((image) => image.effectiveUserId),
    process_gid: of((image) => image.groupId),
    process_cap_effective: of((image) => image.capEffective),
    process_session_uid: of((image) => image.sessionId),
    process_tty: of((image) => image.tty),
    process_container_uid: of((image) => image.container),
    process_unit: of((image) => image.unit),
    process_cgroup: of((image) => image.cgroup),
    process_namespace_pid: of((image) => image.namespacePid),
    process_namespace_mnt: of((image) => image.mountNs),
    process_namespace_net: of((image) => image.netNs),
  }
}

/** The parent: who forked it when the graph knows, else who was its parent when the event happened. */
export function parentOf(
  { lineage, references }: Pick<NormaliseContext, 'lineage' | 'references'>,
  own: Refer,
  seen: {
    readonly pid: Uint32Array
    readonly startNs: BigUint64Array
    readonly execNo?: Uint32Array
  },
): Refer {
  const known = new Map<number, ProcessReference | null>()
  return (row) => {
    const before = known.get(row)
    if (before !== undefined) return before
    const image = own(row)?.image
    const parent = image && lineage.parent(image)
    const reference = parent
      ? references.ofImage(parent)
      : references.of(seen.pid[row] ?? 0, seen.startNs[row] ?? 0n, seen.execNo?.[row] ?? 0)
    known.set(row, reference)
    return reference
  }
}
