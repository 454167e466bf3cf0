/**
 * Asks the hub. Every failure becomes one shape: what, where, what to do, an id; network failures are told to the
 * connection store, so that the page can say since when it has not reached the hub.
 */
import type { ApiError } from '@honeyguide/model/api'
import { connectionFailed, connectionWorked } from './connection.ts'
import { createPlaces } from './places.ts'

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

/**
 * A browser keeps six connections to a hub; the live stream holds one. Four questions at a time leave one for an act
 * or a reload even when the hub does not answer: with all six waiting, a page cannot be left any more.
 */
const places = createPlaces(4)

/** A query may take 10 s; whoever takes much longer will not answer. */
const patienceMs = 20_000

async function read(path: string, init: RequestInit): Promise<unknown> {
  let answer: Response
  const patience = AbortSignal.timeout(patienceMs)
  try {
    answer = await fetch(`/api/v1${path}`, {
      ...init,
      signal: init.signal ? AbortSignal.any([init.signal, patience]) : patience,
      credentials: 'same-origin',
      headers: { accept: 'application/json', ...init.headers },
    })
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause
    if (patience.aborted)
      throw new AnswerError({
        status: 0,
        code: 'no answer',
        message: `The hub did not answer within ${patienceMs / 1000} s.`,
        fix: '`honeyguide status` says which part of it is behind.',
        id: '',
      })
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
  const leave = await places.enter(signal)
  try {
    return (await read(path, signal ? { signal } : {})) as Answer
  } finally {
    leave()
  }
}

export async function post<Answer>(
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  return (await read(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    ...(signal ? { signal } : {}),
  })) as Answer
}
