import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { HoneyguideError } from '@honeyguide/model/errors'
import fc from 'fast-check'
import { chainSchema, parseManifest, techniqueOf } from './chain.ts'
import { createRandom } from './random.ts'
import { runChain } from './run-chain.ts'
import { seededChain, type Tools } from './seeded-chain.ts'
import { sessionPids } from './session.ts'
import { findTools } from './tools.ts'

const allTools: Tools = {
  downloaders: ['curl', 'wget'],
  servers: ['node', 'perl'],
  payloads: ['script', 'bash', 'perl'],
  looks: ['id', 'uname -a', 'ps aux', 'ss -tln', 'ip addr', 'cat /etc/passwd', 'df -h'],
}

suite('demo', () => {
  test('a seed makes one chain, always the same, always with every kind of step', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const chain = seededChain(createRandom(seed), allTools)
        assert.deepEqual(chain, seededChain(createRandom(seed), allTools))
        assert.deepEqual(chain.steps.map((step) => step.do).toSorted(), ['download', 'look', 'run'])
        const order = chain.steps.map((step) => step.do)
        assert.ok(order.indexOf('download') < order.indexOf('run'))
        assert.ok(chain.steps.every((step) => /^(T\d|-)/.test(techniqueOf(step))))
        // What a seed makes is a manifest, too.
        assert.deepEqual(chainSchema.parse(JSON.parse(JSON.stringify(chain))), chain)
      }),
    )
  })

  test('twenty seeds choose different names, tools, payloads and orders', () => {
    const chains = Array.from({ length: 20 }, (_, seed) =>
      seededChain(createRandom(seed + 1), allTools),
    )
    const distinct = (of: (chain: (typeof chains)[number]) => unknown): number =>
      new Set(chains.map((chain) => JSON.stringify(of(chain)))).size
    assert.ok(distinct((chain) => chain.server.name) >= 18)
    assert.equal(
      distinct((chain) => chain.server.kind),
      2,
    )
    assert.equal(
      distinct((chain) => chain.mode),
      2,
    )
    assert.equal(
      distinct((chain) => chain.steps.map((step) => step.do)),
      3,
    )
    assert.equal(
      distinct((chain) =>
        chain.steps.flatMap((step) => (step.do === 'download' ? [step.payload] : [])),
      ),
      3,
    )
  })

  test('a manifest is told line and column of what is wrong', () => {
    const message = (text: string): string => {
      try {
        parseManifest(text, 'm.yaml')
      } catch (error) {
        assert.ok(error instanceof HoneyguideError && error.code === 'HG_MANIFEST_INVALID')
        return error.message
      }
      return 'no fault'
    }
    const head = 'honeyguide: demo-chain/1\nsteps:\n'
    assert.match(message(`${head}  - do: dance\n`), /m\.yaml:3:\d+/)
    assert.match(message(`${head}  - do: run\n    name: x\n`), /m\.yaml:4:11: x is not downloaded/)
    assert.match(
      message(`${head}  - { do: download, name: ../x }\n`),
      /m\.yaml:3:\d+: steps\.0\.name: a file name/,
    )
    assert.match(message('steps: ['), /m\.yaml:1:/)
    assert.match(message(`${head}  - { do: wait, pause: 3 }\n`), /m\.yaml:3:\d+/)
  })

  test('the manifest of the README is one', () => {
    const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
    const [, manifest = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? []
    assert.ok(parseManifest(manifest, 'README.md').steps.length >= 5)
  })

  for (const [kind, mode] of [
    ['node', 'requests'],
    ['node', 'shell'],
    ['perl', 'shell'],
    ['perl', 'requests'],
  ] as const)
    test(
      `carries out a chain of a ${kind} server by ${mode} and leaves nothing`,
      { skip: findTools().servers.includes(kind) ? false : `needs ${kind}` },
      async () => {
        const chain = chainSchema.parse({
          honeyguide: 'demo-chain/1',
          server: { name: 'testing', kind },
          mode,
          folder: 'honeyguide-test',
          steps: [
            { do: 'download', name: 'thing', payload: 'script', pauseMs: 0 },
            { do: 'look', commands: ['id'], pauseMs: 0 },
            { do: 'run', name: 'thing', times: 2, everyMs: 100, pauseMs: 0 },
            { do: 'connect', times: 1, everyMs: 100, pauseMs: 0 },
          ],
        })
        const steps: string[] = []
        const result = await runChain({
          chain,
          random: createRandom(1),
          tools: findTools(),
          signal: new AbortController().signal,
          onStep: ({ step }) => steps.push(step),
        })
        assert.deepEqual(steps, ['server', 'download', 'look', 'run', 'connect', 'end'])
        assert.equal(result.connections, 3)
        assert.ok(!existsSync(result.folder))
        assert.deepEqual(sessionPids(result.serverPid), [])
      },
    )

  test('cleans up when it is interrupted', async () => {
    const stop = new AbortController()
    const chain = chainSchema.parse({
      honeyguide: 'demo-chain/1',
      folder: 'honeyguide-test',
      steps: [
        { do: 'download', name: 'thing', pauseMs: 0 },
        { do: 'run', name: 'thing', times: 50, everyMs: 200, pauseMs: 60_000 },
      ],
    })
    let pid = 0
    let folder = ''
    await assert.rejects(
      runChain({
        chain,
        random: createRandom(1),
        tools: findTools(),
        signal: stop.signal,
        onStep({ step, what }) {
          if (step === 'server') pid = Number(/pid (\d+)/.exec(what)?.[1])
          if (step === 'download') folder = /(\/\S*honeyguide-test-[^/]+)/.exec(what)?.[1] ?? ''
          if (step === 'run') setTimeout(() => stop.abort(), 300)
        },
      }),
      { name: 'AbortError' },
    )
    assert.ok(pid > 0 && folder !== '')
    assert.deepEqual(sessionPids(pid), [])
    assert.ok(!existsSync(folder))
  })
})
