/**
 * What a fuzz target is: one `NAME.fuzz.ts` beside the parser that it is for, found by its name, exporting `target`.
 *
 * Everything about a parser's fuzzing stands in that one entry: seeds, mutator, and the property that must hold.
 */
import type { Mutator } from './mutator.ts'

/** Bytes, or text in UTF-16 with lone surrogates where there are some. */
export type Input = Uint8Array | string

/**
 * Gives one input to the parser. Throws when the property does not hold. Resolves or returns how it ended in
 * few words: `taken`, or the refusal; numbers in it do not matter. An input whose end is new is mutated further.
 */
export type Check<In extends Input> = (input: In) => string | Promise<string>

export interface FuzzTarget<In extends Input = Input> {
  /** Kebab-case, one of its kind: the name on the command line and of the folder in the corpus. */
  readonly name: string
  /** The functions that are given the input. */
  readonly parser: string
  /** Good inputs, recorded or made by the writer that belongs to the parser: each must end as `taken`. */
  readonly seeds: () => readonly In[] | Promise<readonly In[]>
  readonly mutator: Mutator<In>
  /** What holds for every input beside the bounds, as a sentence. */
  readonly property: string
  /** Makes what checks need, once. */
  readonly open: () => Check<In> | Promise<Check<In>>
  /** CPU time that one input may take, ms; 250 unless said. */
  readonly mostMs?: number
  /** Memory that one input may leave behind or make while it is read, bytes; 32 MiB unless said. */
  readonly mostBytes?: number
}

/** Keeps the kind of input of a target and of its mutator together. */
export function defineTarget<In extends Input>(target: FuzzTarget<In>): FuzzTarget<In> {
  return target
}

/** Runs it: `taken`, or what `refusal` says of the error. An error that it gives undefined for is a finding. */
export function takenOr(
  run: () => unknown,
  refusal: (error: unknown) => string | undefined,
): string {
  try {
    run()
    return 'taken'
  } catch (error) {
    const said = refusal(error)
    if (said === undefined) throw error
    return said
  }
}

/** For `takenOr`: an error of the table with one of these codes. */
export function withCode(...codes: readonly string[]): (error: unknown) => string | undefined {
  return (error) => {
    const { code, detail, message } = error as { code?: string; detail?: string; message?: string }
    return code !== undefined && codes.includes(code) ? `${code} ${detail ?? message}` : undefined
  }
}

/** Throws when it does not hold. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`the property does not hold: ${what}`)
}
