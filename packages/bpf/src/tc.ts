/**
 * Traffic control: programs that see every packet that an interface has received or is about to send.
 *
 * Two ways. tcx (6.6) is a link: it goes with its holder and is ordered among others. On older kernels a classic filter
 * (cls_bpf in direct-action mode, below a clsact queueing discipline) is put there over netlink: it stays when its
 * holder is killed, so the next one must take it away (`removeTcFilters`).
 */
import { readlinkSync } from 'node:fs'
import { BpfError } from './error.ts'
import { probeFeature } from './feature.ts'
import { linkCreate } from './kernel-call.ts'
import { linked, type BpfLink } from './link.ts'
import { inNetworkNamespace, interfaceIndex, type InterfaceTarget } from './network-namespace.ts'
import {
  findAttribute,
  netlinkFlags,
  netlinkRefusal,
  RouteSocket,
  u32Attribute,
  type NetlinkReply,
  type NetlinkRequest,
} from './netlink.ts'

/** Where to attach a program of traffic control. */
export interface TcTarget extends InterfaceTarget {
  readonly direction: 'ingress' | 'egress'
}

/** Where to attach by tcx. */
export interface TcxTarget extends TcTarget {
  /** Among the programs that are there. Default: after all of them. */
  readonly place?: 'first' | 'last' | { readonly before: BpfLink } | { readonly after: BpfLink }
}

/** `enum bpf_attach_type`. */
const tcxAttachTypes = { ingress: 46, egress: 47 } as const
/** BPF_F_BEFORE, BPF_F_AFTER, BPF_F_LINK of <linux/bpf.h>. */
const before = 1 << 3
const after = 1 << 4
const relativeToLink = 1 << 13

/** Attaches by tcx. Throws `BPF_ATTACH_FAILED` and others. */
export function attachTcx(programFd: number, what: string, target: TcxTarget): BpfLink {
  const { place = 'last' } = target
  const isBefore = place === 'first' || (typeof place === 'object' && 'before' in place)
  const relative =
    typeof place === 'string' ? undefined : 'before' in place ? place.before : place.after
  return inNetworkNamespace(target.networkNamespace, () =>
    linked(
      linkCreate({
        programFd,
        target: interfaceIndex(target.interface),
        attachType: tcxAttachTypes[target.direction],
        flags: (isBefore ? before : after) | (relative ? relativeToLink : 0),
        detail: { kind: 'tcx', relativeFd: relative?.fd ?? 0 },
      }),
      `${what} to ${target.direction} of the interface ${target.interface}`,
    ),
  )
}

/** A program of traffic control that is attached one way or the other. */
export interface TcAttachment extends Disposable {
  readonly how: 'tcx' | 'classic'
  /** The link, to pin it or to order others by it; a classic filter has none. */
  readonly link: BpfLink | undefined
}

/** How a classic filter is put there. */
export interface ClassicTcOptions {
  /** Name in listings (`tc filter show`), by which `removeTcFilters` finds it. Default: the program's. */
  readonly name?: string
  /** 1 to 65535, lower runs first. Default: after those that are there, as tcx does. */
  readonly priority?: number
}

/**
 * Attaches a `tc` program to an interface: by tcx where the kernel has it, else by a classic filter; `how` asks for
 * one. Throws `BPF_ATTACH_FAILED`, `BPF_NETLINK_FAILED`, `BPF_NOT_FOUND` and others.
 */
export function attachTc(
  program: { readonly fd: number; readonly name: string },
  target: TcTarget & ClassicTcOptions & { readonly how?: 'tcx' | 'classic' },
): TcAttachment {
  const how = target.how ?? (probeFeature('tcx').supported ? 'tcx' : 'classic')
  if (how === 'classic') return attachClassic(program, target)
  const link = attachTcx(program.fd, program.name, target)
  return { how, link, [Symbol.dispose]: () => link[Symbol.dispose]() }
}

// Numbers of <linux/rtnetlink.h>, <linux/pkt_sched.h> and <linux/pkt_cls.h>, all ABI.
const messages = { newQdisc: 36, deleteQdisc: 37, newFilter: 44, deleteFilter: 45, getFilter: 46 }
const attributes = { kind: 1, options: 2 }
const bpfAttributes = { fd: 6, name: 7, flags: 8 }
const clsact = 0xffff_fff1
const clsactHandle = 0xffff_0000
const parents = { ingress: 0xffff_fff2, egress: 0xffff_fff3 } as const
const directAction = 1
/** ETH_P_ALL in network byte order. */
const allProtocols = 0x0300
const tcHeaderBytes = 20

