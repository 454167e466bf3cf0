/** How a column is handed to DuckDB: fixed-width values in bulk, or text. `time` is µs since 1970. */
export type StoreColumn = 'u8' | 'i32' | 'u32' | 'i64' | 'u64' | 'time' | 'text'

export const storeSqlTypes: Readonly<Record<StoreColumn, string>> = {
  u8: 'UTINYINT',
  i32: 'INTEGER',
  u32: 'UINTEGER',
  i64: 'BIGINT',
  u64: 'UBIGINT',
  time: 'TIMESTAMP',
  text: 'VARCHAR',
}
