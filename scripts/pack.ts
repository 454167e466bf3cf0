/**
 * Makes what people install: `honeyguide-VERSION.tgz` and `honeyguide-bpf-VERSION.tgz` in build/pack.
 *
 *     bin/node scripts/pack.ts [honeyguide] [bpf] [--out build/pack]
 *
 * Node.js does not strip types below node_modules, so types are stripped here, file by file: workers and children
 * are started by the path of their file, and a line of a stack trace is a line of the source. Imports of our own
 * packages become relative; built eBPF objects, page and rules are copied. Hosts need neither clang nor a build.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { emitBpfDeclarations } from './bpf-declarations.ts'

const root = resolve(import.meta.dirname, '..')
const { values: options, positionals: asked } = parseArgs({
  options: { out: { type: 'string', default: join(root, 'build/pack') } },
  allowPositionals: true,
})
const out = resolve(options.out)

interface PackageJson {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

function packageJson(name: string): PackageJson {
  return JSON.parse(
    readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
  ) as PackageJson
}

/** Files of a package that run in production. */
function sourcesOf(name: string): string[] {
  return globSync(['src/**/*.ts', 'gen/**/*.ts'], { cwd: join(root, 'packages', name) })
    .filter(
      (file) =>
        !/(\.(test|suite|fuzz|page)\.ts$)|(^|\/)kernel-test\.ts$|(^|\/)(fake|fixture|fixtures|test)\//.test(
          file,
        ),
    )
    .filter((file) => !file.endsWith('.child.ts') || file.endsWith('demo/server.child.ts'))
    .map((file) => `packages/${name}/${file}`)
}

/** File that an import of one of our packages means, relative to that package. Throws when it exports no such thing. */
function exportedFile(name: string, sub: string): string {
  for (const [pattern, file] of Object.entries(packageJson(name).exports ?? {})) {
    const [before = '', after] = pattern.split('*')
    if (after === undefined ? pattern === sub : sub.startsWith(before) && sub.endsWith(after))
      return after === undefined
        ? file
        : file.replace('*', sub.slice(before.length, sub.length - after.length))
  }
  throw new Error(`@honeyguide/${name} exports no ${sub}`)
}

