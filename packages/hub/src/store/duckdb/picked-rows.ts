/**
 * Whole rows for a few facts: the facts and the images they refer to are copied aside, and the view is read from there.
 *
 * Left to itself DuckDB builds its hash tables on whole images, all columns of all of them, to keep a hundred
 * rows: half a gigabyte for a million events (measured).
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { ViewName } from '@honeyguide/model'
import { activityStoreNamed } from './activity/index.ts'
import { viewSelect, viewSource } from './view-sql.ts'

/** Columns of the fact that refer to images. */
function references(view: ViewName): readonly string[] {
  return view === 'processes' ? ['parent'] : (activityStoreNamed(view)?.images ?? [])
}

/** `rowNumbers` is a SELECT of one column `r`, of few rows. Returns the SELECT of the view over these facts. */
export async function pickRows(
  connection: DuckDBConnection,
  view: ViewName,
  rowNumbers: string,
  columns: ReadonlySet<string> | 'all',
): Promise<string> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE hg_picked AS ${rowNumbers}`)
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE hg_facts AS SELECT * FROM ${viewSource(view)} WHERE rowid IN (SELECT r FROM temp.hg_picked)`,
  )
  const named = references(view)
  if (named.length === 0) return viewSelect(view, columns, { facts: 'temp.hg_facts' })
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE hg_images AS SELECT * FROM image WHERE id IN (${named
      .map((column) => `SELECT ${column} FROM temp.hg_facts`)
      .join(' UNION ')})`,
  )
  return viewSelect(view, columns, { facts: 'temp.hg_facts', images: 'temp.hg_images' })
}
