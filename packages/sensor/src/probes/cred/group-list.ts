/**
 * Group ids as they stand in a record, 4 bytes each in the host's order, as text: `0 4 24`. Bytes behind the last
 * whole number are left out. Pure.
 */
export function groupList(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const ids: number[] = []
  for (let at = 0; at + 4 <= bytes.length; at += 4) ids.push(view.getUint32(at, true))
  return ids.join(' ')
}
