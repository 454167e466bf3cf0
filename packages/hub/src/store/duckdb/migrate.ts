/**
 * Gives an older events file what this version's tables have beyond its own.
 *
 * Tables and columns are only ever added, at the end, so the difference is the migration: a fact of before says
 * nothing in a new column, which is 0 or the empty text like everything absent. In one transaction with the new
 * version number, so that a crash leaves the file as it was.
 */
import { createTable, factTables, schemaVersion, type FactTable } from './fact-tables.ts'
import { createProvenance } from './provenance.ts'
import { storeSqlTypes, type StoreColumn } from './store-column.ts'
import type { Writer } from './writer.ts'

export async function migrate(writer: Writer): Promise<void> {
  const answer = await writer.connection.runAndReadAll(
    `SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal`,
  )
  const found = new Set(answer.getRows().map(([table, column]) => `${table}.${column}`))
  await writer.transact(async (connection) => {
    for (const name of Object.keys(factTables) as FactTable[]) {
      const columns = Object.entries<StoreColumn>(factTables[name])
      const missing = columns.filter(([column]) => !found.has(`${name}.${column}`))
      if (missing.length === columns.length) await connection.run(createTable(name))
      else
        for (const [column, type] of missing)
          // DuckDB adds no column with a constraint.
          await connection.run(
            `ALTER TABLE ${name} ADD COLUMN "${column}" ${storeSqlTypes[type]} DEFAULT ${type === 'text' ? "''" : type === 'time' ? `TIMESTAMP '1970-01-01'` : '0'}`,
          )
    }
    await connection.run(createProvenance)
    await connection.run(`UPDATE schema_version SET version = ${schemaVersion}`)
  })
}
