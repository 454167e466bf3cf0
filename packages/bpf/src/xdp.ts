/**
 * XDP: programs that see a packet before the kernel has made anything of it.
 *
 * Attached by a link (5.9): it goes with its holder, and nobody else can replace the program meanwhile. One program per
 * interface: a second is refused with EBUSY.
 */
import { linkCreate } from './kernel-call.ts'
import { linked, type BpfLink } from './link.ts'
import { inNetworkNamespace, interfaceIndex, type InterfaceTarget } from './network-namespace.ts'

/** Who runs the program: the driver, the kernel behind any driver (slower), or the network card itself. */
export type XdpMode = 'native' | 'generic' | 'offload'

/** Where to attach an XDP program. */
export interface XdpTarget extends InterfaceTarget {
  /** Default: native where the driver can, else generic. */
  readonly mode?: XdpMode
}

/** `enum bpf_attach_type`. */
const attachXdpType = 37
/** XDP_FLAGS_* of <linux/if_link.h>. */
const modeFlags = { generic: 1 << 1, native: 1 << 2, offload: 1 << 3 } as const satisfies Record<
  XdpMode,
  number
>

/** Attaches an XDP program. Throws `BPF_ATTACH_FAILED` (EBUSY: another is there) and others. */
export function attachXdp(programFd: number, what: string, target: XdpTarget): BpfLink {
  const { mode } = target
  return inNetworkNamespace(target.networkNamespace, () =>
    linked(
      linkCreate({
        programFd,
        target: interfaceIndex(target.interface),
        attachType: attachXdpType,
        flags: mode === undefined ? 0 : modeFlags[mode],
      }),
      `${what} to the interface ${target.interface}`,
    ),
  )
}
