/** Declarations (`.d.ts`) of @honeyguide/bpf as its users get them: for the package and for its reference. */
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'packages/bpf/src')

/** Writes the declarations of `entries` (files of packages/bpf) and of all that they import. Throws with the compiler's words. */
export function emitBpfDeclarations(entries: readonly string[], folder: string): void {
  const done = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      '--ignoreConfig',
      '--declaration',
      '--emitDeclarationOnly',
      '--allowImportingTsExtensions',
      '--rewriteRelativeImportExtensions',
      ...['--outDir', folder],
      ...['--rootDir', source],
      ...['--target', 'es2024'],
      ...['--module', 'nodenext'],
      ...['--lib', 'es2024,esnext.disposable,esnext.array,esnext.iterator'],
      ...['--types', 'node'],
      '--strict',
      '--skipLibCheck',
      '--erasableSyntaxOnly',
      ...entries,
    ],
    { encoding: 'utf8', cwd: root },
  )
  if (done.status !== 0) throw new Error(`no declarations: ${done.stdout}${done.stderr}`)
}
