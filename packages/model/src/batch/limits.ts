/** What a batch may hold. Both ends check before they allocate; a batch beyond is refused, not cut. */
export const batchLimits = {
  /** Longest frame on the wire, without its 4 bytes of length. */
  frameBytes: 4 * 1024 * 1024,
  /** Longest encoded batch: a frame less its tag and length. */
  batchBytes: 4 * 1024 * 1024 - 16,
  /** Most rows in one table of one batch. */
  rows: 8192,
  /** Most dictionary entries. */
  dictionaryEntries: 65_536,
  /** Longest dictionary entry in bytes: 128 KiB of argv and then some. */
  entryBytes: 256 * 1024,
  /** Most tables, and most columns in a table. */
  tables: 64,
  columns: 128,
} as const
