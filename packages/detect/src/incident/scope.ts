/**
 * Which story a process belongs to: the process at whose feet the evidence of a lineage is gathered.
 *
 * From the process upwards: shells and wrappers pass on what they were told, so the story goes on above them;
 * so does whatever has strong evidence against itself, with all that it started, directly or not. Weak evidence
 * does not, or a test run from a temporary folder would be one story with all that it tests. It ends below what starts sessions, jobs and services of
 * others, and where unit or container change. A server that started the last of these is the root (its other
 * children are not of the story); any other program is not, so that two runs of one launcher stay two stories.
 */
import type { Image } from '../lineage/image.ts'
import type { Lineage } from '../lineage/lineage.ts'
import { carriesStory, isGate } from './program-kind.ts'

export interface Scope {
  /** Image of the root process. */
  readonly root: Image
  /** Image of the topmost process all of whose descendants are of the story; the root itself unless that is a server. */
  readonly top: Image
}

const deepest = 64

/** When the process, or what it was forked from without a new program, first accepted a connection; undefined when it did not. */
export function servesSince(image: Image, lineage: Lineage): bigint | undefined {
  let at: Image | undefined = image
  let since: bigint | undefined
  for (let depth = 0; at && depth < deepest; depth++) {
    const own = lineage.serverSince(at.processUid)
    if (own !== undefined && (since === undefined || own < since)) since = own
    at = at.born === 'fork' ? lineage.parent(at) : undefined
  }
  return since
}

function isBoundary(parent: Image, child: Image): boolean {
  return (
    parent.pid <= 2 ||
    parent.born === 'placeholder' ||
    isGate(parent.name) ||
    parent.unit !== child.unit ||
    parent.container !== child.container
  )
}

/** The nearest ancestor with strong evidence against itself that nothing separates from the image. */
function suspectAbove(
  image: Image,
  lineage: Lineage,
  isSuspect: (processUid: string) => boolean,
): Image | undefined {
  let at = image
  for (let depth = 0; depth < deepest; depth++) {
    const parent = lineage.parent(at)
    if (!parent || isBoundary(parent, at)) return undefined
    if (isSuspect(parent.processUid)) return parent
    at = parent
  }
  return undefined
}

/**
 * `isSuspect` says whether a process uid has a finding of its own that is strong; `nowNs` (since boot) is when
 * is asked, because a server may start the shell that it keeps before anybody connects.
 */
export function scopeOf(
  image: Image,
  lineage: Lineage,
  isSuspect: (processUid: string) => boolean,
  nowNs: bigint,
): Scope {
  let top = image
  for (let depth = 0; depth < deepest; depth++) {
    const suspect = suspectAbove(top, lineage, isSuspect)
    if (suspect) {
      top = suspect
      continue
    }
    const parent = lineage.parent(top)
    if (!parent || isBoundary(parent, top)) return { root: top, top }
    const since = servesSince(parent, lineage)
    if (since !== undefined && since <= nowNs) {
      let root = parent
      while (root.born === 'fork') {
        const above = lineage.parent(root)
        if (!above || isBoundary(above, root)) break
        root = above
      }
      return { root, top }
    }
    if (!carriesStory(parent.name) && parent.born !== 'fork') return { root: top, top }
    top = parent
  }
  return { root: top, top }
}
