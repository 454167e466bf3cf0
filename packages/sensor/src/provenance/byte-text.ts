/**
 * Names of files as text in which each character is one byte (Latin-1): every name that Linux takes is one,
 * two different names never look alike, and maps and `indexOf` take it. Not for showing: `decodeText` of the
 * model does that.
 */

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
