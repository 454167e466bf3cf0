/** JSON that keeps bigints: `{"$bigint":"12"}`. Used for what the sensor writes for itself. */

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' ? { $bigint: item.toString() } : item,
  )
}

/** Throws SyntaxError when it is not JSON. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || !('$bigint' in item)) return item
    const digits = item.$bigint
    return typeof digits === 'string' && /^-?\d{1,40}$/.test(digits) ? BigInt(digits) : item
  })
}
