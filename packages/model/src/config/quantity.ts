/**
 * Sizes as people write them: a number of bytes, or a number with a unit (`64 MiB`, `2GiB`, `500 kB`).
 *
 * Pure. Only whole bytes up to 2^53 come out.
 */

const units: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** Bytes that `value` says, undefined when it says none. */
export function parseBytes(value: string): number | undefined {
  const match = /^\s*(\d{1,16}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*$/.exec(value)
  if (!match) return undefined
  const [, digits = '', unit = ''] = match
  const factor = units[unit === '' ? 'b' : unit.toLowerCase()]
  if (factor === undefined) return undefined
  const bytes = Math.round(Number(digits) * factor)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** The shortest exact writing: `64 MiB`, `1500 B`. */
export function formatBytes(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const factor = units[unit.toLowerCase()] ?? 1
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor} ${unit}`
  }
  return `${bytes} B`
}
