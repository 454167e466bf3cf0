/**
 * Reads tables and indexes of an SQLite database file, page by page (sqlite.org/fileformat2.html), with what its
 * write-ahead log adds.
 *
 * Not `node:sqlite`, for three reasons. SQLite resolves the links of a path itself, by their text, so a database
 * behind /proc/PID/root would be looked for in our own root. It takes locks and writes shared memory next to a
 * database that is somebody else's. And a schema is a program: views and generated columns of a hostile container
 * would run here. This takes no lock and runs nothing; every number of the file is checked, and each question reads
 * a bounded number of bytes, so that any file ends in an answer or an `SqliteFormatError`.
 *
 * A reader without locks may see a page of before a write and one of after it: callers ask `stamp` before and after.
 */

/** The file is no database, is damaged, or holds what is not read (UTF-16, say). */
export class SqliteFormatError extends Error {
  override readonly name = 'SqliteFormatError'
}

function refuse(what: string): never {
  throw new SqliteFormatError(what)
}

/** Bytes at an offset; fewer where the file ends. */
export type ReadAt = (offset: number, length: number) => Uint8Array

/** A value of a row: whole numbers beyond 2^53 lose their last digits; text and blobs are bytes. */
export type SqliteValue = null | number | Uint8Array

export interface SqliteFile {
  /** Page of a table's or index's root, by its name; undefined when there is none that is stored. */
  root(kind: 'table' | 'index', name: string): number | undefined
  /** Values of the row with this id. */
  row(root: number, id: number): SqliteValue[] | undefined
  /** Row ids of the entries of an index whose first column is this text, compared byte by byte; stops when `take` says false. */
  lookUp(root: number, key: Uint8Array, take: (rowId: number) => boolean): void
}

const headBytes = 100
const magic = Buffer.from('SQLite format 3\0', 'latin1')
const pageKinds = { indexInterior: 2, tableInterior: 5, indexLeaf: 10, tableLeaf: 13 } as const
/** Levels of a tree: each has twice the pages of the one above, at least. */
const mostDepth = 40
/** Longest row that is put together, bytes. */
const mostPayload = 64 << 20
const mostLogBytes = 256 << 20
/** What one question may read: a hostile tree leads to the same page again and again. A page counts as 4 KiB at least. */
const mostQuestionBytes = 96 << 20
const leastPageCost = 4096
const logHeadBytes = 32
const frameHeadBytes = 24

interface Varint {
  readonly value: number
  readonly length: number
}

/** 1 to 9 bytes, the high ones first; as a double. */
function readVarint(bytes: Uint8Array, at: number): Varint {
  let value = 0
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) refuse('a number is cut off')
    if (i === 8) return { value: toSigned(value * 256 + byte, bytes, at), length: 9 }
    value = value * 128 + (byte & 127)
    if (byte < 128) return { value, length: i + 1 }
  }
  return refuse('a number does not end')
}

/** Nine bytes hold all 64 bits, so the first may be a sign. */
function toSigned(value: number, bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) & 64) === 0 ? value : value - 2 ** 64
}

function bigEndian(bytes: Uint8Array, at: number, length: number): number {
  if (at < 0 || at + length > bytes.length) refuse('a field lies outside of its page')
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}

/** Two's complement. */
function bigEndianSigned(bytes: Uint8Array, at: number, length: number): number {
  const value = bigEndian(bytes, at, length)
  return ((bytes[at] ?? 0) & 128) === 0 ? value : value - 256 ** length
}

/** A row or an index entry: a head of types, then the values. */
function readRecord(payload: Uint8Array): SqliteValue[] {
  const head = readVarint(payload, 0)
  if (head.value > payload.length || head.value < head.length)
    refuse('the head of a row is too long')
  const values: SqliteValue[] = []
  let at = head.value
  for (let type = head.length; type < head.value;) {
    const { value: code, length } = readVarint(payload, type)
    type += length
    const take = (size: number): number => {
      const from = at
      at += size
      if (at > payload.length) refuse('a value lies outside of its row')
      return from
    }
    if (code === 0) values.push(null)
    else if (code >= 1 && code <= 6) {
      const size = [0, 1, 2, 3, 4, 6, 8][code] ?? 0
      values.push(bigEndianSigned(payload, take(size), size))
    } else if (code === 7) {
      const from = take(8)
      values.push(new DataView(payload.buffer, payload.byteOffset).getFloat64(from))
    } else if (code === 8 || code === 9) values.push(code - 8)
    else if (code >= 12) {
      const from = take(Math.floor((code - 12) / 2))
      values.push(payload.subarray(from, at))
    } else refuse('a value has a type that is kept for the future')
  }
  return values
}

