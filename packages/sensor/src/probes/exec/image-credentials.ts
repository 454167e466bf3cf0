/**
 * The credentials of a new image, as one object for all images with the same ones: nearly all of them are what some
 * image before was.
 */
import type { RecordMemory } from '@honeyguide/bpf'
import { exec as fields, execOffsets } from '../../../gen/records.ts'
import { credentialsOfImage, type Credentials } from '../../process-cache/credentials.ts'

/** Where the record has them, in words of 32 bits. */
const words = [
  execOffsets.eventUid,
  execOffsets.euid,
  execOffsets.gid,
  execOffsets.egid,
  execOffsets.capInheritable,
  execOffsets.capInheritable + 4,
  execOffsets.capPermitted,
  execOffsets.capPermitted + 4,
  execOffsets.capEffective,
  execOffsets.capEffective + 4,
  execOffsets.mountNs,
  execOffsets.pidNs,
  execOffsets.netNs,
  execOffsets.userNs,
].map((offset) => offset >>> 2)

/** Different ones that are kept; a power of two. Two that fall into one place take turns there. */
const places = 64

/** Reads the credentials of a `struct hg_exec` at byte `at`. */
export type ReadImageCredentials = (memory: RecordMemory, at: number) => Credentials

export function createImageCredentials(): ReadImageCredentials {
  const kept = new Uint32Array(places * words.length)
  const objects: (Credentials | undefined)[] = Array.from({ length: places }, () => undefined)

  return (memory, at) => {
    const { u32 } = memory
    const begin = at >>> 2
    let hash = 0
    for (let i = 0; i < words.length; i++)
      hash = Math.imul(hash ^ (u32[begin + (words[i] as number)] as number), 0x01000193)
    const place = (hash ^ (hash >>> 15)) & (places - 1)
    const from = place * words.length
    let isKept = true
    for (let i = 0; i < words.length; i++)
      if (kept[from + i] !== u32[begin + (words[i] as number)]) isKept = false
    const known = objects[place]
    if (isKept && known) return known
    for (let i = 0; i < words.length; i++)
      kept[from + i] = u32[begin + (words[i] as number)] as number
    const read = credentialsOfImage({
      uid: fields.eventUid(memory, at),
      euid: fields.euid(memory, at),
      gid: fields.gid(memory, at),
      egid: fields.egid(memory, at),
      capEffective: fields.capEffective(memory, at),
      capPermitted: fields.capPermitted(memory, at),
      capInheritable: fields.capInheritable(memory, at),
      mountNs: fields.mountNs(memory, at),
      pidNs: fields.pidNs(memory, at),
      netNs: fields.netNs(memory, at),
      userNs: fields.userNs(memory, at),
    })
    objects[place] = read
    return read
  }
}
