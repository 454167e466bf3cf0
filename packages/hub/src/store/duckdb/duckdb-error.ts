/** What an error of DuckDB 1.5 means to us: by its words, as it has no codes. */

/** What DuckDB says, without its advice for who runs it by hand in the lines below. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''

/** After an error within a checkpoint DuckDB refuses every statement until the file is opened again. */
export const isFatal = (error: unknown): boolean =>
  /database has been invalidated/i.test(firstLine(error))

/** DuckDB's limit or the process's own was reached. */
export const isForWantOfMemory = (error: unknown): boolean =>
  /out of memory|bad_alloc|could not allocate|failed to allocate|memory limit/i.test(
    firstLine(error),
  )
