/**
 * Reads a DNS message (RFC 1035, 4; EDNS: RFC 6891). Hostile input: everything is bounded, nothing throws, and
 * what was read before the bytes made no sense is kept. Pure.
 */
import { readName } from './name.ts'
import { recordData, typeName } from './record-data.ts'

export interface DnsMessage {
  readonly id: number
  /** The 16 bits behind the id. */
  readonly bits: number
  readonly isAnswer: boolean
  /** With the upper bits of EDNS. */
  readonly rcode: number
  /** Questions that the message says it has. */
  readonly questionCount: number
  /**
   * The first question; of an answer without any, as those of mDNS are, what its first record is about. Undefined when
   * there is neither, or it cannot be read.
   */
  readonly question: DnsQuestion | undefined
  /** Answer records as text: type and data. */
  readonly answers: readonly string[]
  /** Answer records that the message says it has. */
  readonly answerCount: number
  /** Shortest time to live of the answers that were read, s. */
  readonly ttlMin: number | undefined
  readonly hasEdns: boolean
  /** Whether all of it, up to the additional records, could be read. */
  readonly isWhole: boolean
}

export interface DnsQuestion {
  readonly name: string
  readonly type: number
  readonly class: number
}

export const dnsHeadBytes = 12
/** Most answers, and bytes of their text, that are kept. */
const mostAnswers = 64
const mostAnswerBytes = 4096
/** Most records of all sections that are walked. */
const mostRecords = 512
/** More questions than one are asked by nobody, but may be sent. */
const mostQuestions = 8
const optType = 41

interface ResourceRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  /** Of OPT: extended code, version and flags. */
  readonly ttl: number
  readonly dataAt: number
  readonly next: number
}

function readRecord(message: Uint8Array, at: number, view: DataView): ResourceRecord | undefined {
  const name = readName(message, at)
  if (name === undefined || name.next + 10 > message.length) return undefined
  const here = name.next
  const dataAt = here + 10
  const next = dataAt + view.getUint16(here + 8)
  if (next > message.length) return undefined
  return {
    name: name.text,
    type: view.getUint16(here),
    class: view.getUint16(here + 2),
    ttl: view.getUint32(here + 4),
    dataAt,
    next,
  }
}

/** Undefined when there is not even a head. */
export function readMessage(message: Uint8Array): DnsMessage | undefined {
  if (message.length < dnsHeadBytes) return undefined
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const bits = view.getUint16(2)
  const counts = [4, 6, 8, 10].map((at) => view.getUint16(at))
  const [questionCount = 0, answerCount = 0, authorityCount = 0, additionalCount = 0] = counts
  const answers: string[] = []
  let question: DnsQuestion | undefined
  let ttlMin: number | undefined
  let rcode = bits & 15
  let hasEdns = false

  /** Reads on as long as it makes sense. */
  function readAll(): boolean {
    let at = dnsHeadBytes
    for (let i = 0; i < questionCount; i++) {
      const name = readName(message, at)
      if (name === undefined || name.next + 4 > message.length || i === mostQuestions) return false
      question ??= {
        name: name.text,
        type: view.getUint16(name.next),
        class: view.getUint16(name.next + 2),
      }
      at = name.next + 4
    }
    const records = answerCount + authorityCount + additionalCount
    let answerBytes = 0
    for (let i = 0; i < records; i++) {
      const record = i < mostRecords ? readRecord(message, at, view) : undefined
      if (record === undefined) return false
      at = record.next
      if (i < answerCount) {
        question ??= { name: record.name, type: record.type, class: record.class }
        // RFC 2181, 8: a time to live with the top bit set is none.
        const ttl = record.ttl > 0x7fffffff ? 0 : record.ttl
        ttlMin = ttlMin === undefined ? ttl : Math.min(ttlMin, ttl)
        if (answers.length === mostAnswers || answerBytes >= mostAnswerBytes) continue
        const data = recordData(message, record.type, record.dataAt, record.next)
        const text = `${typeName(record.type)} ${data}`.slice(0, mostAnswerBytes - answerBytes)
        answerBytes += text.length
        answers.push(text)
      } else if (record.type === optType && i >= answerCount + authorityCount) {
        hasEdns = true
        rcode |= (record.ttl >>> 24) << 4
      }
    }
    return true
  }

  const isWhole = readAll()
  return {
    id: view.getUint16(0),
    bits,
    isAnswer: bits >= 0x8000,
    rcode,
    questionCount,
    question,
    answers,
    answerCount,
    ttlMin,
    hasEdns,
    isWhole,
  }
}
