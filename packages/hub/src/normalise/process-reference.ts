/**
 * A process that an event names: its identity from the wire, and its image when the graph has it.
 *
 * One cache per batch, so that the image of a shell with a thousand children is looked up once.
 */
import { imageUid } from '@honeyguide/model'
import type { Image, Lineage } from '@honeyguide/detect'

export interface ProcessReference {
  readonly uid: string
  readonly pid: number
  /** Undefined when the graph does not know it, or knows only that it exists. */
  readonly image: Image | undefined
  /** Counts the distinct processes of the batch from 0. */
  readonly index: number
}

export interface References {
  /** Null for pid 0: nobody. */
  of(pid: number, startNs: bigint, execNo: number): ProcessReference | null
  ofImage(image: Image): ProcessReference
}

export function createReferences(prefix: string, lineage: Pick<Lineage, 'image'>): References {
  const byUid = new Map<string, ProcessReference>()
  /** The same by numbers: writing a name costs more than finding it. */
  const byPid = new Map<
    number,
    { startNs: bigint; execNo: number; reference: ProcessReference }[]
  >()

  function keep(uid: string, pid: number, image: Image | undefined): ProcessReference {
    const reference: ProcessReference = {
      uid,
      pid,
      image: image?.born === 'placeholder' ? undefined : image,
      index: byUid.size,
    }
    byUid.set(uid, reference)
    return reference
  }

  return {
    of(pid, startNs, execNo) {
      if (pid === 0) return null
      let same = byPid.get(pid)
      if (!same) byPid.set(pid, (same = []))
      for (const one of same)
        if (one.execNo === execNo && one.startNs === startNs) return one.reference
      const image = lineage.image(prefix, pid, startNs, execNo)
      const uid = image?.uid ?? imageUid(prefix, pid, startNs, execNo)
      const reference = byUid.get(uid) ?? keep(uid, pid, image)
      same.push({ startNs, execNo, reference })
      return reference
    },
    ofImage: (image) => byUid.get(image.uid) ?? keep(image.uid, image.pid, image),
  }
}
