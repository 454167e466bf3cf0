import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { suite, test } from 'node:test'

/** What the sensor may load at start beside Node.js and our own packages. */
const allowed = new Set(['koffi', '@bufbuild/protobuf'])
const importPattern =
  /^\s*(?:import|export)\s(?!type\b)[^'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|new URL\(\s*'([^']+\.ts)'/gm

/** Every module that is reached from these by an import that is not of types only; lazy ones named apart. */
function walk(roots: readonly URL[]): { modules: Set<string>; packages: Set<string> } {
  const modules = new Set<string>()
  const packages = new Set<string>()
  const queue = [...roots]
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (modules.has(next.href) || !existsSync(next)) continue
    modules.add(next.href)
    for (const match of readFileSync(next, 'utf8').matchAll(importPattern)) {
      const specifier = match[1] ?? match[2] ?? match[3] ?? match[4] ?? ''
      if (specifier.startsWith('node:') || builtinModules.includes(specifier)) continue
      if (specifier.startsWith('.')) queue.push(new URL(specifier, next))
      else if (specifier.startsWith('@honeyguide/'))
        queue.push(new URL(import.meta.resolve(specifier)))
      else
        packages.add(
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
    }
  }
  return { modules, packages }
}

suite('imports of the sensor', () => {
  const { modules, packages } = walk([new URL('./main.ts', import.meta.url)])
  test('reach the thread, the kernel side and the model', () => {
    for (const part of [
      'pump/worker.ts',
      'kernel/kernel.ts',
      'policy/src/redaction',
      'bpf/src/ring',
    ])
      assert.ok(
        [...modules].some((module) => module.includes(part)),
        part,
      )
  })
  test('are koffi and protobuf, and re2js for who has patterns of their own', () => {
    assert.deepEqual(
      [...packages].filter((name) => !allowed.has(name)),
      ['re2js'],
    )
    const eager = [...modules].filter((module) =>
      /^\s*import\s(?!type)[^'"]*from\s+'re2js'/m.test(readFileSync(new URL(module), 'utf8')),
    )
    assert.deepEqual(eager, [])
  })
  test('never go to the hub, to detection, or to the command line', () => {
    for (const module of modules)
      assert.doesNotMatch(module, /packages\/(?:hub|detect|ui|honeyguide)\//)
  })
})
