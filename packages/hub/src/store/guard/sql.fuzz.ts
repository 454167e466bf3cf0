import type { DuckDBConnection } from '@duckdb/node-api'
import { views } from '@honeyguide/model'
import { mutateText } from '../../../../../test/fuzz/mutate-text.ts'
import { readJson, type Json } from '../../../../../test/fuzz/mutate-json.ts'
import { defineTarget, must } from '../../../../../test/fuzz/target.ts'
import { guard } from '../duckdb/ask.ts'
import { openParser } from '../duckdb/database.ts'
import { allowedFunctions } from './functions.ts'
import { SqlRefused } from './sql-refused.ts'
import { benignHunts, hostileStatements } from './statements.ts'

const viewNames = new Set(Object.keys(views))

/** Looks at a tree that was let through in the plainest way: every node, whatever the guard thinks of its place. */
function inspect(tree: Json): void {
  const withNames = new Set<string>()
  const visit = (at: Json, see: (node: { readonly [key: string]: Json }) => void): void => {
    if (Array.isArray(at)) for (const part of at as readonly Json[]) visit(part, see)
    else if (typeof at === 'object' && at !== null) {
      see(at as { readonly [key: string]: Json })
      for (const part of Object.values(at)) visit(part, see)
    }
  }
  visit(tree, ({ cte_map }) => {
    const { map } = Object(cte_map) as { map?: readonly { key?: unknown }[] }
    for (const { key } of map ?? []) withNames.add(String(key).toLowerCase())
  })
  visit(tree, (node) => {
    if (node['type'] === 'BASE_TABLE') {
      const name = String(node['table_name']).toLowerCase()
      must(viewNames.has(name) || withNames.has(name), `${name} is a view or a WITH`)
      must(
        ['', 'main', null, undefined].includes(node['schema_name'] as string),
        'a view is of no other schema',
      )
    }
    if (typeof node['function_name'] === 'string' && node['class'] !== undefined)
      must(
        allowedFunctions.has(node['function_name'].toLowerCase()),
        `${node['function_name']} may be called`,
      )
  })
}

export const target = defineTarget({
  name: 'sql',
  parser: "guard: DuckDB's parser, then the check of its tree",
  seeds: () => benignHunts.filter((sql) => sql.length < 100),
  mutator: mutateText([
    'select',
    'from',
    'where',
    'group by',
    'order by',
    'limit',
    'with x as (',
    'union all',
    'join',
    'using',
    '(',
    ')',
    ',',
    ';',
    '*',
    '.',
    "'",
    '"',
    '$$',
    '--',
    '/*',
    '*/',
    '::',
    '[',
    ']',
    '{',
    '}',
    '?',
    '$1',
    ':=',
    '->',
    '1e9',
    'columns(*)',
    'exclude',
    'replace',
    'pivot',
    'unpivot',
    'sample',
    'qualify',
    'values',
    'describe',
    'summarize',
    'from read_text(',
    'attach',
    'copy',
    'pragma',
    'main',
    'system',
    'information_schema.tables',
    'duckdb_settings()',
    'getenv(',
    'current_setting(',
    'list_transform(',
    'x -> x',
    'repeat(',
    'generate_series(1, 1e9)',
    "interval '1 hour'",
    'process_activity',
    'network_activity',
    'losses',
    'processes',
    'time',
    'process_pid',
    ...hostileStatements.slice(0, 60).map(({ sql }) => sql),
  ]),
  property:
    'A statement is refused with HG_SQL_REFUSED and words, or its tree names only our views, WITHs and functions of the list.',
  open: async () => {
    const connection = await openParser()
    // Prepared once: planning the question costs three times what the answer does.
    const question = await connection.prepare('SELECT json_serialize_sql($1::VARCHAR)::VARCHAR')
    let tree = ''
    const parser = {
      async runAndReadAll(_: string, [sql]: readonly [string]) {
        question.bindVarchar(1, sql)
        const answer = await question.runAndReadAll()
        tree = String(answer.getRows()[0]?.[0])
        return answer
      },
    } as unknown as DuckDBConnection
    return async (input) => {
      try {
        await guard(parser, input)
      } catch (error) {
        if (!(error instanceof SqlRefused)) throw error
        must(error.detail.length > 5, 'a refusal has words')
        return error.detail
      }
      inspect(readJson(tree) as Json)
      return 'taken'
    }
  },
})
