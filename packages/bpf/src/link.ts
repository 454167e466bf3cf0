/**
 * Links: what keeps a program attached to its hook.
 *
 * Disposing a link detaches the program unless the link is pinned (or held elsewhere): then it goes
 * on without this process, which is what lets a restarted consumer lose nothing.
 */
import { closeSync, openSync } from 'node:fs'
import { Descriptor } from './descriptor.ts'
import { BpfError, isPermissionErrno } from './error.ts'
import { linkCreate, linkDetach, linkUpdate, openRawTracepoint } from './kernel-call.ts'
import { readLinkInfo, type LinkInfo } from './kernel-info.ts'
import { withNetworkNamespaceFd } from './network-namespace.ts'
import { openPin, pin } from './pin.ts'

/** An attached program. */
export class BpfLink implements Disposable {
  readonly #descriptor: Descriptor
  readonly #release: (() => void) | undefined

  /** Takes ownership of `fd`; `release` is called before it is closed, for what else the link owns. */
  constructor(fd: number, release?: () => void) {
    this.#descriptor = new Descriptor(fd, 'link')
    this.#release = release
  }

  get fd(): number {
    return this.#descriptor.fd
  }

  /** Where it is attached, and its id. */
  get info(): LinkInfo {
    return readLinkInfo(this.fd)
  }

  /** Keeps the program attached under `path` on a bpf filesystem, whatever becomes of us. */
  pin(path: string): void {
    pin(this.fd, path)
  }

  /** Detaches now, although pins and other descriptors remain (5.9; cgroup, netns, XDP and tcx links). */
  detach(): void {
    const error = linkDetach(this.fd)
    if (error < 0) {
      throw new BpfError('BPF_ATTACH_FAILED', 'cannot detach the link', { errno: -error })
    }
  }

  /** Swaps the program without a moment between (cgroup, netns, XDP and tcx links). */
  update(program: { readonly fd: number }): void {
    const error = linkUpdate(this.fd, program.fd)
    if (error < 0) {
      throw new BpfError('BPF_ATTACH_FAILED', 'cannot swap the program', { errno: -error })
    }
  }

  [Symbol.dispose](): void {
    if (!this.#descriptor.isOpen) return
    this.#release?.()
    this.#descriptor[Symbol.dispose]()
  }
}

/** Pins a link that was just made, where a path is given; one that cannot be pinned is released. */
export function pinnedAt(link: BpfLink, path: string | undefined): BpfLink {
  if (path === undefined) return link
  try {
    link.pin(path)
    return link
  } catch (cause) {
    link[Symbol.dispose]()
    throw cause
  }
}

/** Opens a pinned link. Throws `BPF_PIN_FAILED` (errno ENOENT when nothing is pinned there). */
export function openPinnedLink(path: string): BpfLink {
  return new BpfLink(openPin(path, 'link'))
}

/** The link behind what a system call returned. Throws `BPF_NOT_PERMITTED` or `BPF_ATTACH_FAILED`. */
export function linked(fd: number, what: string): BpfLink {
  if (fd >= 0) return new BpfLink(fd)
  const code = isPermissionErrno(-fd) ? 'BPF_NOT_PERMITTED' : 'BPF_ATTACH_FAILED'
  throw new BpfError(code, `cannot attach ${what}`, { errno: -fd })
}

/** Attaches a program whose target was fixed when it was loaded (tp_btf, fentry, fexit, lsm). */
export function attachTracing(programFd: number, what: string): BpfLink {
  return linked(openRawTracepoint(programFd), what)
}

/** Attaches to a raw tracepoint by name. */
export function attachRawTracepoint(programFd: number, tracepoint: string): BpfLink {
  return linked(openRawTracepoint(programFd, tracepoint), `to raw tracepoint ${tracepoint}`)
}

/**
 * Attaches to a cgroup. Links always run beside the programs of others (they imply
 * BPF_F_ALLOW_MULTI), so nobody falls off.
 */
export function attachCgroup(programFd: number, attachType: number, cgroup: string): BpfLink {
  let folder: number
  try {
    folder = openSync(cgroup, 'r')
  } catch (cause) {
    throw new BpfError('BPF_ATTACH_FAILED', `cannot open the cgroup ${cgroup}`, { cause })
  }
  try {
    return linked(
      linkCreate({ programFd, target: folder, attachType }),
      `to the cgroup ${cgroup} (it must be of version 2)`,
    )
  } finally {
    closeSync(folder)
  }
}

/** `enum bpf_attach_type`. */
const attachTypes = { flowDissector: 17, iterator: 28, skLookup: 36, netfilter: 45 } as const

/** Attaches an iterator; `info` is `union bpf_iter_link_info`. */
export function attachIterator(programFd: number, what: string, info?: Uint8Array): BpfLink {
  return linked(
    linkCreate({
      programFd,
      target: 0,
      attachType: attachTypes.iterator,
      detail: info ? { kind: 'iterator', info } : undefined,
    }),
    what,
  )
}

/**
 * Attaches to a network namespace: programs that choose the socket of a packet (sk_lookup) or dissect flows. `path`
 * is the namespace's file, default ours.
 */
export function attachNetworkNamespace(
  programFd: number,
  hook: 'skLookup' | 'flowDissector',
  what: string,
  path: string = '/proc/thread-self/ns/net',
): BpfLink {
  return withNetworkNamespaceFd(path, (target) =>
    linked(
      linkCreate({ programFd, target, attachType: attachTypes[hook] }),
      `${what} to the network namespace ${path}`,
    ),
  )
}
