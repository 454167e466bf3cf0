import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { batchFrameHeader, encodeFrame } from '@honeyguide/model/frames'
import { instanceOf } from '../place.ts'
import { sensorHello } from '../observe/sensor-hello.ts'

const main = resolve(import.meta.dirname, '../main.ts')

suite('the command observe', () => {
  test('ends well when its reader goes away, as with `| head`', async () => {
    const state = mkdtempSync(join(tmpdir(), 'honeyguide-observe-'))
    const { observeSocket, runDir } = instanceOf(state)
    mkdirSync(dirname(observeSocket), { recursive: true })
    const id = new Uint8Array(16).fill(1)
    const hello = sensorHello(id)
    // Two thousand lines a batch: more than a pipe holds, so that the end comes while one is written.
    const builder = createBatchBuilder()
    for (let index = 0; index < 2000; index++) {
      const { columns, ...table } = builder.table('exec')
      const row = table.add()
      columns.pid[row] = index
      columns.file[row] = builder.string('/usr/bin/env')
      columns.argv[row] = builder.string(`env\0${'x'.repeat(100)}\0`)
    }
    const batch = builder.encode({ sensor: id, boot: id, run: 1, sequence: 1n }, 0n, [])
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write(encodeFrame({ kind: 'hello', hello }))
      const more = (): void => {
        while (!socket.destroyed) {
          socket.write(batchFrameHeader(batch.length))
          if (!socket.write(batch)) break
        }
      }
      socket.on('drain', more)
      more()
    })
    await new Promise<void>((done) => void server.listen(observeSocket, done))
    try {
      const child = spawn(process.execPath, [main, 'observe', '--state', state], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let said = ''
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
      child.stdout.once('data', () => child.stdout.destroy())
      const code = await new Promise((done) => child.once('close', done))
      assert.deepEqual(
        { code, said: said.replaceAll(/^.*ExperimentalWarning.*\n.*\n/gm, '') },
        { code: 0, said: '' },
      )
    } finally {
      server.close()
      rmSync(state, { recursive: true, force: true })
      rmSync(runDir, { recursive: true, force: true })
    }
  })
})
