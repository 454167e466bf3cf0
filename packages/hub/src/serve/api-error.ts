/** Errors as answers: an `ApiError` body with a status that fits, and an id that the log has too. */
import { randomBytes } from 'node:crypto'
import {
  FilterError,
  HoneyguideError,
  isNoSpace,
  type ApiError,
  type ErrorCode,
} from '@honeyguide/model'

export type ErrorStatus = 400 | 401 | 403 | 404 | 408 | 413 | 421 | 429 | 500 | 503 | 507

const statuses: Partial<Record<ErrorCode, ErrorStatus>> = {
  HG_AUTH_REQUIRED: 401,
  HG_AUTH_REFUSED: 401,
  HG_AUTH_LIMITED: 429,
  HG_HOST_REFUSED: 421,
  HG_ORIGIN_REFUSED: 403,
  HG_NOT_FOUND: 404,
  HG_REQUEST_INVALID: 400,
  HG_FILTER_INVALID: 400,
  HG_SQL_REFUSED: 400,
  HG_SQL_CANCELLED: 408,
  HG_STORE_AWAY: 503,
  HG_DISK_FULL: 507,
}

/** Where in a text that was sent; present on errors of parsers. */
function placeOf(error: HoneyguideError): { readonly line?: number; readonly column?: number } {
  if (error instanceof FilterError) return { line: 1, column: error.column }
  const { line, column } = error as { line?: unknown; column?: unknown }
  return {
    ...(typeof line === 'number' ? { line } : {}),
    ...(typeof column === 'number' ? { column } : {}),
  }
}

/** SQLITE_FULL, or the system's own word for it. */
function isDiskFull(error: unknown): boolean {
  return isNoSpace(error) || (error as { errcode?: unknown } | undefined)?.errcode === 13
}

export interface ErrorAnswer {
  readonly status: ErrorStatus
  readonly body: ApiError
}

/** What is not an error of ours says only that it happened: its text may hold what nobody should read. */
export function errorAnswer(error: unknown): ErrorAnswer {
  const known =
    error instanceof HoneyguideError
      ? error
      : new HoneyguideError(isDiskFull(error) ? 'HG_DISK_FULL' : 'HG_INTERNAL', '', {
          cause: error,
        })
  return {
    status: statuses[known.code] ?? 500,
    body: {
      error: {
        code: known.code,
        message: known.message,
        fix: known.fix,
        id: randomBytes(6).toString('hex'),
        ...placeOf(known),
      },
    },
  }
}
