/**
 * Rows of one shape packed by columns, with a dictionary for their texts: a tenth of the rows themselves as bytes,
 * and a few typed arrays to write instead of thousands of objects.
 *
 * What is packed is plain data; what is unpacked equals what was packed. Unpacking believes nothing: rows whose
 * columns are of another kind or length are a RangeError, never a loop that a stored number decides about.
 */
import { splitArgv } from '@honeyguide/model'

/**
 * `number`: any JavaScript number. `ns`: a bigint of 0 to 2^64 - 1. `text`: a string. `uid`: a string that begins
 * with the name of the host, or is empty. `argv`: an argument list.
 */
export type ColumnKind = 'number' | 'ns' | 'text' | 'uid' | 'argv'

export type Columns<Row> = { readonly [Key in keyof Row]: ColumnKind }

type Packed = Float64Array | BigUint64Array | Uint32Array

export interface PackedRows {
  readonly rows: number
  readonly columns: Readonly<Record<string, Packed>>
}

/** Texts by number, each once. */
export interface Dictionary {
  readonly texts: readonly string[]
  id(text: string): number
}

export function createDictionary(): Dictionary {
  const ids = new Map<string, number>()
  const texts: string[] = []
  return {
    texts,
    id(text) {
      let id = ids.get(text)
      if (id === undefined) {
        id = texts.length
        texts.push(text)
        ids.set(text, id)
      }
      return id
    },
  }
}

/** Every argument with a NUL behind it, as the wire has them: `splitArgv` takes it apart again. */
function joinArgv(argv: readonly string[]): string {
  return argv.length === 0 ? '' : `${argv.join('\0')}\0`
}

function asText(kind: ColumnKind, value: unknown, host: string): string {
  if (kind === 'argv') return joinArgv(value as readonly string[])
  return kind === 'uid' ? (value as string).slice(host.length) : (value as string)
}

/** Packs what `columns` names of each row; texts go into `dictionary`. `host` is what uids begin with. */
export function packRows<Row>(
  columns: Columns<Row>,
  rows: readonly Row[],
  dictionary: Dictionary,
  host: string,
): PackedRows {
  const packed: Record<string, Packed> = {}
  for (const name in columns) {
    const kind = columns[name]
    if (kind === 'number')
      packed[name] = Float64Array.from(rows, (row) => row[name] as unknown as number)
    else if (kind === 'ns')
      packed[name] = BigUint64Array.from(rows, (row) => row[name] as unknown as bigint)
    else
      packed[name] = Uint32Array.from(rows, (row) => dictionary.id(asText(kind, row[name], host)))
  }
  return { rows: rows.length, columns: packed }
}

/** Throws a RangeError when these are not rows of these columns. */
export function unpackRows<Row>(
  columns: Columns<Row>,
  packed: PackedRows,
  texts: readonly string[],
  host: string,
): Row[] {
  const argvs = new Map<number, readonly string[]>()
  function textOf(kind: ColumnKind, id: number): string | readonly string[] {
    const text = texts[id]
    if (typeof text !== 'string') throw new RangeError('a text is missing')
    if (kind === 'text') return text
    if (kind === 'uid') return text === '' ? '' : host + text
    let argv = argvs.get(id)
    if (!argv) argvs.set(id, (argv = splitArgv(text)))
    return argv
  }
  let out: Record<string, unknown>[] | undefined
  for (const name in columns) {
    const kind = columns[name]
    const column = packed.columns[name]
    const isRight =
      kind === 'number'
        ? column instanceof Float64Array
        : kind === 'ns'
          ? column instanceof BigUint64Array
          : column instanceof Uint32Array
    if (!isRight || !column || column.length !== packed.rows)
      throw new RangeError(`the column ${name} is of another kind or length`)
    out ??= Array.from({ length: packed.rows }, () => ({}))
    for (let row = 0; row < out.length; row++) {
      const value = column[row] ?? 0
      const into = out[row]
      if (into)
        into[name] = kind === 'number' || kind === 'ns' ? value : textOf(kind, Number(value))
    }
  }
  return (out ?? []) as Row[]
}
