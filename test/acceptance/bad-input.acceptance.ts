/** Bad input of each kind: a clear error that the reference lists, and the rest goes on. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBatchBuilder, errorRows } from '@honeyguide/model'
import type { Acceptance } from './harness/acceptance.ts'
import { type Counted, runProgram, testProgram } from './harness/program.ts'
import { honeyguide, startStack, type Stack } from './harness/stack.ts'

/** Sends bytes to the hub's uplink socket and resolves with what it answered, when it closes or after 3 s. */
function send(stack: Stack, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect(stack.instance.uplinkSocket)
    const parts: Buffer[] = []
    const done = (): void => {
      socket.destroy()
      resolve(Buffer.concat(parts))
    }
    socket
      .on('data', (part: Buffer) => parts.push(part))
      .on('error', done)
      .on('close', done)
    socket.on('connect', () => socket.write(bytes))
    setTimeout(done, 3000)
  })
}

const framed = (bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array(4 + bytes.length)
  new DataView(out.buffer).setUint32(0, bytes.length, true)
  out.set(bytes, 4)
  return out
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'bad-input',
    promise:
      'Truncated batch, wrong magic, hostile UTF-8, huge frame, YAML of 20,000 keys, a rule with a syntax error, a second hub on the same folder: a clear error each, listed in the reference; the rest goes on',
    target: 'each with a code of the table',
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      const details: string[] = []
      const codes = new Set<string>(Object.keys(errorRows))
      const expectCode = (what: string, text: string, code: string): void => {
        if (!codes.has(code)) details.push(`${what}: ${code} is not in the table`)
        if (!text.includes(code)) details.push(`${what}: no ${code} in: ${text.slice(-300)}`)
      }
      await mkdir(`${folder}/rules`, { recursive: true })
      await writeFile(
        `${folder}/rules/broken.yml`,
        'title: Broken\nid: 00000000-0000-4000-8000-000000000000\nlogsource: { product: linux, category: process_creation }\ndetection:\n  selection:\n    Image|endswith: /sh\n  condition: selection and and\n',
      )
      await writeFile(
        `${folder}/keys.yaml`,
        Array.from({ length: 20_000 }, (_, i) => `key${i}: ${i}`).join('\n'),
      )
      const yaml = await honeyguide(root, ['config', '--config', `${folder}/keys.yaml`], {
        timeoutMs: 20_000,
      })
      if (yaml.code === 0) details.push('YAML of 20,000 keys was taken')
      expectCode('YAML of 20,000 keys', yaml.stderr + yaml.stdout, 'HG_CONFIG_INVALID')
      await writeFile(`${folder}/typo.yaml`, 'sensor:\n  rings:\n    lifecyle: 2MiB\n')
      const typo = await honeyguide(root, ['config', '--config', `${folder}/typo.yaml`])
      expectCode('unknown key', typo.stderr + typo.stdout, 'HG_CONFIG_INVALID')
      if (!/:3:5|line 3/.test(typo.stderr + typo.stdout))
        details.push(`unknown key: no line 3 in ${typo.stderr}`)

      await using stack = await startStack({
        root,
        folder,
        log,
        args: ['--set', `hub.rules=["${folder}/rules"]`],
      })
      const status = await stack.ask<{
        rules: { loaded: number; refused: { file: string; message: string }[] }
      }>('/api/v1/status')
      if (status.rules.refused.length !== 1 || status.rules.loaded < 12)
        details.push(`rules: ${JSON.stringify(status.rules)}`)
      if (!/condition|line|7/.test(status.rules.refused[0]?.message ?? ''))
        details.push(`broken rule: ${JSON.stringify(status.rules.refused)}`)

      const second = await honeyguide(root, ['up', '--json', '--state', stack.state], {
        timeoutMs: 20_000,
      })
      if (second.code === 0) details.push('a second start on the same folder ended with 0')
      if (
        !(second.stdout + second.stderr).includes(String(stack.launcher.pid)) &&
        !/HG_STATE_LOCKED/.test(second.stdout + second.stderr)
      )
        details.push(`second start: ${second.stderr.slice(-300)}`)

      const hello = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      expectCode('wrong magic', (await send(stack, hello)).toString('latin1'), 'HG_FRAME_INVALID')
      expectCode(
        'huge frame',
        (await send(stack, Uint8Array.of(0xff, 0xff, 0xff, 0x7f))).toString('latin1'),
        'HG_FRAME_INVALID',
      )
      expectCode(
        'garbage in a frame',
        (await send(stack, framed(new Uint8Array(64).fill(0xff)))).toString('latin1'),
        'HG_FRAME_INVALID',
      )

      // A whole and a truncated batch, both with hostile bytes, from a sensor that never was.
      const builder = createBatchBuilder()
      const exec = builder.table('exec')
      const row = exec.add()
      exec.columns.pid[row] = 4242
      exec.columns.bootNs[row] = 1n
      exec.columns.argv[row] = builder.text(
        Uint8Array.of(0xff, 0xfe, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0),
      )
      const numbered = (sequence: bigint): Uint8Array =>
        builder.encode(
          {
            sensor: new Uint8Array(16).fill(3),
            boot: new Uint8Array(16).fill(4),
            run: 1,
            sequence,
          },
          1_700_000_000_000_000_000n,
          [],
        )
      const batch = numbered(1n)
      const next = numbered(2n)
      const { create, toBinary } = await import('@bufbuild/protobuf')
      const { FrameSchema, HelloSchema } =
        await import('../../packages/model/gen/honeyguide/v1/uplink_pb.ts')
      const frame = (kind: Parameters<typeof create<typeof FrameSchema>>[1]): Uint8Array =>
        framed(toBinary(FrameSchema, create(FrameSchema, kind)))
      const greeting = frame({
        kind: {
          case: 'hello',
          value: create(HelloSchema, {
            protocolMajor: 1,
            sensor: new Uint8Array(16).fill(3),
            boot: new Uint8Array(16).fill(4),
            run: 1,
            hostname: 'other\u202e',
            version: '0.1.0',
          }),
        },
      })
      await send(
        stack,
        Buffer.concat([greeting, frame({ kind: { case: 'batch', value: new Uint8Array(batch) } })]),
      )
      const refused = await send(
        stack,
        Buffer.concat([
          greeting,
          frame({ kind: { case: 'batch', value: next.slice(0, next.length - 7) } }),
        ]),
      )
      // No refusal: the sensor would send it for ever. It is kept aside, said, and told as a loss.
      if (refused.toString('latin1').includes('HG_FRAME_INVALID'))
        details.push('the truncated batch ended its connection')
      await stack.huntUntil(
        "SELECT count(*) AS n FROM losses WHERE reason = 'batch_invalid' AND host LIKE 'other%'",
        (rows) => Number(rows[0]?.['n']) > 0,
        15_000,
      )
      expectCode('truncated batch', stack.output(), 'HG_BATCH_INVALID')
      const stored = await stack.huntUntil(
        "SELECT process_cmd_line AS line FROM process_activity WHERE process_pid = 4242 AND device_hostname LIKE 'other%'",
        (rows) => rows.length === 1,
        15_000,
      )
      if (!String(stored[0]?.['line']).includes('\u001b'))
        details.push(`hostile bytes: ${JSON.stringify(stored[0])}`)
      const quarantine = await readdir(`${stack.state}/hub/quarantine`).catch(() => [])
      if (quarantine.length === 0) details.push('the truncated batch was not kept in quarantine')

      // And the rest goes on.
      const spawnMany = testProgram('spawn-many')
      const tag = `hgbad${process.pid}`
      await runProgram<Counted>(spawnMany, [50, 2, tag, '/bin/true'])
      await stack.huntUntil(
        `SELECT count(*) AS n FROM process_activity WHERE activity_name = 'Launch' AND process_name <> 'spawn-many' AND process_cmd_line LIKE '%${tag}%'`,
        (rows) => Number(rows[0]?.['n']) === 50,
        20_000,
      )
      await sleep(100)
      return {
        measured:
          details.length === 0
            ? 'each with its code, the rest went on'
            : `${details.length} not so`,
        n: 9,
        pass: details.length === 0,
        details,
      }
    },
  },
]