/** JavaScript of a source that imports packages by their names. */
function stripTypes(file: string): string {
  const stripped = stripTypeScriptTypes(readFileSync(join(root, file), 'utf8'), { mode: 'strip' })
  return stripped.replace(/(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g, '$1$2.js$1')
}

/** JavaScript of a source; `file` and what it imports relative to the root. */
function toJavaScript(file: string): string {
  return stripTypes(file).replace(
    /(['"])@honeyguide\/([a-z]+)(\/[a-z/-]+)?\1/g,
    (_, mark: string, name: string, sub: string | undefined) => {
      const target = exportedFile(name, sub === undefined ? '.' : `.${sub}`)
      const path = relative(dirname(file), join('packages', name, target)).replace(/\.ts$/, '.js')
      return `${mark}${path.startsWith('.') ? path : `./${path}`}${mark}`
    },
  )
}

function writeJavaScript(names: readonly string[], folder: string): void {
  for (const name of names) {
    for (const file of sourcesOf(name)) {
      const target = join(folder, file.replace(/\.ts$/, '.js'))
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, toJavaScript(file))
    }
    const { version } = packageJson(name)
    writeFileSync(
      join(folder, 'packages', name, 'package.json'),
      `${JSON.stringify({ name: `@honeyguide/${name}`, version, type: 'module' })}\n`,
    )
  }
}

function tarball(folder: string, file: string): string {
  const done = spawnSync(
    'tar',
    [
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--mtime=@0',
      '--transform=s,^\\./,package/,',
      '-czf',
      file,
      '-C',
      folder,
      '.',
    ],
    { encoding: 'utf8' },
  )
  if (done.status !== 0) throw new Error(`tar failed: ${done.stderr}`)
  return file
}

const license = existsSync(join(root, 'LICENSE')) ? ['LICENSE'] : []

function packHoneyguide(): string {
  const names = ['model', 'policy', 'detect', 'bpf', 'sensor', 'hub', 'honeyguide']
  const folder = join(out, 'honeyguide')
  const dist = join(folder, 'dist')
  rmSync(folder, { recursive: true, force: true })
  writeJavaScript(names, dist)
  for (const [from, to, proof] of [
    ['build/bpf', 'dist/bpf', 'sensor.bpf.o'],
    ['packages/ui/dist', 'dist/page', 'index.html'],
    ['rules', 'dist/rules', ''],
  ] as const) {
    if (!existsSync(join(root, from, proof)))
      throw new Error(`${from}/${proof} is not built; npm run pack builds it first`)
    cpSync(join(root, from), join(folder, to), {
      recursive: true,
      filter: (path) =>
        !/(\.test\.ts|\.ts|\.inputs\.json|\.bpf\.c|\.stamp)$/.test(path) &&
        !/\/(samples|programs)(\/|$)/.test(path),
    })
  }
  if (existsSync(join(root, 'recordings')))
    cpSync(join(root, 'recordings'), join(dist, 'recordings'), { recursive: true })
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(
    join(folder, 'bin/honeyguide'),
    `#!/bin/sh
# Runs honeyguide with the Node.js that it was installed with.
self=$0
if [ -L "$self" ]; then self=$(readlink -f -- "$self"); fi
root=$(CDPATH= cd -- "\${self%/*}/.." && pwd -P)
for node in "$root"/node_modules/node-linux-*/bin/node "$root"/../node-linux-*/bin/node; do
  if [ -x "$node" ]; then
    unset NODE_OPTIONS
    exec "$node" "$root/dist/packages/honeyguide/src/main.js" "$@"
  fi
done
echo "honeyguide: there is no Node.js for $(uname -m) beside it; install it with npm on Linux" >&2
exit 1
`,
  )
  chmodSync(join(folder, 'bin/honeyguide'), 0o755)
  const dependencies: Record<string, string> = {}
  for (const name of names)
    for (const [dependency, range] of Object.entries(packageJson(name).dependencies ?? {}))
      if (!dependency.startsWith('@honeyguide/')) dependencies[dependency] = range
  const workspace = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageJson
  const node = Object.entries(workspace.dependencies ?? {}).filter(([name]) =>
    name.startsWith('node-linux-'),
  )
  const { version, description } = packageJson('honeyguide')
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: 'honeyguide', version, description: workspace.description || description, license: 'Apache-2.0', type: 'module', os: ['linux'], cpu: ['x64'], bin: { honeyguide: 'bin/honeyguide' }, files: ['bin', 'dist'], dependencies: { ...Object.fromEntries(node), ...Object.fromEntries(Object.entries(dependencies).toSorted(([a], [b]) => (a < b ? -1 : 1))) } }, undefined, 2)}\n`,
  )
  for (const file of license) cpSync(join(root, file), join(folder, file))
  return tarball(folder, join(out, `honeyguide-${version}.tgz`))
}

/** Their heads say how to run them: from where they are installed. */
function exampleSource(file: string): string {
  return stripTypes(file).replace(
    /node packages\/bpf\/(\S+)\.ts/g,
    'node node_modules/@honeyguide/bpf/$1.js',
  )
}

/** Examples as people run them: JavaScript, the source of their programs, and the built objects. */
async function copyExamples(folder: string): Promise<void> {
  const source = join(root, 'packages/bpf/examples')
  for (const file of globSync('**/*.{ts,bpf.c}', { cwd: source })) {
    const isSource = file.endsWith('.ts')
    const target = join(folder, 'examples', isSource ? file.replace(/\.ts$/, '.js') : file)
    mkdirSync(dirname(target), { recursive: true })
    if (isSource) writeFileSync(target, exampleSource(join('packages/bpf/examples', file)))
    else cpSync(join(source, file), target)
  }
  const { buildExample, exampleNames } = await import('../packages/bpf/examples/build.ts')
  for (const name of exampleNames)
    cpSync(await buildExample(name), join(folder, 'examples', name, `${name}.bpf.o`))
  cpSync(join(root, 'packages/bpf/include'), join(folder, 'include'), { recursive: true })
}

async function packBpf(): Promise<string> {
  const folder = join(out, 'bpf')
  rmSync(folder, { recursive: true, force: true })
  for (const file of sourcesOf('bpf')) {
    const target = join(folder, file.replace(/^packages\/bpf\/src/, 'dist').replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, toJavaScript(file))
  }
  const { version, description, license: terms, dependencies, exports = {} } = packageJson('bpf')
  const entries = Object.values(exports).map((file) => join(root, 'packages/bpf', file))
  emitBpfDeclarations(entries, join(folder, 'dist'))
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: '@honeyguide/bpf', version, description, license: terms, keywords: ['ebpf', 'bpf', 'libbpf', 'xdp', 'tc', 'uprobe', 'tracing', 'linux'], type: 'module', os: ['linux'], engines: { node: '>=24' }, exports: Object.fromEntries(Object.entries(exports).map(([name, file]) => [name, { types: file.replace('./src/', './dist/').replace(/\.ts$/, '.d.ts'), default: file.replace('./src/', './dist/').replace(/\.ts$/, '.js') }])), dependencies }, undefined, 2)}\n`,
  )
  await copyExamples(folder)
  const reference = 'docs/reference/bpf.md'
  writeFileSync(
    join(folder, 'README.md'),
    readFileSync(join(root, 'packages/bpf/README.md'), 'utf8').replace(
      `../../${reference}`,
      'REFERENCE.md',
    ),
  )
  cpSync(join(root, reference), join(folder, 'REFERENCE.md'))
  for (const file of license) cpSync(join(root, file), join(folder, file))
  return tarball(folder, join(out, `honeyguide-bpf-${version}.tgz`))
}

process.removeAllListeners('warning')
const packers = { honeyguide: packHoneyguide, bpf: packBpf } as const
const unknown = asked.find((name) => !Object.hasOwn(packers, name))
if (unknown !== undefined) throw new Error(`there is no package ${unknown} to pack`)
for (const [name, pack] of Object.entries(packers))
  if (asked.length === 0 || asked.includes(name)) console.log(relative(root, await pack()))
