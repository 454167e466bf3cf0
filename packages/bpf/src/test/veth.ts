/**
 * Two network namespaces with a veth pair between them, each held by a process that makes traffic on request.
 *
 * Both processes end with this one, however it ends, and namespaces, interfaces and what is attached to them with their
 * processes: nothing of it can be left behind, and no real interface is touched.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { isIPv4 } from 'node:net'
import { after, before } from 'node:test'
import { parseAddress } from '../lpm-key.ts'
import {
  encodeAttributes,
  findAttribute,
  netlinkFlags,
  RouteSocket,
  u32Attribute,
  type NetlinkAttribute,
} from '../netlink.ts'
import { inNetworkNamespace, interfaceIndex, withNetworkNamespaceFd } from '../network-namespace.ts'
import type { PeerAnswer, PeerRequest } from './network-peer.child.ts'

const child = fileURLToPath(new URL('network-peer.child.ts', import.meta.url))

/** One end: a network namespace with a process in it. */
export class NetworkPeer implements AsyncDisposable {
  /** Its addresses on the pair. */
  readonly addresses: readonly string[]
  /** Its end of the pair. */
  readonly interface = 'veth0'
  readonly #process: ChildProcess

  constructor(started: ChildProcess, addresses: readonly string[]) {
    this.#process = started
    this.addresses = addresses
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** The file of its network namespace. */
  get namespace(): string {
    return `/proc/${this.pid}/ns/net`
  }

  /** The first IPv4 address. */
  get address(): string {
    return this.addresses[0] ?? ''
  }

  /** Has the process do something; one at a time. */
  async ask(request: PeerRequest): Promise<PeerAnswer> {
    const answered = once(this.#process, 'message') as Promise<[PeerAnswer]>
    this.#process.send(request)
    const [answer] = await answered
    return answer
  }

  /** Listens for TCP; undefined is any free port. Returns the port. */
  async listen(port: number = 0): Promise<number> {
    return (await this.ask({ kind: 'listen', port })).count
  }

  /** Whether a TCP connection is made. Refused is known at once; where packets are dropped say how long to wait. */
  async connects(address: string, port: number, withinMs: number = 30_000): Promise<boolean> {
    return (await this.ask({ kind: 'connect', address, port, withinMs })).count === 1
  }

  /** Sends datagrams of 100 bytes. */
  async send(address: string, port: number, count: number): Promise<void> {
    await this.ask({ kind: 'send', address, port, count })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}

async function startPeer(addresses: readonly string[]): Promise<NetworkPeer> {
  const started = spawn(
    '/usr/bin/setpriv',
    ['--pdeathsig', 'KILL', '/usr/bin/unshare', '--net', execPath, child],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  const failed = once(started, 'exit').then(() => {
    throw new Error('a network namespace could not be made')
  })
  failed.catch(() => undefined)
  await Promise.race([once(started, 'message'), failed])
  return new NetworkPeer(started, addresses)
}

/** A pair of peers that reach each other by 10.66.0.1 and .2, fd66::1 and ::2. */
export interface NetworkLab extends AsyncDisposable {
  /** Where programs are attached: 10.66.0.1, fd66::1. */
  readonly here: NetworkPeer
  /** Where traffic comes from: 10.66.0.2, fd66::2, and 10.77.0.2 as another network. */
  readonly there: NetworkPeer
}

/**
 * One lab for the tests of a suite, made before the first and gone after the last: starting its two processes takes
 * longer than most tests. Tests run one after the other and take away what they attach.
 */
export function labOfSuite(): () => NetworkLab {
  let lab: NetworkLab | undefined
  before(async () => {
    lab = await openNetworkLab()
  })
  after(async () => {
    await lab?.[Symbol.asyncDispose]()
  })
  return () => {
    if (!lab) throw new Error('the lab is open only while tests of its suite run')
    return lab
  }
}

/** Makes the namespaces and the pair. Needs root. */
async function openNetworkLab(): Promise<NetworkLab> {
  await using open = new AsyncDisposableStack()
  const here = open.use(await startPeer(['10.66.0.1', 'fd66::1', '10.77.0.1']))
  const there = open.use(await startPeer(['10.66.0.2', 'fd66::2', '10.77.0.2']))
  makePair(here, there)
  for (const peer of [here, there]) bringUp(peer)
  const held = open.move()
  return { here, there, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

// Numbers of <linux/rtnetlink.h>, <linux/if_link.h>, <linux/if_addr.h> and <linux/veth.h>.
const newLink = 16
const newAddress = 20
const link = { name: 3, info: 18, namespaceFd: 28 }
const linkInfo = { kind: 1, data: 2 }
const vethPeer = 1
const interfaceHeaderBytes = 16

const text = new TextEncoder()

function nameAttribute(name: string): NetlinkAttribute {
  return [link.name, text.encode(`${name}\0`)]
}

function makePair(here: NetworkPeer, there: NetworkPeer): void {
  withNetworkNamespaceFd(there.namespace, (thereFd) =>
    inNetworkNamespace(here.namespace, () => {
      using socket = new RouteSocket()
      const peer = new Uint8Array([
        ...new Uint8Array(interfaceHeaderBytes),
        ...encodeAttributes([
          nameAttribute(there.interface),
          [link.namespaceFd, u32Attribute(thereFd)],
        ]),
      ])
      socket.request(
        {
          type: newLink,
          flags: netlinkFlags.create | netlinkFlags.exclusive,
          header: new Uint8Array(interfaceHeaderBytes),
          attributes: [
            nameAttribute(here.interface),
            [
              link.info,
              [
                [linkInfo.kind, text.encode('veth\0')],
                [linkInfo.data, [[vethPeer, peer]]],
              ],
            ],
          ],
        },
        'make a veth pair',
      )
    }),
  )
}

function bringUp(peer: NetworkPeer): void {
  inNetworkNamespace(peer.namespace, () => {
    using socket = new RouteSocket()
    const index = interfaceIndex(peer.interface)
    for (const address of peer.addresses) addAddress(socket, index, address)
    for (const one of [index, interfaceIndex('lo')]) {
      const header = new Uint8Array(interfaceHeaderBytes)
      const view = new DataView(header.buffer)
      view.setInt32(4, one, true)
      view.setUint32(8, 1, true) // IFF_UP
      view.setUint32(12, 1, true) // what is changed
      socket.request({ type: newLink, flags: 0, header, attributes: [] }, 'set the interface up')
    }
  })
}

function addAddress(socket: RouteSocket, index: number, address: string): void {
  const bytes = parseAddress(address)
  const header = new Uint8Array(8)
  const view = new DataView(header.buffer)
  const isVersion4 = isIPv4(address)
  header[0] = isVersion4 ? 2 : 10
  header[1] = isVersion4 ? 24 : 64
  header[2] = 2 // IFA_F_NODAD: usable at once
  view.setUint32(4, index, true)
  socket.request(
    {
      type: newAddress,
      flags: netlinkFlags.create | netlinkFlags.exclusive,
      header,
      attributes: [
        [1, bytes], // IFA_ADDRESS
        [2, bytes], // IFA_LOCAL
      ],
    },
    `add the address ${address}`,
  )
}

/** Whether an interface has a queueing discipline of that kind. */
export function hasQdisc(socket: RouteSocket, index: number, kind: string): boolean {
  const getQdisc = 38
  const tcHeaderBytes = 20
  const replies = socket.request(
    {
      type: getQdisc,
      flags: netlinkFlags.dump,
      header: new Uint8Array(tcHeaderBytes),
      attributes: [],
    },
    'list queueing disciplines',
  )
  return replies.some(({ payload }) => {
    const at = new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getInt32(
      4,
      true,
    )
    const name = findAttribute(payload, tcHeaderBytes, 1)
    return at === index && name !== undefined && Buffer.from(name).toString() === `${kind}\0`
  })
}
