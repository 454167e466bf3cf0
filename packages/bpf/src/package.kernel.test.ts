/** The published package as somebody gets it: JavaScript and built objects, no repository and no compiler. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execPath } from 'node:process'
import { after, before, suite, test } from 'node:test'
import type { ExampleName } from '../examples/build.ts'
import { callGetppid, skipUnless } from './kernel-test.ts'
import { startExample } from './test/example.ts'
import { packagedExamples, unpackPackage } from './test/package.ts'
import { buildTarget, startTarget } from './test/target.ts'
import { labOfSuite } from './test/veth.ts'

/** Packets that are dropped have no answer: that they were is told by the example's counters. */
const droppedMs = 500

suite('the package', { skip: skipUnless('tp_btf', 'xdp', 'uprobe') }, () => {
  const lab = labOfSuite()
  let folder = ''
  /** Nothing but Node can be found by name: no clang. */
  const environment = { PATH: dirname(execPath) }
  const run = (name: ExampleName, args: readonly string[]) =>
    startExample(name, args, { folder: packagedExamples(folder), environment })

  const unpacked = new DisposableStack()
  before(() => {
    folder = unpacked.use(unpackPackage()).folder
  })
  after(() => unpacked.dispose())

  test('has neither TypeScript to run nor tests, and names what it needs', () => {
    const files = readdirSync(join(folder, 'node_modules/@honeyguide/bpf'), { recursive: true })
    const names = files.map(String)
    assert.deepEqual(
      names.filter((name) => /(?<!\.d)\.ts$|(^|[./-])tests?[./]|fixture|fuzz|\.cache/.test(name)),
      [],
    )
    for (const name of [
      'README.md',
      'REFERENCE.md',
      'LICENSE',
      'dist/index.js',
      'dist/index.d.ts',
      'include/core.h',
    ])
      assert.ok(names.includes(name), name)
    const described: unknown = JSON.parse(
      readFileSync(join(folder, 'node_modules/@honeyguide/bpf/package.json'), 'utf8'),
    )
    assert.deepEqual(Object.keys(Reflect.get(Object(described), 'dependencies') as object), [
      'koffi',
    ])
  })

  test('counts system calls without a compiler', async () => {
    using running = run('count-syscalls', [])
    await running.printed('counting')
    callGetppid(5000)
    const { code, stdout, stderr } = await running.interrupt()
    assert.equal(code, 0, stderr)
    assert.match(stdout, /\d+ {2}(?:getppid|#110)\n/)
  })

  test('traces a function and drops a port without a compiler', async () => {
    using target = await startTarget('fixed')
    const where = ['--binary', buildTarget('fixed'), '--function', 'second']
    using tracing = run('trace-function', where)
    await tracing.printed('attached')
    await target.tell('4')
    await tracing.printed('0x3 → 0x6')
    assert.equal((await tracing.interrupt()).code, 0)

    const { here, there } = lab()
    const port = await here.listen()
    const at = ['--interface', here.interface, '--network-namespace', here.namespace]
    using dropping = run('drop-port', [...at, '--port', `${port}`])
    await dropping.printed('dropping')
    assert.equal(await there.connects(here.address, port, droppedMs), false)
    const dropped = await dropping.interrupt()
    assert.equal(dropped.code, 0)
    assert.match(dropped.stdout, /^[1-9]\d* packets dropped/m)
    assert.equal(await there.connects(here.address, port), true)
  })

  test('is imported by its name', () => {
    const script = `
      import { featureNames, probeFeature } from '@honeyguide/bpf'
      import { bpfCompileFlags } from '@honeyguide/bpf/compile'
      import { generateDecoders } from '@honeyguide/bpf/decoders'
      console.log(featureNames.length > 10, probeFeature('xdp').supported, bpfCompileFlags[0], typeof generateDecoders)`
    const output = execFileSync(execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
      env: environment,
    })
    assert.equal(output.trim(), 'true true -O2 function')
  })
})
