/** Reads the Sigma rules of the folders that the settings name: *.yml, not deeper than three folders, bounded. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { RuleSource } from '@honeyguide/detect'

const mostFiles = 10_000
const mostBytes = 256 * 1024
const mostDepth = 3

export interface RuleFiles {
  readonly sources: readonly RuleSource[]
  /** Files that were not read, with the reason. */
  readonly refused: readonly { readonly file: string; readonly message: string }[]
}

export async function readRuleFiles(folders: readonly string[]): Promise<RuleFiles> {
  const sources: RuleSource[] = []
  const refused: { file: string; message: string }[] = []

  async function walk(root: string, folder: string, depth: number): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true })
    // By name, so that the order of rules is the same everywhere.
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && depth < mostDepth) await walk(root, path, depth + 1)
      if (!entry.isFile() || !/\.ya?ml$/.test(entry.name)) continue
      const file = relative(root, path)
      if (sources.length >= mostFiles)
        refused.push({ file, message: `More than ${mostFiles} rules.` })
      else if ((await stat(path)).size > mostBytes)
        refused.push({ file, message: `Larger than ${mostBytes} bytes.` })
      else sources.push({ file, text: await readFile(path, 'utf8') })
    }
  }

  for (const folder of folders) {
    try {
      await walk(folder, folder, 0)
    } catch (error) {
      refused.push({ file: folder, message: (error as Error).message })
    }
  }
  return { sources, refused }
}
