/** The rules of ARCHITECTURE.md that a machine can check: who imports whom, what is pure, how Node.js is started. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { suite, test } from 'node:test'

const root = resolve(import.meta.dirname, '..')

/** What each package may import of the others. Nothing else may. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  policy: ['model'],
  detect: ['model'],
  bpf: [],
  sensor: ['bpf', 'policy', 'model'],
  hub: ['detect', 'policy', 'model'],
  ui: ['model'],
  honeyguide: ['sensor', 'hub', 'detect', 'policy', 'model'],
}
const pure = ['model', 'policy', 'detect']

interface Source {
  readonly file: string
  readonly package: string
  readonly text: string
  readonly isTest: boolean
}

const sources: readonly Source[] = globSync('packages/*/{src,gen,examples}/**/*.{ts,tsx}', {
  cwd: root,
})
  .filter((file) => !file.includes('node_modules'))
  .map((file) => ({
    file,
    package: file.split('/')[1] ?? '',
    text: readFileSync(join(root, file), 'utf8'),
    isTest:
      /\.(test|suite|fuzz|page|child)\.tsx?$/.test(file) ||
      /(^|\/)(test|fixture|fixtures|fake|scripted-[a-z]+)(\/|\.ts$)/.test(file),
  }))

function importsOf(text: string): string[] {
  return [
    ...text.matchAll(
      /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
    ),
  ].map((found) => found[1] ?? found[2] ?? found[3] ?? '')
}

suite('architecture', () => {
  test('has eight packages and no other', () => {
    assert.deepEqual(
      globSync('packages/*', { cwd: root })
        .map((path) => path.split('/')[1] ?? '')
        .toSorted(),
      Object.keys(mayImport).toSorted(),
    )
  })

  test('a package imports only what the architecture lets it', () => {
    const wrong: string[] = []
    for (const { file, package: from, text, isTest } of sources) {
      for (const name of importsOf(text)) {
        const to = /^@honeyguide\/([a-z]+)/.exec(name)?.[1]
        if (to !== undefined && to !== from && !(mayImport[from] ?? []).includes(to) && !isTest)
          wrong.push(`${file} imports ${name}`)
        if (name.startsWith('.')) {
          const target = relative(root, resolve(root, dirname(file), name)).split('/')
          if (target[0] === 'packages' && target[1] !== from)
            wrong.push(`${file} reaches into packages/${target[1]} (${name})`)
        }
      }
    }
    assert.deepEqual(wrong, [])
  })

  test('a package names in package.json exactly the packages of ours that it imports', () => {
    for (const name of Object.keys(mayImport)) {
      const { dependencies = {} } = JSON.parse(
        readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
      ) as { dependencies?: Record<string, string> }
      const named = Object.keys(dependencies).flatMap(
        (one) => /^@honeyguide\/(.*)$/.exec(one)?.[1] ?? [],
      )
      for (const one of named)
        assert.ok(mayImport[name]?.includes(one), `${name} depends on ${one}`)
    }
  })

  test('pure packages import no module of Node.js outside of their tests', () => {
    const wrong = sources
      .filter((source) => pure.includes(source.package) && !source.isTest)
      .flatMap(({ file, text }) =>
        importsOf(text)
          .filter((name) => name.startsWith('node:'))
          .map((name) => `${file} imports ${name}`),
      )
    assert.deepEqual(wrong, [])
  })

  test('no program starts whatever Node.js is on PATH', () => {
    const files = globSync(
      ['packages/*/{src,examples}/**/*.{ts,tsx,sh}', 'scripts/*', 'bin/*', 'test/**/*.ts'],
      { cwd: root },
    ).filter((file) => !file.includes('node_modules') && existsSync(join(root, file)))
    const wrong: string[] = []
    for (const file of files) {
      if (file === 'test/architecture.test.ts') continue
      let text
      try {
        text = readFileSync(join(root, file), 'utf8')
      } catch {
        continue // a folder
      }
      if (text.includes('#!/usr/bin/env node')) wrong.push(`${file}: #!/usr/bin/env node`)
      if (/\b(?:spawn|spawnSync|execFile|execFileSync|fork)\(\s*['"](?:node|npx)['"]/.test(text))
        wrong.push(`${file}: starts node from PATH`)
    }
    assert.deepEqual(wrong, [])
  })

  test('code has no default export but where a tool wants one', () => {
    const wanted = new Set(['packages/ui/vite.config.ts'])
    assert.deepEqual(
      sources
        .filter(({ file, text }) => /^export default /m.test(text) && !wanted.has(file))
        .map(({ file }) => file),
      [],
    )
  })

  test('the sensor loads no zod, DuckDB or gRPC when it starts', () => {
    const seen = new Set<string>()
    const outside = new Set<string>()
    const exportsOf = (name: string): Record<string, string> =>
      (
        JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
          exports: Record<string, string>
        }
      ).exports
    function visit(file: string): void {
      if (seen.has(file) || !existsSync(file)) return
      seen.add(file)
      const text = readFileSync(file, 'utf8').replace(
        /^\s*(import|export) type [\s\S]*?from\s*['"][^'"]+['"]/gm,
        '',
      )
      for (const name of importsOf(text)) {
        if (name.startsWith('.')) visit(resolve(dirname(file), name))
        else if (name.startsWith('@honeyguide/')) {
          const [, own = '', sub] = /^@honeyguide\/([a-z]+)(\/.*)?$/.exec(name) ?? []
          const target = exportsOf(own)[sub === undefined ? '.' : `.${sub}`]
          if (target !== undefined) visit(join(root, 'packages', own, target))
        } else if (!name.startsWith('node:'))
          outside.add(
            name
              .split('/')
              .slice(0, name.startsWith('@') ? 2 : 1)
              .join('/'),
          )
      }
    }
    visit(join(root, 'packages/sensor/src/main.ts'))
    visit(join(root, 'packages/sensor/src/pump/worker.ts'))
    for (const name of [
      'zod',
      '@duckdb/node-api',
      '@grpc/grpc-js',
      '@connectrpc/connect',
      'yaml',
      'commander',
      'hono',
    ])
      assert.ok(!outside.has(name), `the sensor loads ${name}`)
  })
})