const text = new TextEncoder()

/** `struct tcmsg`. */
function tcHeader(index: number, handle: number, parent: number, info: number): Uint8Array {
  const bytes = new Uint8Array(tcHeaderBytes)
  const view = new DataView(bytes.buffer)
  view.setInt32(4, index, true)
  view.setUint32(8, handle, true)
  view.setUint32(12, parent, true)
  view.setUint32(16, info, true)
  return bytes
}

function qdiscRequest(index: number, type: number, flags: number): NetlinkRequest {
  return {
    type,
    flags,
    header: tcHeader(index, clsactHandle, clsact, 0),
    attributes: [[attributes.kind, text.encode('clsact\0')]],
  }
}

/** A request about one filter of kind bpf. */
function filterRequest(
  type: number,
  flags: number,
  where: {
    readonly index: number
    readonly direction: TcTarget['direction']
    readonly handle?: number
    readonly priority?: number
  },
  options: NetlinkRequest['attributes'] = [],
): NetlinkRequest {
  const info = (where.priority ?? 0) * 0x1_0000 + allProtocols
  return {
    type,
    flags,
    header: tcHeader(where.index, where.handle ?? 0, parents[where.direction], info),
    attributes: [
      [attributes.kind, text.encode('bpf\0')],
      ...(options.length > 0 ? [[attributes.options, options] as const] : []),
    ],
  }
}

const EEXIST = -17
/** The interface, its queueing discipline or the filter is gone already. */
const gone: ReadonlySet<number> = new Set([-2, -19, -22])

/**
 * Where this process has made a clsact, by namespace and index: the last of its filters takes it along, whichever that
 * is. What it found there stays.
 */
const ourQdiscs = new Set<string>()

function attachClassic(
  program: { readonly fd: number; readonly name: string },
  target: TcTarget & ClassicTcOptions,
): TcAttachment {
  const { direction, name = program.name } = target
  const asked = target.priority
  if (asked !== undefined && (!Number.isInteger(asked) || asked < 1 || asked > 0xffff)) {
    throw new BpfError('BPF_ARGUMENT', `${asked} is no priority of a filter`)
  }
  // The socket stays in its namespace: with it the filter is taken away again wherever the thread is then.
  const { socket, index, place } = inNetworkNamespace(target.networkNamespace, () => {
    const found = interfaceIndex(target.interface)
    const namespace = readlinkSync('/proc/thread-self/ns/net')
    return { socket: new RouteSocket(), index: found, place: `${namespace} ${found}` }
  })
  const tidy = (): void => {
    if (ourQdiscs.has(place) && removeEmptyClsact(socket, index)) ourQdiscs.delete(place)
  }
  const what = `${direction} of the interface ${target.interface}`
  try {
    const { create, exclusive, echo } = netlinkFlags
    const made = socket.ask(qdiscRequest(index, messages.newQdisc, create | exclusive)).result
    if (made !== EEXIST && made < 0) {
      throw netlinkRefusal(-made, `make a clsact at ${what}`)
    }
    if (made === 0) ourQdiscs.add(place)
    const priority = asked ?? priorityAfterAll(socket, index, direction)
    let filter: TcFilter
    try {
      const replies = socket.request(
        filterRequest(
          messages.newFilter,
          create | exclusive | echo,
          { index, direction, priority },
          [
            [bpfAttributes.fd, u32Attribute(program.fd)],
            [bpfAttributes.name, text.encode(`${name}\0`)],
            [bpfAttributes.flags, u32Attribute(directAction)],
          ],
        ),
        `attach ${program.name} to ${what}`,
      )
      const reply = replies.find((one) => one.type === messages.newFilter)
      const told = reply ? readFilter(reply.payload) : undefined
      if (!told) {
        throw new BpfError('BPF_NETLINK_FAILED', `the kernel did not name the filter at ${what}`)
      }
      filter = told
    } catch (cause) {
      tidy()
      throw cause
    }
    let isAttached = true
    return {
      how: 'classic',
      link: undefined,
      [Symbol.dispose]() {
        if (!isAttached) return
        isAttached = false
        try {
          removeFilter(socket, index, direction, filter)
          tidy()
        } finally {
          socket[Symbol.dispose]()
        }
      },
    }
  } catch (cause) {
    socket[Symbol.dispose]()
    throw cause
  }
}

