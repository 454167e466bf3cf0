/**
 * The inputs that once were findings, minimised: `corpus/TARGET/HASH.bin`, or `.json` with one string for text.
 *
 * Every run begins with them, so that what was mended stays mended.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Input } from './target.ts'

export const corpusFolder = join(import.meta.dirname, 'corpus')

/** Lone surrogates stand in JSON as escapes, so that the file is UTF-8 whatever the text. */
function encode(input: Input): { readonly bytes: Uint8Array; readonly ending: string } {
  return typeof input === 'string'
    ? { bytes: Buffer.from(`${JSON.stringify(input)}\n`), ending: 'json' }
    : { bytes: input, ending: 'bin' }
}

export function readCorpus(target: string, folder = corpusFolder): Input[] {
  let names: string[]
  try {
    names = readdirSync(join(folder, target)).toSorted()
  } catch {
    return [] // nothing was ever found
  }
  return names.map((name) => {
    const bytes = readFileSync(join(folder, target, name))
    return name.endsWith('.json') ? (JSON.parse(bytes.toString()) as string) : new Uint8Array(bytes)
  })
}

/** Keeps an input; gives the path of its file. The same input is the same file. */
export function keepInput(target: string, input: Input, folder = corpusFolder): string {
  const { bytes, ending } = encode(input)
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  const path = join(folder, target, `${hash}.${ending}`)
  mkdirSync(join(folder, target), { recursive: true })
  writeFileSync(path, bytes)
  return path
}
