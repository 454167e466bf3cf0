/** Reads the parameters of a request: what is not right is HG_REQUEST_INVALID with the name of the parameter. */
import { HoneyguideError } from '@honeyguide/model'

export class Query {
  readonly #parameters: URLSearchParams
  readonly #nowMs: number
  constructor(parameters: URLSearchParams, nowMs: number) {
    this.#parameters = parameters
    this.#nowMs = nowMs
  }

  /** Undefined when absent or empty. */
  text(name: string, mostLength = 4096): string | undefined {
    const value = this.#parameters.get(name) ?? undefined
    if (value === undefined || value === '') return undefined
    if (value.length > mostLength)
      throw new HoneyguideError(
        'HG_REQUEST_INVALID',
        `${name} is longer than ${mostLength} characters.`,
      )
    return value
  }

  /** Given several times or joined by commas; undefined when absent. */
  list(name: string): string[] | undefined {
    const values = this.#parameters
      .getAll(name)
      .flatMap((value) => value.split(','))
      .filter((value) => value !== '')
    if (values.length === 0) return undefined
    if (values.length > 256 || values.some((value) => value.length > 256))
      throw new HoneyguideError('HG_REQUEST_INVALID', `${name} has too many or too long values.`)
    return values
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const value = this.text(name, 20)
    if (value === undefined) return fallback
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new HoneyguideError(
        'HG_REQUEST_INVALID',
        `${name} is a whole number from ${least} to ${most}.`,
      )
    return number
  }

  #time(name: string): number | undefined {
    const value = this.text(name, 40)
    if (value === undefined) return undefined
    const ms = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : NaN
    if (Number.isNaN(ms) || ms < 0)
      throw new HoneyguideError(
        'HG_REQUEST_INVALID',
        `${name} is a time as 2026-11-24T14:05:00.000Z.`,
      )
    return ms
  }

  /** `from` and `to` in ms since 1970; the last `fallbackMs` when absent. */
  interval(fallbackMs: number): { readonly fromMs: number; readonly toMs: number } {
    const toMs = this.#time('to') ?? this.#nowMs
    const fromMs = this.#time('from') ?? toMs - fallbackMs
    if (fromMs >= toMs) throw new HoneyguideError('HG_REQUEST_INVALID', 'from is not before to.')
    return { fromMs, toMs }
  }
}
