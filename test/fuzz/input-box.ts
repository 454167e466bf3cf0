/** The input at work, in memory that two threads see: how many there were, what it is, and its bytes. */
import type { Input } from './target.ts'

const headWords = 3
export const boxBytes = headWords * 4 + 1024 * 1024

export interface InputBox {
  put(input: Input): void
  /** How many were put. */
  readonly count: number
  /** The last one; undefined before the first. Cut when it does not fit. */
  readonly last: Input | undefined
}

export function inputBox(shared: SharedArrayBuffer): InputBox {
  const head = new Int32Array(shared, 0, headWords)
  const bytes = new Uint8Array(shared, headWords * 4)
  const buffer = Buffer.from(shared, headWords * 4)
  return {
    put(input) {
      const isText = typeof input === 'string'
      head[1] = isText ? 1 : 0
      if (isText) head[2] = buffer.write(input, 'utf16le')
      else {
        const length = Math.min(input.length, bytes.length)
        bytes.set(input.subarray(0, length))
        head[2] = length
      }
      Atomics.add(head, 0, 1)
    },
    get count() {
      return Atomics.load(head, 0)
    },
    get last() {
      if (Atomics.load(head, 0) === 0) return undefined
      const length = head[2] ?? 0
      return head[1] === 1
        ? buffer.toString('utf16le', 0, length)
        : new Uint8Array(bytes.slice(0, length))
    },
  }
}
