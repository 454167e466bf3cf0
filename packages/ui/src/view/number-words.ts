/**
 * Numbers as the page writes them: exact up to six digits, grouped in full in evidence, short in chrome.
 *
 * Thousands with a comma, decimals with a point, a space before `%` and units; nothing rounds to a whole that it is not.
 */

/** "1,284,110": every digit, grouped. */
export function grouped(value: number): string {
  if (!Number.isFinite(value)) return '—'
  const [whole = '0', part] = Math.abs(value).toString().split('.')
  const digits = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return `${value < 0 ? '−' : ''}${digits}${part === undefined ? '' : `.${part}`}`
}

/** "144,093", then "1.3 M", "6.1 B". */
export function short(value: number): string {
  const size = Math.abs(value)
  if (size < 1_000_000) return grouped(Math.round(value))
  if (size < 1_000_000_000) return `${trimmed(value / 1e6)} M`
  return `${trimmed(value / 1e9)} B`
}

/** "67.2 k" from 10,000 on: for narrow counts beside bars. */
export function tiny(value: number): string {
  if (Math.abs(value) < 10_000) return grouped(Math.round(value))
  if (Math.abs(value) < 1_000_000) return `${trimmed(value / 1e3)} k`
  return short(value)
}

function trimmed(value: number): string {
  return Math.abs(value) >= 100 ? grouped(Math.round(value)) : value.toFixed(1)
}

/** Bytes in decimal units: "88 B", "66.2 kB", "1.3 GB". */
export function bytesWords(bytes: number): string {
  if (bytes < 1000) return `${grouped(bytes)} B`
  const units = ['kB', 'MB', 'GB', 'TB'] as const
  let value = bytes / 1000
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${trimmed(value)} ${units[unit] ?? 'TB'}`
}

/**
 * Share of `seen` in `offered` in percent, to as many digits as it takes not to round to 100 (or to 0).
 * "unknown" when nothing was offered.
 */
export function shareWords(seen: number, offered: number): string {
  if (offered <= 0) return 'unknown'
  if (seen >= offered) return '100 %'
  if (seen <= 0) return '0 %'
  const share = (seen / offered) * 100
  for (let digits = 1; digits <= 9; digits++) {
    const text = share.toFixed(digits)
    if (Number(text) < 100 && Number(text) > 0) return `${text} %`
  }
  return share > 50 ? 'under 100 %' : 'over 0 %'
}

/** "1 event", "45 events". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${grouped(value)} ${value === 1 ? one : many}`
}
