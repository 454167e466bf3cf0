/**
 * The reference of @honeyguide/bpf, from its exported declarations and their comments.
 *
 * TypeScript 7 has no interface for programs, so this reads the text of the declarations that the compiler emits: their
 * form is regular. What a declaration mentions and the package does not export is an error: nobody could name it.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { bpfErrors, featureNames, minimumKernelOf } from '@honeyguide/bpf'
import { emitBpfDeclarations } from './bpf-declarations.ts'

const root = resolve(import.meta.dirname, '..')
const packageFolder = join(root, 'packages/bpf')

/** A statement at the top of a declaration file. */
export interface Declaration {
  /** Name that it declares; empty for imports and re-exports. */
  readonly name: string
  /** The text of the comment before it, without its stars; empty when there is none. */
  readonly doc: string
  /** As it stands there, without `export` and `declare`. */
  readonly text: string
  readonly isExported: boolean
}

/** Splits a `.d.ts` file into its statements. */
export function readDeclarations(text: string): Declaration[] {
  const found: Declaration[] = []
  let at = 0
  let doc = ''
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at += 1
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at) + 2
      doc = commentText(text.slice(at, end))
      at = end
    } else if (text.startsWith('//', at)) {
      at = endOfLine(text, at)
    } else {
      const end = endOfStatement(text, at)
      found.push(declaration(text.slice(at, end), doc))
      doc = ''
      at = end
    }
  }
  return found
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

function declaration(statement: string, doc: string): Declaration {
  const text = statement.replace(/^(?:export )?(?:declare )?/, '')
  const [, name = ''] =
    /^(?:abstract )?(?:class|interface|type|function|const) ([A-Za-z_$][\w$]*)/.exec(text) ?? []
  return { name, doc, text, isExported: statement.startsWith('export ') }
}

/** Blocks end with their brace, all else with its semicolon. */
function endOfStatement(text: string, start: number): number {
  const isBlock = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface)\b/.test(
    text.slice(start, start + 60),
  )
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const one = text.charAt(at)
    if (text.startsWith('/*', at)) at = text.indexOf('*/', at) + 1
    else if (text.startsWith('//', at)) at = endOfLine(text, at)
    else if (one === "'" || one === '"' || one === '`') at = endOfString(text, at)
    else if ('{(['.includes(one)) depth += 1
    else if ('})]'.includes(one)) {
      depth -= 1
      if (isBlock && depth === 0 && one === '}') return at + 1
    } else if (one === ';' && depth === 0) return at + 1
  }
  return text.length
}

function endOfString(text: string, start: number): number {
  const quote = text.charAt(start)
  for (let at = start + 1; at < text.length; at++) {
    if (text.charAt(at) === '\\') at += 1
    else if (text.charAt(at) === quote) return at
  }
  return text.length
}

/** What a comment says, in lines, without the stars and `@module`. */
export function commentText(comment: string): string {
  return comment
    .replace(/^\/\*\*?/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .filter((line) => line !== '@module')
    .join('\n')
    .trim()
}

/** Paragraphs on one line each, as this repository's Markdown has them; examples that are indented become code. */
function paragraphs(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((part) => {
      const lines = part.split('\n')
      if (lines.every((line) => line.startsWith('    ')))
        return ['```ts', ...lines.map((line) => line.slice(4)), '```'].join('\n')
      return lines.map((line) => line.trim()).join(' ')
    })
    .join('\n\n')
}

/** A declaration as it is shown: two spaces a level, nothing private. */
function shown(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^( {4})+/, (spaces) => ' '.repeat(spaces.length / 2)))
    .filter((line) => !/^\s*#\w+;?$/.test(line))
  return withoutPrivate(lines).join('\n')
}

/** `private` members keep their comments company: both go. */
function withoutPrivate(lines: readonly string[]): string[] {
  const kept: string[] = []
  for (const line of lines) {
    if (!/^\s*private /.test(line)) {
      kept.push(line)
      continue
    }
    while (/^\s*(?:\/\*\*|\*)/.test(kept.at(-1) ?? '')) kept.pop()
  }
  return kept
}

/** Longer than a page: the values of a table, which other pages show. */
const mostLines = 70

interface Module {
  readonly name: string
  readonly head: string
  readonly declarations: readonly Declaration[]
}

