/**
 * Joins DNS messages: an answer with its question, and a question with the one that it was asked for.
 *
 * A resolver on this host (systemd-resolved, dnsmasq ...) asks outside for others. That a process's question came in
 * to it is seen at its socket, so that much is certain; which of its own questions is for whom is told by name and
 * type, within a time. Bounded: the oldest questions are forgotten first, and are then answered as `unasked`. Pure:
 * times come with the messages.
 */
import { createDnsStreams, type DnsStreams } from './streams.ts'

/** A process and its image. */
export interface DnsActor {
  readonly pid: number
  readonly tid: number
  readonly startNs: bigint
  readonly execNo: number
  readonly uid: number
}

/** One end of a socket: address in network order (as latin1) and port. */
export interface DnsEnd {
  readonly address: string
  readonly port: number
}

/** What names a question on its socket. */
export interface DnsSubject {
  readonly id: number
  readonly name: string
  readonly type: number
}

export interface SentQuestion extends DnsSubject {
  readonly socketId: bigint
  readonly netNs: number
  readonly actor: DnsActor
  readonly local: DnsEnd
  readonly remote: DnsEnd
  readonly bootNs: bigint
}

export interface HeardQuestion extends DnsSubject {
  readonly netNs: number
  readonly resolver: DnsActor
  /** The resolver's own end, and the asker's. */
  readonly local: DnsEnd
  readonly remote: DnsEnd
  readonly bootNs: bigint
}

export interface ReceivedAnswer extends DnsSubject {
  readonly socketId: bigint
  readonly bootNs: bigint
}

export interface Answered {
  /** Who asked. */
  readonly actor: DnsActor
  readonly latencyNs: bigint
  /** The resolver on this host that was asked. */
  readonly via: DnsActor | undefined
  /** For whom was asked. */
  readonly asker: DnsActor | undefined
}

export interface DnsConversations {
  /** A question left. Returns for whom, where it is a resolver's. */
  sent(question: SentQuestion): DnsActor | undefined
  /** A question came in to a resolver on this host. */
  heard(question: HeardQuestion): void
  /** An answer came in. Undefined when no such question is known. */
  received(answer: ReceivedAnswer): Answered | undefined
  readonly streams: DnsStreams
}

interface Pending {
  readonly actor: DnsActor
  readonly bootNs: bigint
  readonly asker: DnsActor | undefined
  readonly endKey: string
  readonly serverKey: string
  resolver: DnsActor | undefined
  /** Key in `open`; undefined while no resolver has heard it. */
  openKey: string | undefined
}

const mostPending = 4096
const mostServers = 256
/** Longest between a question to a resolver and its own for it, and for which a server is taken to be the same process. */
const windowNs = 10_000_000_000n

/** Names are the same in any letters (RFC 4343); resolvers mix them to be harder to fool. */
const subjectKey = ({ name, type }: DnsSubject): string => `${name.toLowerCase()} ${type}`
const endText = ({ address, port }: DnsEnd): string => `${address} ${port}`
const actorKey = ({ pid, startNs }: DnsActor): string => `${pid} ${startNs}`

export function createDnsConversations(): DnsConversations {
  /** By socket, id, name and type. */
  const pending = new Map<string, Pending>()
  /** The same by the asker's end, as a resolver sees it. */
  const byEnd = new Map<string, Pending>()
  /** What resolvers have heard and not answered yet, by resolver, name and type. */
  const open = new Map<string, Set<Pending>>()
  /** Who answers at which address, by network namespace: over UDP it is seen, over TCP it is the same. */
  const servers = new Map<string, { readonly resolver: DnsActor; readonly bootNs: bigint }>()

  function forget(key: string, one: Pending): void {
    pending.delete(key)
    if (byEnd.get(one.endKey) === one) byEnd.delete(one.endKey)
    if (one.openKey === undefined) return
    const waiting = open.get(one.openKey)
    waiting?.delete(one)
    if (waiting?.size === 0) open.delete(one.openKey)
  }

  return {
    streams: createDnsStreams(),
    sent(question) {
      const subject = subjectKey(question)
      const { actor, bootNs } = question
      let asker: DnsActor | undefined
      for (const one of open.get(`${actorKey(actor)} ${subject}`) ?? [])
        if (bootNs - one.bootNs < windowNs) {
          asker = one.actor
          break
        }
      const key = `${question.socketId} ${question.id} ${subject}`
      const before = pending.get(key)
      // Asked again: the wait began with the first.
      if (before && bootNs - before.bootNs < windowNs) return before.asker ?? asker
      if (before) forget(key, before)
      const endKey = `${endText(question.local)} ${question.id} ${subject}`
      const serverKey = `${question.netNs} ${endText(question.remote)}`
      const one: Pending = {
        actor,
        bootNs,
        asker,
        endKey,
        serverKey,
        resolver: undefined,
        openKey: undefined,
      }
      pending.set(key, one)
      byEnd.set(endKey, one)
      if (pending.size > mostPending)
        for (const [oldest, old] of pending) {
          forget(oldest, old)
          break
        }
      return asker
    },
    heard(question) {
      const { resolver, bootNs } = question
      const subject = subjectKey(question)
      const one = byEnd.get(`${endText(question.remote)} ${question.id} ${subject}`)
      if (!one || resolver.pid === 0 || bootNs - one.bootNs > windowNs) return
      servers.delete(one.serverKey)
      servers.set(one.serverKey, { resolver, bootNs })
      if (servers.size > mostServers)
        for (const oldest of servers.keys()) {
          servers.delete(oldest)
          break
        }
      if (one.openKey !== undefined) return
      one.resolver = resolver
      one.openKey = `${actorKey(resolver)} ${subject}`
      const waiting = open.get(one.openKey)
      if (waiting) waiting.add(one)
      else open.set(one.openKey, new Set([one]))
    },
    received(answer) {
      const key = `${answer.socketId} ${answer.id} ${subjectKey(answer)}`
      const one = pending.get(key)
      if (!one) return undefined
      forget(key, one)
      const latencyNs = answer.bootNs - one.bootNs
      const server = servers.get(one.serverKey)
      const isSame = server !== undefined && answer.bootNs - server.bootNs < windowNs
      return {
        actor: one.actor,
        latencyNs: latencyNs > 0n ? latencyNs : 0n,
        via: one.resolver ?? (isSame ? server.resolver : undefined),
        asker: one.asker,
      }
    },
  }
}