/** Sums of the log: over words of 32 bits in the order that its magic number names. */
function logSum(
  bytes: Uint8Array,
  from: number,
  end: number,
  isBig: boolean,
  sum: [number, number],
) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let [a, b] = sum
  for (let at = from; at + 8 <= end; at += 8) {
    a = (a + view.getUint32(at, !isBig) + b) >>> 0
    b = (b + view.getUint32(at + 4, !isBig) + a) >>> 0
  }
  sum[0] = a
  sum[1] = b
}

/** Pages that the log has newer, up to its last commit: page number to offset in the log. */
function readLog(readAt: ReadAt, pageBytes: number): Map<number, number> {
  const pages = new Map<number, number>()
  const head = readAt(0, logHeadBytes)
  if (head.length < logHeadBytes) return pages
  const kind = bigEndian(head, 0, 4)
  if (kind !== 0x377f0682 && kind !== 0x377f0683) return pages
  if (bigEndian(head, 8, 4) !== pageBytes) return pages
  const isBig = kind === 0x377f0683
  const sum: [number, number] = [0, 0]
  logSum(head, 0, 24, isBig, sum)
  if (bigEndian(head, 24, 4) !== sum[0] || bigEndian(head, 28, 4) !== sum[1]) return pages
  const pending: [number, number][] = []
  for (let at = logHeadBytes; at < mostLogBytes; at += frameHeadBytes + pageBytes) {
    const frame = readAt(at, frameHeadBytes + pageBytes)
    if (frame.length < frameHeadBytes + pageBytes) return pages
    // The salts are those of the log's head, or the frame is left over from an earlier round.
    for (let i = 0; i < 8; i++) if (frame[8 + i] !== head[16 + i]) return pages
    logSum(frame, 0, 8, isBig, sum)
    logSum(frame, frameHeadBytes, frame.length, isBig, sum)
    if (bigEndian(frame, 16, 4) !== sum[0] || bigEndian(frame, 20, 4) !== sum[1]) return pages
    pending.push([bigEndian(frame, 0, 4), at + frameHeadBytes])
    if (bigEndian(frame, 4, 4) === 0) continue
    for (const [page, place] of pending) pages.set(page, place)
    pending.length = 0
  }
  return refuse('its log is longer than any')
}

