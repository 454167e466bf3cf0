/**
 * Iterators: programs that the kernel runs once for each task, file, socket and so on, and whose
 * output (`bpf_seq_write`) is read like a file.
 */
import { Descriptor } from './descriptor.ts'
import { BpfError } from './error.ts'
import { readFd } from './ffi.ts'
import { iteratorCreate } from './kernel-call.ts'
import type { BpfLink } from './link.ts'
import { recordMemory, type RecordMemory } from './record-memory.ts'

/** How an iterator is read. */
export interface ReadIteratorOptions {
  /** Most bytes kept; the rest is not read and `BPF_ARGUMENT` is thrown. Default 64 MiB. */
  readonly maxBytes?: number
}

/**
 * Runs the iterator behind `link` once and returns all that it wrote. The kernel runs the program
 * inside these reads, so this blocks for the walk: 0.4 ms for 112 tasks, longer on big hosts;
 * do large walks in a worker.
 */
export function readIterator(link: BpfLink, options: ReadIteratorOptions = {}): Uint8Array {
  const { maxBytes = 64 << 20 } = options
  const error = iteratorCreate(link.fd)
  if (error < 0) {
    throw new BpfError('BPF_ATTACH_FAILED', 'cannot start the iterator', { errno: -error })
  }
  using run = new Descriptor(error, 'iterator')
  let bytes = new Uint8Array(new ArrayBuffer(64 << 10))
  let length = 0
  for (;;) {
    if (length === bytes.length) {
      const larger = new Uint8Array(new ArrayBuffer(bytes.length * 2))
      larger.set(bytes)
      bytes = larger
    }
    const count = readFd(run.fd, bytes.subarray(length))
    if (count === -11 || count === -4) continue // EAGAIN: the walk was cut short, go on; EINTR
    if (count < 0) {
      throw new BpfError('BPF_MAP_FAILED', 'cannot read the iterator', { errno: -count })
    }
    if (count === 0) return bytes.subarray(0, length)
    length += count
    if (length > maxBytes) {
      throw new BpfError('BPF_ARGUMENT', `the iterator wrote more than ${maxBytes} bytes`)
    }
  }
}

/**
 * Runs the iterator and hands each record of `recordSizeBytes` to `onRecord`, for generated
 * decoders. Returns how many there were. Throws when the output is no whole number of records.
 */
export function forEachIterated(
  link: BpfLink,
  recordSizeBytes: number,
  onRecord: (memory: RecordMemory, at: number) => void,
  options: ReadIteratorOptions = {},
): number {
  const bytes = readIterator(link, options)
  if (bytes.length % recordSizeBytes !== 0) {
    throw new BpfError(
      'BPF_ARGUMENT',
      `${bytes.length} bytes are no whole number of ${recordSizeBytes}-byte records`,
    )
  }
  const memory = recordMemory(bytes.buffer, 0, bytes.length)
  for (let at = 0; at < bytes.length; at += recordSizeBytes) onRecord(memory, at)
  return bytes.length / recordSizeBytes
}
