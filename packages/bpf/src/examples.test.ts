/** What the examples promise before they touch the kernel. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { decodersPath, exampleDecoders, exampleNames, exampleStructs } from '../examples/build.ts'
import { startExample } from './test/example.ts'

function hasClang(): boolean {
  try {
    execFileSync('clang', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

suite('every example', () => {
  test(
    'has the decoders of its program',
    { skip: hasClang() ? false : 'needs clang' },
    async () => {
      for (const name of exampleNames)
        if (exampleStructs[name].length > 0)
          assert.equal(
            readFileSync(decodersPath(name), 'utf8'),
            await exampleDecoders(name),
            `${name}: run \`node packages/bpf/examples/build.ts\``,
          )
    },
  )

  test('says with --help what it does and takes', async () => {
    for (const name of exampleNames) {
      const { code, stdout, stderr } = await startExample(name, ['--help']).ended
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^[A-Z].*\.\n\n(?: {2}--\S.*\n)+$/)
    }
  })

  test('says what is wrong with its arguments', async () => {
    for (const [name, args, message] of [
      ['trace-exec', ['--no-such-option'], /no-such-option/],
      ['trace-exec', ['--seconds', 'x'], /--seconds x is no number above 0/],
      ['trace-function', [], /--function is needed/],
      ['drop-port', ['--interface', 'lo'], /--port is needed/],
      ['drop-port', ['--interface', 'lo', '--port', '70000'], /70000 is no port/],
      ['firewall', ['--interface', 'lo'], /--deny is needed/],
      ['steer-ports', ['--first', '9', '--last', '8'], /--last lies before --first/],
    ] as const) {
      const { code, stderr } = await startExample(name, args).ended
      assert.equal(code, 2, name)
      assert.match(stderr, message)
      assert.match(stderr, /; --help shows the options\n$/)
    }
  })
})
