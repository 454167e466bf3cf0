/**
 * Asks the hub. Every failure becomes one shape: what, where, what to do, an id; network failures are told to the
 * connection store, so that the page can say since when it has not reached the hub.
 */
import type { ApiError } from '@honeyguide/model/api'
import { connectionFailed, connectionWorked } from './connection.ts'

export interface Failure {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly fix: string
  /** Names the answer in the hub's log; empty when the hub was not reached. */
  readonly id: string
  readonly line?: number
  readonly column?: number
}

export class AnswerError extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.message)
    this.name = 'AnswerError'
    this.failure = failure
  }
}

function isApiError(body: unknown): body is ApiError {
  return (
    typeof body === 'object' &&
    body !== null &&
    'error' in body &&
    typeof body.error === 'object' &&
    body.error !== null &&
    'code' in body.error
  )
}

export function failureOf(error: unknown): Failure {
  if (error instanceof AnswerError) return error.failure
  return {
    status: 0,
    code: 'unexpected',
    message: error instanceof Error ? error.message : String(error),
    fix: 'Reload the page; report it if it repeats.',
    id: '',
  }
}

type SignedOut = () => void
let signedOut: SignedOut | undefined

/** Called when the hub says that there is no session any more. */
export function onSignedOut(listener: SignedOut): void {
  signedOut = listener
}

async function read(path: string, init: RequestInit): Promise<unknown> {
  let answer: Response
  try {
    answer = await fetch(`/api/v1${path}`, {
      ...init,
      credentials: 'same-origin',
      headers: { accept: 'application/json', ...init.headers },
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    connectionFailed()
    throw new AnswerError({
      status: 0,
      code: 'unreached',
      message: 'The hub was not reached.',
      fix: 'The page tries again by itself. `honeyguide status` says whether the hub runs.',
      id: '',
    })
  }
  connectionWorked()
  const text = await answer.text()
  let body: unknown
  try {
    body = text === '' ? null : JSON.parse(text)
  } catch {
    throw new AnswerError({
      status: answer.status,
      code: 'unreadable',
      message: `The hub's answer to ${path.split('?')[0] ?? path} is not JSON.`,
      fix: 'The page and the hub may differ in version: reload the page.',
      id: '',
    })
  }
  if (answer.ok) return body
  if (answer.status === 401) signedOut?.()
  if (isApiError(body)) throw new AnswerError({ status: answer.status, ...body.error })
  throw new AnswerError({
    status: answer.status,
    code: `HTTP ${answer.status}`,
    message: `The hub answered ${answer.status} to ${path.split('?')[0] ?? path}.`,
    fix: 'See the log of the hub.',
    id: '',
  })
}

/** `Answer` is what `packages/model/src/api` says of the path; the hub and the page are one version. */
export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return (await read(path, signal ? { signal } : {})) as Answer
}

export async function post<Answer>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  return (await read(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    ...(signal ? { signal } : {}),
  })) as Answer
}
