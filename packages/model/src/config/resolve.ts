/**
 * Puts the configuration together from its four origins, the later winning: defaults, file, environment, flags.
 *
 * Pure: texts and maps come in. What is wrong comes out as faults that say where it stands and what to do;
 * every fault is found, not only the first.
 */
import { type z } from 'zod'
import { HoneyguideError } from '../errors.ts'
import { parseBoundedYaml, type BoundedYaml, type Place } from './bounded-yaml.ts'
import { configSchema, type Config } from './schema.ts'
import { settings, type Setting } from './setting.ts'

export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'flag'; readonly flag: string }

export interface ConfigSources {
  /** Path (for messages) and text of the file; absent when there is none. */
  readonly file?: { readonly path: string; readonly text: string }
  /** All of the environment; only HONEYGUIDE_* is looked at. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Values by setting name, with the flag that gave them. */
  readonly flags?: readonly {
    readonly name: string
    readonly value: string
    readonly flag: string
  }[]
}

export interface ResolvedConfig {
  readonly config: Config
  /** Every setting with its value and where that comes from. */
  readonly values: readonly {
    readonly setting: Setting
    readonly value: unknown
    readonly origin: Origin
  }[]
}

/** One thing that is wrong. */
export interface ConfigFault {
  /** Where: `honeyguide.yaml:3:5`, `HONEYGUIDE_LOG`, `--port`. */
  readonly where: string
  /** In the file only. */
  readonly place?: Place
  readonly message: string
}

/** Variables of Honeyguide that are not settings. */
const otherVariables = new Set(['HONEYGUIDE_CONFIG'])

type Tree = { [key: string]: unknown }

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  let at = tree
  for (const key of path.slice(0, -1)) {
    const next = at[key]
    if (isTree(next)) at = next
    else at = at[key] = {} as Tree
  }
  at[path[path.length - 1] ?? ''] = value
}

function get(tree: unknown, path: readonly PropertyKey[]): unknown {
  let at = tree
  for (const key of path) at = isTree(at) ? at[String(key)] : undefined
  return at
}

/** How far apart two words are: insertions, deletions, changes. Words here are short. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++)
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1),
      )
    row = next
  }
  return row[right.length] ?? 0
}

/** "; did you mean x?" when a known word is near. */
function suggestion(word: string, known: readonly string[]): string {
  const near = known
    .map((one) => ({ one, apart: distance(word.slice(0, 64).toLowerCase(), one.toLowerCase()) }))
    .filter(({ apart }) => apart <= Math.max(1, Math.floor(word.length / 3)))
    .toSorted((a, b) => a.apart - b.apart)[0]
  return near ? `; did you mean \`${near.one}\`?` : ''
}

function keysUnder(path: readonly PropertyKey[]): string[] {
  const keys = settings
    .filter((setting) => path.every((key, index) => setting.path[index] === key))
    .map((setting) => setting.path[path.length] ?? '')
  return [...new Set(keys)].filter((key) => key !== '')
}

/** A value from the environment or a flag: text where text is wanted, else YAML (`true`, `[a, b]`, `{k: v}`). */
function readValue(setting: Setting, text: string): unknown {
  if (typeof setting.initial === 'string') return text
  const parsed = parseBoundedYaml(text)
  return 'message' in parsed ? text : (parsed.value ?? '')
}

function wordsOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_value')
    return `one of ${issue.values.map(String).join(', ')} is needed`
  if (issue.code === 'invalid_type') {
    const found =
      value === null
        ? 'nothing'
        : Array.isArray(value)
          ? 'a list'
          : isTree(value)
            ? 'a map'
            : typeof value
    const wanted = {
      object: 'a map',
      record: 'a map',
      array: 'a list',
      boolean: '`true` or `false`',
      number: 'a number',
      int: 'a whole number',
      string: 'text',
    }[issue.expected as string]
    return `${wanted ?? issue.expected} is needed, not ${found}`
  }
  if (issue.code === 'invalid_union')
    return `a number or text is needed, not ${Array.isArray(value) ? 'a list' : value === null ? 'nothing' : isTree(value) ? 'a map' : typeof value}`
  return issue.message
}

