/**
 * Netfilter hooks: programs beside the rules of nftables and iptables, in the order of their priorities (6.4).
 */
import { linkCreate } from './kernel-call.ts'
import { linked, type BpfLink } from './link.ts'
import { inNetworkNamespace } from './network-namespace.ts'

/** Where packets pass. */
export type NetfilterHook = 'pre-routing' | 'local-in' | 'forward' | 'local-out' | 'post-routing'

/** Where to attach a netfilter program. */
export interface NetfilterTarget {
  readonly family: 'ipv4' | 'ipv6'
  readonly hook: NetfilterHook
  /** Lower runs first; 0 is where the filter tables of iptables are. One program per priority (EBUSY). */
  readonly priority: number
  /** Puts fragments together before the program sees them (6.6). */
  readonly defragment?: boolean
  /** File of the network namespace. Default: ours. */
  readonly networkNamespace?: string
}

/** NFPROTO_* and NF_INET_* of <linux/netfilter.h>. */
const families = { ipv4: 2, ipv6: 10 } as const
const hooks = {
  'pre-routing': 0,
  'local-in': 1,
  forward: 2,
  'local-out': 3,
  'post-routing': 4,
} as const satisfies Record<NetfilterHook, number>
/** `enum bpf_attach_type`. */
const attachNetfilterType = 45
/** BPF_F_NETFILTER_IP_DEFRAG. */
const defragmentFlag = 1

/** Attaches a netfilter program. Throws `BPF_ATTACH_FAILED` and others. */
export function attachNetfilter(programFd: number, what: string, target: NetfilterTarget): BpfLink {
  return inNetworkNamespace(target.networkNamespace, () =>
    linked(
      linkCreate({
        programFd,
        target: 0,
        attachType: attachNetfilterType,
        detail: {
          kind: 'netfilter',
          family: families[target.family],
          hook: hooks[target.hook],
          priority: target.priority,
          flags: target.defragment === true ? defragmentFlag : 0,
        },
      }),
      `${what} to netfilter ${target.family} ${target.hook}`,
    ),
  )
}
