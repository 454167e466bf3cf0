/**
 * rtnetlink, as much of it as classic traffic control needs: messages of attributes there, acknowledgements back.
 *
 * The kernel works a request off inside send(2), so what it answers is there when send returns and nothing here waits.
 * Layouts are those of <linux/netlink.h>, little-endian like
 * the machines that Node runs on.
 */
import { Descriptor } from './descriptor.ts'
import { BpfError, isPermissionErrno } from './error.ts'
import { openRouteSocket, receiveFrom, sendTo } from './ffi.ts'

/** A numbered value; nested ones are lists. */
export type NetlinkAttribute = readonly [
  type: number,
  value: Uint8Array | readonly NetlinkAttribute[],
]

/** A request without its length and sequence number. */
export interface NetlinkRequest {
  /** RTM_*. */
  readonly type: number
  /** NLM_F_* besides REQUEST and ACK. */
  readonly flags: number
  /** The struct that every message of this type starts with. */
  readonly header: Uint8Array
  readonly attributes: readonly NetlinkAttribute[]
}

/** A message of the kernel that is no acknowledgement. */
export interface NetlinkReply {
  readonly type: number
  /** Header and attributes. */
  readonly payload: Uint8Array
}

/** NLM_F_*. */
export const netlinkFlags = {
  request: 0x01,
  acknowledge: 0x04,
  echo: 0x08,
  /** With requests that get something: all of them. */
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
} as const

const headerLength = 16
const messageError = 2
const messageDone = 3

function aligned(length: number): number {
  return (length + 3) & ~3
}

/** Bytes of 32-bit numbers, for attributes. */
export function u32Attribute(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

function attributeLength([, value]: NetlinkAttribute): number {
  return 4 + (value instanceof Uint8Array ? value.length : attributesLength(value))
}

function attributesLength(attributes: readonly NetlinkAttribute[]): number {
  return attributes.reduce((sum, one) => sum + aligned(attributeLength(one)), 0)
}

function writeAttributes(
  bytes: Uint8Array,
  start: number,
  attributes: readonly NetlinkAttribute[],
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = start
  for (const attribute of attributes) {
    const [type, value] = attribute
    const length = attributeLength(attribute)
    view.setUint16(at, length, true)
    view.setUint16(at + 2, type, true)
    if (value instanceof Uint8Array) bytes.set(value, at + 4)
    else writeAttributes(bytes, at + 4, value)
    at += aligned(length)
  }
}

/** The bytes of attributes, for values that start with a struct of their own. */
export function encodeAttributes(attributes: readonly NetlinkAttribute[]): Uint8Array {
  const bytes = new Uint8Array(attributesLength(attributes))
  writeAttributes(bytes, 0, attributes)
  return bytes
}

/** The bytes of a request. */
export function encodeRequest(request: NetlinkRequest, sequence: number): Uint8Array {
  const attributesAt = headerLength + aligned(request.header.length)
  const bytes = new Uint8Array(attributesAt + attributesLength(request.attributes))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.length, true)
  view.setUint16(4, request.type, true)
  view.setUint16(6, request.flags | netlinkFlags.request | netlinkFlags.acknowledge, true)
  view.setUint32(8, sequence, true)
  bytes.set(request.header, headerLength)
  writeAttributes(bytes, attributesAt, request.attributes)
  return bytes
}

/** What one datagram of the kernel holds. */
export interface NetlinkDatagram {
  readonly replies: readonly NetlinkReply[]
  /** 0 or a negative errno once the request is over; undefined when more is to come. */
  readonly result: number | undefined
}

/** Reads what a datagram says to the request with that sequence number; stops at what is cut off. */
export function decodeDatagram(bytes: Uint8Array, sequence: number): NetlinkDatagram {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const replies: NetlinkReply[] = []
  for (let at = 0; at + headerLength <= bytes.length;) {
    const length = view.getUint32(at, true)
    if (length < headerLength || at + length > bytes.length) break
    const type = view.getUint16(at + 4, true)
    const payload = bytes.subarray(at + headerLength, at + length)
    const isOurs = view.getUint32(at + 8, true) === sequence
    at += aligned(length)
    if (!isOurs) continue
    if (type === messageError) {
      return { replies, result: payload.length < 4 ? EPROTO : errorOf(payload) }
    }
    if (type === messageDone) return { replies, result: 0 }
    replies.push({ type, payload })
  }
  return { replies, result: undefined }
}

const EPROTO = -71

function errorOf(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset).getInt32(0, true)
}

/** Value of the first attribute of that type after a header of `headerBytes`. */
export function findAttribute(
  payload: Uint8Array,
  headerBytes: number,
  wanted: number,
): Uint8Array | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  for (let at = aligned(headerBytes); at + 4 <= payload.length;) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > payload.length) return undefined
    if ((view.getUint16(at + 2, true) & 0x3fff) === wanted) {
      return payload.subarray(at + 4, at + length)
    }
    at += aligned(length)
  }
  return undefined
}

/** Larger than any message of traffic control with one filter; dumps come in parts of at most 32 KiB. */
const receiveBytes = 64 << 10

/** A socket of the network namespace that the thread was in when it was made, whatever the thread does later. */
export class RouteSocket implements Disposable {
  readonly #descriptor: Descriptor
  #sequence = 0

  /** Throws `BPF_NETLINK_FAILED` or `BPF_NOT_PERMITTED`. */
  constructor() {
    const fd = openRouteSocket()
    if (fd < 0) throw netlinkRefusal(-fd, 'open a netlink socket')
    this.#descriptor = new Descriptor(fd, 'netlink socket')
  }

  /** Sends a request and reads what comes back. `result` is 0 or a negative errno. */
  ask(request: NetlinkRequest): {
    readonly result: number
    readonly replies: readonly NetlinkReply[]
  } {
    const { fd } = this.#descriptor
    const sent = sendTo(fd, encodeRequest(request, ++this.#sequence))
    if (sent < 0) return { result: sent, replies: [] }
    const replies: NetlinkReply[] = []
    for (;;) {
      const buffer = new Uint8Array(new ArrayBuffer(receiveBytes))
      const length = receiveFrom(fd, buffer)
      if (length < 0) return { result: length, replies }
      const datagram = decodeDatagram(buffer.subarray(0, length), this.#sequence)
      replies.push(...datagram.replies)
      if (datagram.result !== undefined) return { result: datagram.result, replies }
    }
  }

  /** The same, throwing `BPF_NETLINK_FAILED` or `BPF_NOT_PERMITTED` unless it succeeds. */
  request(request: NetlinkRequest, doing: string): readonly NetlinkReply[] {
    const { result, replies } = this.ask(request)
    if (result < 0) throw netlinkRefusal(-result, doing)
    return replies
  }

  [Symbol.dispose](): void {
    this.#descriptor[Symbol.dispose]()
  }
}

/** What a refused request is told as. */
export function netlinkRefusal(errno: number, doing: string): BpfError {
  const code = isPermissionErrno(errno) ? 'BPF_NOT_PERMITTED' : 'BPF_NETLINK_FAILED'
  return new BpfError(code, `cannot ${doing}`, { errno })
}