/** The configuration, or what is wrong with it. */
export function resolveConfig(sources: ConfigSources): ResolvedConfig | readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  const origins = new Map<string, Origin>()
  let yaml: BoundedYaml | undefined
  const tree: Tree = {}
  const path = sources.file?.path ?? ''
  const inFile = (place: Place, message: string): void => {
    faults.push({ where: `${path}:${place.line}:${place.column}`, place, message })
  }

  if (sources.file) {
    const parsed = parseBoundedYaml(sources.file.text)
    if ('message' in parsed) inFile(parsed.place, parsed.message)
    else if (parsed.value != null && !isTree(parsed.value))
      inFile(parsed.placeOf([]), 'a map of settings is needed, for example `log: info`')
    else yaml = parsed
  }
  const fileTree: unknown = yaml?.value ?? {}
  for (const setting of settings) {
    const value = get(fileTree, setting.path)
    if (value === undefined) continue
    put(tree, setting.path, value)
    origins.set(setting.name, {
      kind: 'file',
      file: path,
      line: yaml?.placeOf(setting.path).line ?? 1,
    })
  }
  if (yaml) {
    // The file alone, so that its faults are told with their places whatever overrides them.
    const checked = configSchema.safeParse(fileTree)
    for (const issue of checked.error?.issues ?? []) {
      if (issue.code === 'unrecognized_keys')
        for (const key of issue.keys) {
          const known = keysUnder(issue.path)
          inFile(
            yaml.placeOfKey(issue.path, key),
            `unknown key \`${[...issue.path, key].join('.')}\`${suggestion(key, known) || `; known here: ${known.join(', ')}`}`,
          )
        }
      else
        inFile(
          yaml.placeOf(issue.path),
          `\`${issue.path.join('.')}\`: ${wordsOf(issue, get(fileTree, issue.path))}`,
        )
    }
  }

  const overlay = (setting: Setting, text: string, origin: Origin, where: string): void => {
    const value = readValue(setting, text)
    const probe: Tree = {}
    put(probe, setting.path, value)
    const checked = configSchema.safeParse(probe)
    const [issue] = checked.error?.issues ?? []
    if (issue) {
      faults.push({ where, message: `\`${setting.name}\`: ${wordsOf(issue, value)}` })
      return
    }
    put(tree, setting.path, value)
    origins.set(setting.name, origin)
  }
  const byVariable = new Map(settings.map((setting) => [setting.variable, setting]))
  for (const [variable, text] of Object.entries(sources.environment ?? {})) {
    if (!variable.startsWith('HONEYGUIDE_') || text === undefined || otherVariables.has(variable))
      continue
    const setting = byVariable.get(variable)
    if (setting) overlay(setting, text, { kind: 'environment', variable }, variable)
    else
      faults.push({
        where: variable,
        message: `unknown setting${suggestion(variable, [...byVariable.keys()])}`,
      })
  }
  const byName = new Map(settings.map((setting) => [setting.name, setting]))
  for (const { name, value, flag } of sources.flags ?? []) {
    const setting = byName.get(name)
    if (setting) overlay(setting, value, { kind: 'flag', flag }, flag)
    else
      faults.push({
        where: flag,
        message: `unknown setting \`${name}\`${suggestion(name, [...byName.keys()])}`,
      })
  }

  if (faults.length > 0) return faults
  const config = configSchema.parse(tree)
  return {
    config,
    values: settings.map((setting) => ({
      setting,
      value: get(config, setting.path),
      origin: origins.get(setting.name) ?? { kind: 'default' },
    })),
  }
}

/** Every fault on a line of its own, as one error. */
export function configError(faults: readonly ConfigFault[]): HoneyguideError {
  return new HoneyguideError(
    'HG_CONFIG_INVALID',
    faults.map(({ where, message }) => `\n  ${where}: ${message}`).join(''),
  )
}
