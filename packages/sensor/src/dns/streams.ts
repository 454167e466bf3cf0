/**
 * Puts DNS messages over TCP together again: each has its length before it (RFC 1035, 4.2.2), and pieces end
 * where the network likes. Bounded: a message is kept up to 4 KiB, of a number of streams; a stream with a hole
 * that hides where its next message begins is given up, and says so with each further piece. Pure.
 */

/** Most of a message that is kept. */
export const mostMessageBytes = 4096
const mostStreams = 256

/** A piece of a stream. */
export interface StreamPiece {
  /** Number of its first byte (TCP sequence number, mod 2³²). */
  readonly sequence: number
  /** Bytes that it had. */
  readonly wholeBytes: number
  /** The first of these, as many as were kept. */
  readonly bytes: Uint8Array
}

export interface StreamMessage {
  readonly bytes: Uint8Array
  /** Length that the stream gave. */
  readonly wholeBytes: number
  /** Whether bytes are missing. */
  readonly isCut: boolean
}

interface Stream {
  /** Sequence number that comes next. */
  next: number
  /** Length of the message that is being read; undefined while that itself is incomplete. */
  length: number | undefined
  /** First byte of the length. */
  high: number | undefined
  /** Bytes of the message that have passed, kept or not. */
  passed: number
  kept: Uint8Array[]
  keptBytes: number
  isCut: boolean
  isBroken: boolean
}

export interface DnsStreams {
  /** Messages that the piece completes. `key` names the stream and its direction. */
  take(key: string, piece: StreamPiece): readonly StreamMessage[]
  readonly size: number
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function createDnsStreams(): DnsStreams {
  const streams = new Map<string, Stream>()

  function streamOf(key: string, sequence: number): Stream {
    const known = streams.get(key)
    if (known) {
      // The newest last: the first one is who was silent longest.
      streams.delete(key)
      streams.set(key, known)
      return known
    }
    if (streams.size >= mostStreams) {
      const [oldest = ''] = streams.keys()
      streams.delete(oldest)
    }
    const stream: Stream = {
      next: sequence,
      length: undefined,
      high: undefined,
      passed: 0,
      kept: [],
      keptBytes: 0,
      isCut: false,
      isBroken: false,
    }
    streams.set(key, stream)
    return stream
  }

  function finish(stream: Stream): StreamMessage {
    const message = {
      bytes: join(stream.kept, stream.keptBytes),
      wholeBytes: stream.length ?? 0,
      isCut: stream.isCut,
    }
    stream.length = undefined
    stream.high = undefined
    stream.passed = 0
    stream.kept = []
    stream.keptBytes = 0
    stream.isCut = false
    return message
  }

  /** Reads `bytes`, which are the next ones of the stream. */
  function read(stream: Stream, bytes: Uint8Array, out: StreamMessage[]): void {
    for (let at = 0; at < bytes.length;) {
      if (stream.length === undefined) {
        const byte = bytes[at++] ?? 0
        if (stream.high === undefined) {
          stream.high = byte
          continue
        }
        stream.length = (stream.high << 8) | byte
      } else {
        const count = Math.min(stream.length - stream.passed, bytes.length - at)
        const room = Math.min(count, mostMessageBytes - stream.keptBytes)
        if (room > 0) {
          // Own memory: the ring's is given back.
          stream.kept.push(bytes.slice(at, at + room))
          stream.keptBytes += room
        }
        if (room < count) stream.isCut = true
        stream.passed += count
        at += count
      }
      if (stream.passed === stream.length) out.push(finish(stream))
    }
  }

  /** `count` bytes of the stream were not seen. */
  function skip(stream: Stream, count: number, out: StreamMessage[]): void {
    const left = stream.length === undefined ? 0 : stream.length - stream.passed
    if (count > left) {
      // Where the next message begins lies in the hole.
      if (stream.length !== undefined) {
        stream.isCut = true
        out.push(finish(stream))
      }
      stream.isBroken = true
      return
    }
    stream.isCut = true
    stream.passed += count
    if (stream.passed === stream.length) out.push(finish(stream))
  }

  return {
    take(key, piece) {
      const stream = streamOf(key, piece.sequence)
      const out: StreamMessage[] = []
      if (stream.isBroken)
        return [{ bytes: piece.bytes, wholeBytes: piece.wholeBytes, isCut: true }]
      // Signed distance in a circle of 2³².
      const ahead = (piece.sequence - stream.next) | 0
      if (ahead > 0) {
        skip(stream, ahead, out)
        if (stream.isBroken) {
          out.push({ bytes: piece.bytes, wholeBytes: piece.wholeBytes, isCut: true })
          return out
        }
      }
      // Sent again, in whole or in part.
      const old = Math.max(0, -ahead)
      if (old >= piece.wholeBytes) return out
      read(stream, piece.bytes.subarray(old), out)
      const unseen = piece.wholeBytes - Math.max(old, piece.bytes.length)
      if (unseen > 0) skip(stream, unseen, out)
      stream.next = (piece.sequence + piece.wholeBytes) | 0
      return out
    },
    get size() {
      return streams.size
    },
  }
}
