/**
 * Gives an older events file what this version's tables have beyond its own.
 *
 * Tables and columns are only ever added, at the end, so the difference is the migration: a fact of before says
 * nothing in a new column, which is 0 or the empty text like everything absent. In one transaction with the new
 * version number, so that a crash leaves the file as it was.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { createTable, factTables, schemaVersion, type FactTable } from './fact-tables.ts'
import { createProvenance } from './provenance.ts'
import { storeSqlTypes, type StoreColumn } from './store-column.ts'

export async function migrate(writer: DuckDBConnection): Promise<void> {
  const answer = await writer.runAndReadAll(
    `SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal`,
  )
  const found = new Set(answer.getRows().map(([table, column]) => `${table}.${column}`))
  await writer.run('BEGIN TRANSACTION')
  for (const name of Object.keys(factTables) as FactTable[]) {
    const columns = Object.entries<StoreColumn>(factTables[name])
    const missing = columns.filter(([column]) => !found.has(`${name}.${column}`))
    if (missing.length === columns.length) await writer.run(createTable(name))
    else
      for (const [column, type] of missing)
        // DuckDB adds no column with a constraint.
        await writer.run(
          `ALTER TABLE ${name} ADD COLUMN "${column}" ${storeSqlTypes[type]} DEFAULT ${type === 'text' ? "''" : type === 'time' ? `TIMESTAMP '1970-01-01'` : '0'}`,
        )
  }
  await writer.run(createProvenance)
  await writer.run(`UPDATE schema_version SET version = ${schemaVersion}`)
  await writer.run('COMMIT')
}
