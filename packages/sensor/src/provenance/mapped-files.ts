/** Files that a process has mapped executable, from /proc/PID/maps (proc(5)). Pure but for `mappedFiles`. */
import { provenanceRoles } from '@honeyguide/model/tables/provenance'
import { readProcText } from './proc-text.ts'
import type { SeenFile } from './seen-file.ts'

const mostMapsBytes = 1 << 20
const mostFiles = 256
const deletedMark = ' (deleted)'
const linePattern =
  /^[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ ([0-9a-f]+):([0-9a-f]+) ([1-9]\d*) +(\/.*)$/

export interface MappedFile {
  readonly device: number
  readonly inode: bigint
  readonly path: string
  readonly isDeleted: boolean
  readonly isMemfd: boolean
}

/** Each once, in the order of addresses; at most 256. */
export function parseMaps(text: string): MappedFile[] {
  const found = new Map<string, MappedFile>()
  for (const line of text.split('\n')) {
    const [, major = '', minor = '', inode = '', name = ''] = linePattern.exec(line) ?? []
    if (name === '') continue
    const key = `${major}:${minor} ${inode}`
    if (found.has(key)) continue
    if (found.size === mostFiles) break
    const isMarked = name.endsWith(deletedMark)
    const isMemfd = isMarked && name.startsWith('/memfd:')
    found.set(key, {
      device: ((Number.parseInt(major, 16) << 20) | (Number.parseInt(minor, 16) & 0xf_ff_ff)) >>> 0,
      inode: BigInt.asUintN(64, BigInt(inode)),
      // The kernel writes a newline as \012 and nothing else so.
      path: (isMarked ? name.slice(isMemfd ? 1 : 0, -deletedMark.length) : name).replaceAll(
        '\\012',
        '\n',
      ),
      isDeleted: isMarked && !isMemfd,
      isMemfd,
    })
  }
  return [...found.values()]
}

/** What this process has mapped beside the file that it runs. Empty when it is gone. */
export function mappedFiles(image: SeenFile): SeenFile[] {
  const text = readProcText(`/proc/${image.pid}/maps`, mostMapsBytes) ?? ''
  return parseMaps(text)
    .filter(({ device, inode }) => device !== image.device || inode !== image.inode)
    .map((mapped) => ({
      ...mapped,
      role: provenanceRoles.library,
      isTyped: false,
      isPartial: false,
      isFromSnapshot: true,
      pid: image.pid,
      parentPid: image.parentPid,
      mountNs: image.mountNs,
    }))
}
