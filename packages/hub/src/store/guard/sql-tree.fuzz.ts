import { mutateJson, readJson, type Json } from '../../../../../test/fuzz/mutate-json.ts'
import { defineTarget, must, takenOr } from '../../../../../test/fuzz/target.ts'
import { openParser } from '../duckdb/database.ts'
import { checkTree } from './check-tree.ts'
import { sizeBound } from './size-bound.ts'
import { SqlRefused } from './sql-refused.ts'

export const target = defineTarget({
  name: 'sql-tree',
  parser: 'checkTree, sizeBound: what DuckDB says of a statement, of a version to come too',
  seeds: async () => {
    const parser = await openParser()
    const trees: string[] = []
    for (const sql of [
      'SELECT 1',
      "SELECT process_pid FROM process_activity WHERE time > now() - INTERVAL '1 hour'",
      'SELECT count(*) AS n FROM losses GROUP BY host ORDER BY n LIMIT 3',
    ]) {
      const answer = await parser.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)::VARCHAR', [
        sql,
      ])
      trees.push(String(answer.getRows()[0]?.[0]))
    }
    parser.closeSync()
    return trees
  },
  mutator: mutateJson([
    'class',
    'type',
    'FUNCTION',
    'function_name',
    'read_text',
    'getenv',
    'SUBQUERY',
    'WINDOW',
    'STAR',
    'LAMBDA',
    'COLUMN_REF',
    'column_names',
    'BASE_TABLE',
    'TABLE_FUNCTION',
    'JOIN',
    'table_name',
    'schema_name',
    'catalog_name',
    'children',
    'modifiers',
    'LIMIT_MODIFIER',
    'cte_map',
    'SET_OPERATION_NODE',
    'RECURSIVE_CTE_NODE',
    'error',
    'statements',
    'node',
    'from_table',
    'where_clause',
    'filter',
    'process_activity',
  ]),
  property:
    'A tree is refused with HG_SQL_REFUSED, or passes; nothing in it makes the check fail or recurse without end.',
  open: () => (input) =>
    takenOr(
      () => {
        const tree = readJson(input) as Json
        checkTree('SELECT 1', tree)
        must(sizeBound(tree) >= 0, 'a bound is a number')
      },
      (error) => (error instanceof SqlRefused ? error.detail : undefined),
    ),
})
