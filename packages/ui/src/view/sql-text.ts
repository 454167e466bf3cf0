/**
 * SQL in the editor: which characters are what, what could come next, and which columns a text names.
 *
 * A tokenizer, not a parser: the hub's guard decides what may run. Never throws; linear in the text.
 */

export type TokenKind = 'keyword' | 'function' | 'string' | 'number' | 'comment' | 'view' | 'plain'

export interface SqlToken {
  readonly kind: TokenKind
  readonly text: string
}

const keywords = new Set(
  'select from where and or not in is null like ilike between group by order having limit offset as distinct case when then else end join left right inner outer full cross on using union all except intersect with recursive asc desc nulls first last interval true false over partition filter exists cast date timestamp qualify window rows range values'.split(
    ' ',
  ),
)

const pattern =
  /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^']|'')*(?:'|$))|(\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|([A-Za-z_][A-Za-z0-9_]*)|(\s+|[^\sA-Za-z0-9_'-]+|.)/gi

export function sqlTokens(text: string, views: ReadonlySet<string>): readonly SqlToken[] {
  const out: SqlToken[] = []
  const push = (kind: TokenKind, piece: string) => {
    const last = out[out.length - 1]
    if (last && last.kind === kind && kind === 'plain')
      out[out.length - 1] = { kind, text: last.text + piece }
    else out.push({ kind, text: piece })
  }
  for (const match of text.matchAll(pattern)) {
    const [whole, comment, string, number, word] = match
    if (comment !== undefined) push('comment', whole)
    else if (string !== undefined) push('string', whole)
    else if (number !== undefined) push('number', whole)
    else if (word !== undefined) {
      const after = text.slice(match.index + whole.length, match.index + whole.length + 1)
      const lower = word.toLowerCase()
      push(
        after === '(' && !keywords.has(lower)
          ? 'function'
          : keywords.has(lower)
            ? 'keyword'
            : views.has(lower)
              ? 'view'
              : 'plain',
        whole,
      )
    } else push('plain', whole)
  }
  return out
}

export interface SqlWord {
  readonly word: string
  readonly kind: 'column' | 'view' | 'function' | 'keyword'
  readonly detail: string
}

export interface SqlCompletion {
  /** Begin of the word that is being typed. */
  readonly from: number
  readonly words: readonly SqlWord[]
}

/**
 * Words that could stand at `caret`: views after FROM and JOIN, else columns of the views that the text names
 * (of all when it names none), functions, keywords. Nothing inside strings and comments, or for under one letter.
 */
export function completeSql(
  text: string,
  caret: number,
  schema: {
    readonly views: readonly {
      readonly name: string
      readonly doc: string
      readonly columns: readonly {
        readonly name: string
        readonly type: string
        readonly doc: string
      }[]
    }[]
    readonly functions: readonly string[]
  },
): SqlCompletion {
  const before = text.slice(0, caret)
  const quotes = before.replaceAll(/--[^\n]*$/gm, '').split("'").length - 1
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const typed = /[A-Za-z_][A-Za-z0-9_]*$/.exec(before)?.[0] ?? ''
  const from = caret - typed.length
  if (quotes % 2 === 1 || line.includes('--') || typed === '') return { from, words: [] }
  const wanted = typed.toLowerCase()
  const head = before.slice(0, from)
  const views: readonly SqlWord[] = schema.views.map((view) => ({
    word: view.name,
    kind: 'view',
    detail: view.doc,
  }))
  const fits = (list: readonly SqlWord[]) =>
    list
      .filter((one) => one.word.toLowerCase().includes(wanted) && one.word.toLowerCase() !== wanted)
      .sort(
        (a, b) =>
          Number(b.word.toLowerCase().startsWith(wanted)) -
            Number(a.word.toLowerCase().startsWith(wanted)) ||
          a.word.length - b.word.length ||
          (a.word < b.word ? -1 : 1),
      )
  if (/\b(from|join)\s+$/i.test(head)) return { from, words: fits(views).slice(0, 12) }
  const named = schema.views.filter((view) => new RegExp(`\\b${view.name}\\b`, 'i').test(text))
  const columns = new Map<string, SqlWord>()
  for (const view of named.length > 0 ? named : schema.views)
    for (const column of view.columns)
      if (!columns.has(column.name))
        columns.set(column.name, { word: column.name, kind: 'column', detail: column.type })
  return {
    from,
    words: [
      ...fits([...columns.values()]),
      ...fits(schema.functions.map((word) => ({ word, kind: 'function', detail: 'function' }))),
      ...fits(views),
      ...fits(
        [...keywords].map((word) => ({ word: word.toUpperCase(), kind: 'keyword', detail: '' })),
      ).filter((one) => one.word.toLowerCase().startsWith(wanted)),
    ].slice(0, 12),
  }
}

/** Index of `line:column` (from 1, UTF-16 units) in the text; clamped. */
export function placeIndex(text: string, line: number, column: number): number {
  const lines = text.split('\n')
  const at = Math.max(0, Math.min(lines.length - 1, line - 1))
  let index = 0
  for (let before = 0; before < at; before++) index += (lines[before]?.length ?? 0) + 1
  return index + Math.max(0, Math.min(lines[at]?.length ?? 0, column - 1))
}

/** A name for a hunt: its first comment, else its FROM. */
export function huntName(sql: string): string {
  const comment = /^\s*--\s*(.+)$/m.exec(sql)?.[1]?.trim()
  if (comment !== undefined && comment !== '') return comment.slice(0, 60)
  const view = /\bfrom\s+([a-z_]+)/i.exec(sql)?.[1]
  return view === undefined ? 'Hunt' : `From ${view}`
}

/** The part of a query that says what it looks at: from its first FROM to what only orders or groups. */
export function foldedSql(sql: string): string {
  const from = /\bFROM\b/i.exec(sql)
  if (from === null) return sql.trim()
  const rest = sql.slice(from.index)
  const end = /\b(GROUP\s+BY|ORDER\s+BY|LIMIT|HAVING)\b/i.exec(rest)
  return rest
    .slice(0, end?.index ?? rest.length)
    .trim()
    .replaceAll(/\n\s*/g, '\n')
}
