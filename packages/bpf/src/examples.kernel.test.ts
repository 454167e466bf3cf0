import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { execPath } from 'node:process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  decodersPath,
  exampleDecoders,
  exampleStructs,
  type ExampleName,
} from '../examples/build.ts'
import { callGetppid, skipUnless } from './kernel-test.ts'

function mainOf(name: ExampleName): string {
  return fileURLToPath(new URL(`../examples/${name}/main.ts`, import.meta.url))
}

suite('examples', { skip: skipUnless('tp_btf', 'ringbuf', 'iter/task') }, () => {
  for (const name of Object.keys(exampleStructs) as ExampleName[]) {
    if (exampleStructs[name].length === 0) continue
    test(`the decoders of ${name} are those of its program`, async () => {
      assert.equal(
        readFileSync(decodersPath(name), 'utf8'),
        await exampleDecoders(name),
        'run `node packages/bpf/examples/build.ts`',
      )
    })
  }

  test('count-syscalls shows what is called most', async () => {
    const running = promisify(execFile)(execPath, [mainOf('count-syscalls'), '--seconds', '1'])
    const calling = setInterval(() => callGetppid(2000), 5)
    const { stdout } = await running
    clearInterval(calling)
    assert.match(stdout, /\d+ {2}(?:getppid|#110)\n/)
  })

  test('trace-exec shows a program that starts', async () => {
    const child = spawn(execPath, [mainOf('trace-exec'), '--seconds', '10'])
    let output = ''
    child.stdout.on('data', (text) => {
      output += text
    })
    await once(child.stdout, 'data')
    execFileSync('/bin/true')
    for (let tries = 0; tries < 100 && !output.includes('/bin/true'); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    assert.match(output, new RegExp(`${process.pid} → \\d+ {2}/bin/true`))
    assert.equal(code, 0)
  })

  test('list-tasks shows this process under its parent', async () => {
    const { stdout } = await promisify(execFile)(execPath, [mainOf('list-tasks')])
    assert.match(stdout, new RegExp(`^ *${process.pid} +${process.ppid} +\\d+\\.\\d+ {2}\\S`, 'm'))
  })
})
