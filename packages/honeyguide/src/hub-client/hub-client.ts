/**
 * The hub's API over its unix socket: who may open the socket may ask.
 *
 * Answers are what `@honeyguide/model` says under api/; an `ApiError` becomes a HoneyguideError of its code.
 */
import { request, type IncomingMessage } from 'node:http'
import { HoneyguideError, errorRows, type ErrorCode } from '@honeyguide/model/errors'

export interface HubClient {
  get<Answer>(path: string): Promise<Answer>
  post<Answer>(path: string, body: unknown): Promise<Answer>
  /** A body that does not end by itself (server-sent events), as text. */
  stream(path: string, signal: AbortSignal): AsyncIterable<string>
}

/** Largest answer that is taken, bytes: 10,000 rows and then some. */
const answerLimit = 256 * 2 ** 20

function isKnownCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorRows, code)
}

function connectError(cause: NodeJS.ErrnoException, socketPath: string): HoneyguideError {
  if (cause.code === 'EACCES' || cause.code === 'EPERM')
    return new HoneyguideError(
      'HG_NEEDS_ROOT',
      `the socket ${socketPath} may not be opened by this user`,
      { cause },
    )
  return new HoneyguideError(
    'HG_NOT_RUNNING',
    `nothing answers at ${socketPath} (${cause.code ?? cause.message})`,
    { cause },
  )
}

async function textOf(message: IncomingMessage): Promise<string> {
  message.setEncoding('utf8')
  const parts: string[] = []
  let length = 0
  for await (const part of message as AsyncIterable<string>) {
    length += part.length
    if (length > answerLimit)
      throw new HoneyguideError('HG_REQUEST_INVALID', 'the answer is too long; ask for fewer rows')
    parts.push(part)
  }
  return parts.join('')
}

function refusal(status: number, text: string): HoneyguideError {
  let error: unknown
  try {
    error = Reflect.get(Object(JSON.parse(text)), 'error')
  } catch {
    // Not JSON: told below as it is.
  }
  const fields = Object(error) as Record<string, unknown>
  const code = fields['code']
  const place =
    typeof fields['line'] === 'number'
      ? ` (line ${fields['line']}, column ${String(fields['column'] ?? 1)})`
      : ''
  const message = typeof fields['message'] === 'string' ? fields['message'] : text.slice(0, 500)
  if (!isKnownCode(code))
    return new HoneyguideError('HG_INTERNAL', `the hub answered ${status}: ${message}`)
  // The table's words come first in the message already; they are not said twice.
  const { what } = errorRows[code]
  return new HoneyguideError(
    code,
    `${message.startsWith(what) ? message.slice(what.length).trim() : message}${place}`,
  )
}

export function createHubClient(socketPath: string, timeoutMs = 30_000): HubClient {
  function open(
    method: string,
    path: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = body === undefined ? undefined : JSON.stringify(body)
      const asked = request(
        {
          socketPath,
          method,
          path,
          headers: {
            host: 'localhost',
            ...(sent === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
          },
          ...(signal ? { signal } : { timeout: timeoutMs }),
        },
        resolve,
      )
      asked.once('timeout', () =>
        asked.destroy(
          new HoneyguideError(
            'HG_HUB_SILENT',
            `no answer within ${timeoutMs / 1000} s at ${socketPath}`,
          ),
        ),
      )
      asked.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          cause instanceof HoneyguideError || cause.name === 'AbortError'
            ? cause
            : connectError(cause, socketPath),
        ),
      )
      asked.end(sent)
    })
  }

  async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const message = await open(method, path, body)
    const text = await textOf(message)
    const status = message.statusCode ?? 0
    if (status < 200 || status > 299) throw refusal(status, text)
    return (text === '' ? null : JSON.parse(text)) as Answer
  }

  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    async *stream(path, signal) {
      const message = await open('GET', path, undefined, signal)
      if (message.statusCode !== 200) throw refusal(message.statusCode ?? 0, await textOf(message))
      message.setEncoding('utf8')
      yield* message as AsyncIterable<string>
    },
  }
}
