/** Compiles the programs of `test/programs`: what tests watch, counted apart from what watches it. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const repository = resolve(import.meta.dirname, '../../../..')

/** What programs share; in a guest, where nothing is compiled, there need be none. */
function headers(): string[] {
  const folder = join(repository, 'test/programs')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.h'))
    .map((name) => join(folder, name))
}

/**
 * Compiles `test/programs/<name>.c` when it changed; returns the program's path. They lie beside the
 * objects, which is what a guest without a compiler is given. Needs clang and libc6-dev; throws with the
 * compiler's words.
 */
export function testProgram(name: string, isStatic: boolean = false): string {
  const source = join(repository, 'test/programs', `${name}.c`)
  const out = join(repository, 'build/bpf/programs', isStatic ? `${name}-static` : name)
  const newestMs = Math.max(...[source, ...headers()].map((file) => statSync(file).mtimeMs))
  if (!existsSync(out) || statSync(out).mtimeMs < newestMs) {
    mkdirSync(dirname(out), { recursive: true })
    // Another test may be compiling the same one: each makes its own, and the last one stays.
    const fresh = `${out}.${process.pid}`
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-pthread']
    execFileSync('clang', [...flags, ...(isStatic ? ['-static'] : []), '-o', fresh, source])
    renameSync(fresh, out)
  }
  return out
}