function readModules(): Map<string, Module> {
  const folder = mkdtempSync(join(tmpdir(), 'bpf-declarations-'))
  try {
    return modulesIn(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function modulesIn(folder: string): Map<string, Module> {
  const entries = ['index', 'compile', 'decoder-source']
  emitBpfDeclarations(
    entries.map((name) => join(packageFolder, 'src', `${name}.ts`)),
    folder,
  )
  const modules = new Map<string, Module>()
  for (const file of globSync('*.d.ts', { cwd: folder }).toSorted()) {
    const name = basename(file, '.d.ts')
    const source = readFileSync(join(packageFolder, 'src', `${name}.ts`), 'utf8')
    const [head = ''] = /^\/\*\*[^]*?\*\//.exec(source) ?? []
    modules.set(name, {
      name,
      head: commentText(head),
      declarations: readDeclarations(readFileSync(join(folder, file), 'utf8')),
    })
  }
  return modules
}

/** What a module offers to users, in the order of its export statement: by the module that declares it. */
function exportsOf(module: Module): { readonly from: string; readonly names: readonly string[] }[] {
  const again = module.declarations.flatMap(({ text }) => {
    const [, list = '', from = ''] = /^(?:type )?\{([^}]*)\} from '\.\/(.*)\.ts';$/.exec(text) ?? []
    if (from === '') return []
    const names = list
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
    return [{ from, names }]
  })
  const own = module.declarations.filter(({ isExported, name }) => isExported && name !== '')
  return own.length === 0
    ? again
    : [{ from: module.name, names: own.map(({ name }) => name) }, ...again]
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the declarations have no ${what}`)
  return value
}

/** The page. Throws when a declaration mentions a type that is not exported. */
export function bpfReference(head: string): string {
  const modules = readModules()
  const entries = [
    ['@honeyguide/bpf', 'index'],
    ['@honeyguide/bpf/compile', 'compile'],
    ['@honeyguide/bpf/decoders', 'decoder-source'],
  ] as const
  const offered = new Set<string>()
  const declared = new Set<string>()
  for (const { declarations } of modules.values())
    for (const { name } of declarations) if (/^[A-Z]/.test(name)) declared.add(name)
  for (const [, name] of entries)
    for (const { names } of exportsOf(required(modules.get(name), name)))
      for (const one of names) offered.add(one)

  const unnamed = new Set<string>()
  const parts: string[] = [
    head,
    'Everything that the package exports, by the module that it comes from. How to use it is told by the README of the package.\n',
  ]
  for (const [entry, name] of entries) {
    parts.push(`## ${entry}\n`)
    for (const { from, names } of exportsOf(required(modules.get(name), name))) {
      const module = required(modules.get(from), from)
      parts.push(`### ${from}\n`, `${paragraphs(module.head)}\n`)
      for (const one of names) {
        const all = module.declarations.filter(({ name: found }) => found === one)
        if (all.length === 0) throw new Error(`${from} has no ${one}`)
        const text = all.map((each) => shown(each.text)).join('\n')
        for (const [word] of text.replace(/\/\*[^]*?\*\//g, '').matchAll(/\b[A-Z]\w+\b/g))
          if (declared.has(word) && !offered.has(word)) unnamed.add(`${word} (of ${one})`)
        const doc = all.map((each) => each.doc).find((each) => each !== '') ?? ''
        parts.push(`#### ${one}\n`)
        if (doc !== '') parts.push(`${paragraphs(doc)}\n`)
        const isTable = text.split('\n').length > mostLines && text.startsWith('const ')
        parts.push(
          '```ts',
          isTable ? `const ${one}: { /* ${countRows(text)} rows */ }` : text,
          '```',
          '',
        )
      }
    }
  }
  if (unnamed.size > 0)
    throw new Error(`not exported, so not to be named: ${[...unnamed].join(', ')}`)
  parts.push(
    '## Features\n',
    'What `probeFeature` can be asked for, and the mainline version that brought it.\n',
    '| feature | since Linux |',
    '|---|---|',
    ...featureNames.map((name) => `| \`${name}\` | ${minimumKernelOf(name)} |`),
    '',
    '## Errors\n',
    'Codes of a `BpfError`.\n',
    '| code | what happened | what to do |',
    '|---|---|---|',
    ...Object.entries(bpfErrors).map(
      ([code, { what, fix }]) => `| \`${code}\` | ${what} | ${fix} |`,
    ),
    '',
  )
  return parts.join('\n')
}

/** Members at the first level of a shown constant. */
function countRows(text: string): number {
  return text.split('\n').filter((line) => /^ {2}readonly /.test(line)).length
}