/** Opens a database; `readLogAt` reads its `-wal` file, where there is one. Throws SqliteFormatError. */
export function openSqliteFile(readAt: ReadAt, readLogAt?: ReadAt): SqliteFile {
  const onDisk = readAt(0, headBytes)
  if (onDisk.length < headBytes || magic.compare(onDisk, 0, magic.length) !== 0)
    refuse('it is no SQLite database')
  const stored = bigEndian(onDisk, 16, 2)
  const pageBytes = stored === 1 ? 65_536 : stored
  if (pageBytes < 512 || (pageBytes & (pageBytes - 1)) !== 0) refuse('its page size is none')
  const logged = readLogAt ? readLog(readLogAt, pageBytes) : new Map<number, number>()
  let left = mostQuestionBytes
  const head = page(1)
  const encoding = bigEndian(head, 56, 4)
  if (encoding > 1) refuse('its text is not UTF-8')
  const usable = pageBytes - (head[20] ?? 0)
  if (usable < 480) refuse('its pages have no room')

  function page(number: number): Uint8Array {
    if (number < 1) refuse('page 0 is named')
    left -= Math.max(pageBytes, leastPageCost)
    if (left < 0) refuse('a question leads through more pages than any tree has')
    const place = logged.get(number)
    const bytes =
      place !== undefined && readLogAt
        ? readLogAt(place, pageBytes)
        : readAt((number - 1) * pageBytes, pageBytes)
    if (bytes.length < pageBytes) refuse('a page lies behind the end of the file')
    return bytes
  }

  interface Node {
    readonly bytes: Uint8Array
    readonly kind: number
    readonly cells: readonly number[]
    /** Of an interior page. */
    readonly right: number
  }

  function node(number: number): Node {
    const bytes = page(number)
    const at = number === 1 ? headBytes : 0
    const kind = bytes[at] ?? 0
    const isInterior = kind === pageKinds.indexInterior || kind === pageKinds.tableInterior
    if (!isInterior && kind !== pageKinds.indexLeaf && kind !== pageKinds.tableLeaf)
      refuse('a page is none of a tree')
    const count = bigEndian(bytes, at + 3, 2)
    const first = at + (isInterior ? 12 : 8)
    if (first + 2 * count > pageBytes) refuse('a page has more cells than fit')
    const cells = Array.from({ length: count }, (_, i) => bigEndian(bytes, first + 2 * i, 2))
    return { bytes, kind, cells, right: isInterior ? bigEndian(bytes, at + 8, 4) : 0 }
  }

  /** Payload of a cell whose `length` is known and that begins at `at`, with its overflow pages. */
  function payload(bytes: Uint8Array, at: number, length: number, isTable: boolean): Uint8Array {
    if (length > mostPayload) refuse('a row is longer than any')
    const most = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23
    if (length <= most) {
      if (at + length > bytes.length) refuse('a row lies outside of its page')
      return bytes.subarray(at, at + length)
    }
    const least = Math.floor(((usable - 12) * 32) / 255) - 23
    const kept = least + ((length - least) % (usable - 4))
    const here = kept <= most ? kept : least
    if (at + here + 4 > bytes.length) refuse('a row lies outside of its page')
    let next = bigEndian(bytes, at + here, 4)
    // Grown as pages are read: a length alone allocates nothing.
    const parts: Uint8Array[] = [bytes.subarray(at, at + here)]
    for (let missing = length - here; missing > 0;) {
      const more = page(next)
      const taken = Math.min(missing, usable - 4)
      parts.push(more.subarray(4, 4 + taken))
      missing -= taken
      next = bigEndian(more, 0, 4)
    }
    return Buffer.concat(parts, length)
  }

  function tableCell(bytes: Uint8Array, at: number): { id: number; values: () => SqliteValue[] } {
    const size = readVarint(bytes, at)
    const id = readVarint(bytes, at + size.length)
    return {
      id: id.value,
      values: () => readRecord(payload(bytes, at + size.length + id.length, size.value, true)),
    }
  }

  /** Values of every row of a table, in the order of ids. */
  function* walk(number: number, depth: number): Generator<SqliteValue[], void, undefined> {
    if (depth > mostDepth) refuse('a tree is deeper than any')
    const { bytes, kind, cells, right } = node(number)
    if (kind === pageKinds.tableLeaf) {
      for (const cell of cells) yield tableCell(bytes, cell).values()
      return
    }
    if (kind !== pageKinds.tableInterior) refuse('an index lies in a table')
    for (const cell of cells) yield* walk(bigEndian(bytes, cell, 4), depth + 1)
    yield* walk(right, depth + 1)
  }

  /** False when `take` has had enough, or everything that follows is greater. */
  function search(
    number: number,
    depth: number,
    key: Uint8Array,
    take: (rowId: number) => boolean,
  ): boolean {
    if (depth > mostDepth) refuse('a tree is deeper than any')
    const { bytes, kind, cells, right } = node(number)
    const isInterior = kind === pageKinds.indexInterior
    if (!isInterior && kind !== pageKinds.indexLeaf) refuse('a table lies in an index')
    for (const cell of cells) {
      const at = cell + (isInterior ? 4 : 0)
      const size = readVarint(bytes, at)
      const [value, ...rest] = readRecord(payload(bytes, at + size.length, size.value, false))
      // Numbers and NULL come before text, blobs after it; keys of file names are text.
      const order = value instanceof Uint8Array ? Buffer.compare(value, key) : -1
      if (order < 0) continue
      if (isInterior && !search(bigEndian(bytes, cell, 4), depth + 1, key, take)) return false
      if (order > 0) return false
      const rowId = rest.at(-1)
      if (typeof rowId === 'number' && !take(rowId)) return false
    }
    return isInterior ? search(right, depth + 1, key, take) : true
  }

  return {
    root(kind, name) {
      left = mostQuestionBytes
      for (const [type, called, , rootPage] of walk(1, 0)) {
        if (
          type instanceof Uint8Array &&
          called instanceof Uint8Array &&
          typeof rootPage === 'number' &&
          Buffer.from(type).toString('latin1') === kind &&
          Buffer.from(called).toString('latin1') === name
        )
          return rootPage > 0 ? rootPage : undefined
      }
      return undefined
    },
    row(root, id) {
      left = mostQuestionBytes
      let number = root
      for (let depth = 0; depth <= mostDepth; depth++) {
        const { bytes, kind, cells, right } = node(number)
        if (kind === pageKinds.tableLeaf) {
          for (const cell of cells) {
            const found = tableCell(bytes, cell)
            if (found.id === id) return found.values()
          }
          return undefined
        }
        if (kind !== pageKinds.tableInterior) refuse('an index lies in a table')
        number = right
        for (const cell of cells) {
          if (id > readVarint(bytes, cell + 4).value) continue
          number = bigEndian(bytes, cell, 4)
          break
        }
      }
      return refuse('a tree is deeper than any')
    },
    lookUp(root, key, take) {
      left = mostQuestionBytes
      search(root, 0, key, take)
    },
  }
}
