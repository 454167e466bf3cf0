/**
 * Builds on the host what a guest cannot build, having no compiler: eBPF objects, test programs, and
 * Node's compile cache, without which an emulated machine spends most of its time stripping types.
 */
import { execFile } from 'node:child_process'
import { glob, mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { buildExample, exampleNames } from '../../packages/bpf/examples/build.ts'
import { buildTestProgram } from '../../packages/bpf/src/kernel-test.ts'
import { preparePackageForGuests } from '../../packages/bpf/src/test/package.ts'
import { buildTarget, targetKinds } from '../../packages/bpf/src/test/target.ts'
import { testObjects, testProgram } from '../../packages/sensor/src/kernel/kernel-harness.ts'

const run = promisify(execFile)

/** As Node is told it, from the repository. */
export const guestReporter = './test/vm/guest-reporter.ts'

/** Those of test/programs that kernel tests put where no library is: linked statically as well. */
const linkedStatically = ['who', 'sample'] as const

/** Compiles what has changed. Throws with the compiler's words. */
export async function buildForGuests(root: string): Promise<void> {
  await testObjects()
  for await (const source of glob('test/programs/*.c', { cwd: root })) {
    if (source.endsWith('.bpf.c')) continue
    testProgram(basename(source, '.c'))
  }
  for (const program of linkedStatically) testProgram(program, true)
  for await (const source of glob('packages/bpf/test-programs/*.bpf.c', { cwd: root }))
    await buildTestProgram(basename(source, '.bpf.c'))
  for (const kind of targetKinds) buildTarget(kind)
  for (const name of exampleNames) await buildExample(name)
  preparePackageForGuests()
}

/**
 * Loads `files` without running a test of them, so that their code is in the cache `folder`, which
 * guests find at the same path. A cache that does not fit is passed over by Node, so it cannot do harm.
 */
export async function warmCompileCache(
  root: string,
  node: string,
  folder: string,
  files: readonly string[],
): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await run(
    node,
    [
      ...['--test', '--test-isolation=none', '--test-name-pattern=^no test has this name$'],
      ...[`--test-reporter=${guestReporter}`, ...files],
    ],
    { cwd: root, env: { ...process.env, NODE_COMPILE_CACHE: folder } },
  )
  // What tests start as programs of their own. Without what it needs each ends at once, and is cached.
  const children = [
    'packages/sensor/src/kernel/attach-child.ts',
    'packages/sensor/src/kernel/kernel-consumer.ts',
    'packages/sensor/src/provenance/worker.ts',
    'packages/bpf/src/ring-consumer.child.ts',
    'packages/bpf/src/ring-worker.child.ts',
    'packages/bpf/src/test/network-peer.child.ts',
    ...exampleNames.map((name) => `packages/bpf/examples/${name}/main.ts`),
  ]
  for (const file of children)
    await run(node, [join(root, file), '--help'], {
      cwd: root,
      env: { ...process.env, NODE_COMPILE_CACHE: folder },
    }).catch(() => undefined)
}
