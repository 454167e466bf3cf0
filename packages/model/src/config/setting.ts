/**
 * The configuration as a flat list of settings: path, name in the environment, form, default, description.
 *
 * Derived from the schema, so that a new key there is at once in the file, the environment, the flags,
 * `honeyguide config` and docs/reference/config.md.
 */
import { z } from 'zod'
import { configSchema } from './schema.ts'

export interface Setting {
  /** Keys from the top, for example `hub`, `listen`, `port`. */
  readonly path: readonly string[]
  /** The same as one text, `hub.listen.port`. */
  readonly name: string
  /** `HONEYGUIDE_HUB_LISTEN_PORT`. */
  readonly variable: string
  /** What may stand there, in words. */
  readonly form: string
  readonly initial: unknown
  readonly doc: string
}

function variableOf(path: readonly string[]): string {
  return `HONEYGUIDE_${path.map((key) => key.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()).join('_')}`
}

/** Looks through defaults and refinements for the schema that says what kind of thing it is. */
function inner(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
    ? inner(schema.unwrap())
    : schema
}

function formOf(schema: z.core.$ZodType): string {
  const meta = z.globalRegistry.get(schema)?.['form']
  if (typeof meta === 'string') return meta
  const bare = inner(schema)
  if (bare !== schema) return formOf(bare)
  if (bare instanceof z.ZodEnum) return bare.options.map((option) => `\`${option}\``).join(', ')
  if (bare instanceof z.ZodBoolean) return '`true` or `false`'
  return 'text'
}

function walk(schema: z.core.$ZodType, path: readonly string[], out: Setting[]): void {
  const bare = inner(schema)
  if (bare instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(bare.shape)) walk(child, [...path, key], out)
    return
  }
  out.push({
    path,
    name: path.join('.'),
    variable: variableOf(path),
    form: formOf(schema),
    initial: z.safeParse(schema, undefined).data,
    doc: schema instanceof z.ZodType ? (schema.description ?? '') : '',
  })
}

/** Every setting, in the order of the schema. */
export const settings: readonly Setting[] = (() => {
  const out: Setting[] = []
  walk(configSchema, [], out)
  return out
})()
