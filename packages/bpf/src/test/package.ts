/**
 * The published package, unpacked into an empty folder beside what it depends on: `npm run pack` and `npm install` without
 * the network. Guests, which cannot pack, find the folder as the host has made it.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { execPath } from 'node:process'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../../..')
/** Below `build`, so that it travels to guests. */
export const packageFolder = join(root, 'build/bpf-package')

/** Packs and unpacks where that is possible; returns the folder that has `node_modules` and nothing else. */
export function unpackPackage(): string {
  if (!existsSync(join(root, 'node_modules/typescript'))) return packageFolder
  execFileSync(execPath, [join(root, 'scripts/pack.ts'), 'bpf'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [tarball] = globSync(join(root, 'build/pack/honeyguide-bpf-*.tgz'))
  if (tarball === undefined) throw new Error('nothing was packed')
  const modules = join(packageFolder, 'node_modules')
  const target = join(modules, '@honeyguide/bpf')
  rmSync(packageFolder, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
  for (const name of ['koffi', '@koromix'])
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true })
  return packageFolder
}

/** Where the examples of the unpacked package lie. */
export function packagedExamples(folder: string): string {
  return join(folder, 'node_modules/@honeyguide/bpf/examples')
}