/** A classic filter of kind bpf. */
export interface TcFilter {
  readonly priority: number
  readonly handle: number
  readonly name: string
}

function readFilter(payload: Uint8Array): TcFilter | undefined {
  if (payload.length < tcHeaderBytes) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const kind = findAttribute(payload, tcHeaderBytes, attributes.kind)
  const handle = view.getUint32(8, true)
  // Each priority also has an entry with no handle, which is no filter.
  if (!kind || textOf(kind) !== 'bpf' || handle === 0) return undefined
  const options = findAttribute(payload, tcHeaderBytes, attributes.options)
  const name = options ? findAttribute(options, 0, bpfAttributes.name) : undefined
  return { priority: priorityOf(payload), handle, name: name ? textOf(name) : '' }
}

/** From tcm_info; 0 where the message is cut off. */
function priorityOf(payload: Uint8Array): number {
  if (payload.length < tcHeaderBytes) return 0
  return new DataView(payload.buffer, payload.byteOffset).getUint32(16, true) >>> 16
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString()
}

function removeFilter(
  socket: RouteSocket,
  index: number,
  direction: TcTarget['direction'],
  filter: TcFilter,
): void {
  const request = filterRequest(messages.deleteFilter, 0, {
    index,
    direction,
    handle: filter.handle,
    priority: filter.priority,
  })
  const { result } = socket.ask(request)
  if (result >= 0 || gone.has(result)) return
  throw netlinkRefusal(-result, `remove the filter ${filter.name}`)
}

/** Filters of every kind. */
function dumpFilters(
  socket: RouteSocket,
  index: number,
  direction: TcTarget['direction'],
): readonly NetlinkReply[] {
  return socket.ask({
    type: messages.getFilter,
    flags: netlinkFlags.dump,
    header: tcHeader(index, 0, parents[direction], 0),
    attributes: [],
  }).replies
}

function listFilters(
  socket: RouteSocket,
  index: number,
  direction: TcTarget['direction'],
): TcFilter[] {
  return dumpFilters(socket, index, direction).flatMap(({ payload }) => readFilter(payload) ?? [])
}

/** Left to itself the kernel puts a new filter before the others. 0 is its choice, for the first. */
function priorityAfterAll(
  socket: RouteSocket,
  index: number,
  direction: TcTarget['direction'],
): number {
  const taken = dumpFilters(socket, index, direction).map(({ payload }) => priorityOf(payload))
  const last = Math.max(0, ...taken)
  return last === 0 || last === 0xffff ? last : last + 1
}

/** Takes a clsact away unless it has filters. Returns whether it is gone. */
function removeEmptyClsact(socket: RouteSocket, index: number): boolean {
  const hasOthers = (['ingress', 'egress'] as const).some(
    (direction) => dumpFilters(socket, index, direction).length > 0,
  )
  if (hasOthers) return false
  socket.ask(qdiscRequest(index, messages.deleteQdisc, 0))
  return true
}

/** The classic filters of kind bpf at an interface. An interface without clsact has none. */
export function listTcFilters(target: TcTarget): readonly TcFilter[] {
  return inNetworkNamespace(target.networkNamespace, () => {
    const index = interfaceIndex(target.interface)
    using socket = new RouteSocket()
    return listFilters(socket, index, target.direction)
  })
}

/**
 * Takes away classic filters of that name, which a holder that was killed left there; the clsact goes too when it is
 * empty then. Returns how many there were.
 */
export function removeTcFilters(target: TcTarget & { readonly name: string }): number {
  return inNetworkNamespace(target.networkNamespace, () => {
    const index = interfaceIndex(target.interface)
    using socket = new RouteSocket()
    const found = listFilters(socket, index, target.direction).filter(
      (filter) => filter.name === target.name,
    )
    for (const filter of found) removeFilter(socket, index, target.direction, filter)
    if (found.length > 0) removeEmptyClsact(socket, index)
    return found.length
  })
}
