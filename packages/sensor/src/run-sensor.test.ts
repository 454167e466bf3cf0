import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { decodeBatch, type Batch } from '@honeyguide/model/batch'
import { createFrameDecoder, encodeFrame, type Frame } from '@honeyguide/model/frames'
import { provenanceStates } from '@honeyguide/model/tables/provenance'
import { plainRows, type PlainRow } from './kernel/kernel-harness.ts'
import { createSensorHome, until } from './test/sensor-process.ts'
import { startTestHub } from './test/test-hub.ts'

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

suite('sensor process', () => {
  test('sends everything once, snapshot first, secrets replaced, and forgets what is acknowledged', async () => {
    using home = createSensorHome({ events: 3000, perSecond: 20_000, processes: 700 })
    await using hub = await startTestHub(home.settings.uplinkSocket)
    const sensor = await home.start()
    await until(() => hub.pids().length === 3000)
    assert.deepEqual(hub.pids(), numbersTo(3000))
    assert.deepEqual(
      hub.batches.map((batch) => batch.sequence),
      hub.batches.map((_, i) => BigInt(i + 1)),
    )
    const [first, second] = hub.batches
    assert.equal((first?.table('process')?.rows ?? 0) + (second?.table('process')?.rows ?? 0), 700)
    assert.ok(first?.table('feature'))
    const withArgv = hub.batches.find((batch) => batch.table('exec'))
    assert.match(
      withArgv?.text(withArgv.table('exec')?.columns.argv[0] ?? 0) ?? '',
      /--password=<redacted>\0$/,
    )
    const [hello] = hub.hellos
    assert.equal(hello?.hostname, 'test-host')
    assert.equal(hello?.run, 1)
    assert.deepEqual(hello?.labels, { env: 'test' })
    const began = Date.now()
    sensor.process.kill('SIGTERM')
    assert.equal(await sensor.ended, 0)
    assert.ok(Date.now() - began < 5000)
    assert.equal(
      readdirSync(join(home.settings.stateDir, 'spool')).filter((name) => name.endsWith('.seg'))
        .length,
      1,
    )
    for (const line of sensor.logs().trim().split('\n')) JSON.parse(line)
  })
  test('spools while the hub is away, reconnects by itself, and repeats nothing that the hub has', async () => {
    using home = createSensorHome({ events: 6000, perSecond: 3000, processes: 3 })
    const sensor = await home.start()
    await new Promise((resolve) => setTimeout(resolve, 500))
    await using hub = await startTestHub(home.settings.uplinkSocket)
    await until(() => hub.pids().length > 500)
    hub.ackEvery = 0
    await new Promise((resolve) => setTimeout(resolve, 300))
    hub.disconnect()
    hub.ackEvery = 3
    await until(() => hub.pids().length === 6000)
    assert.deepEqual(hub.pids(), numbersTo(6000))
    assert.equal(hub.repeats, 0)
    sensor.process.kill('SIGTERM')
    assert.equal(await sensor.ended, 0)
  })
  test('gives an observer the live processes and then each batch, and refuses what is no observer', async () => {
    using home = createSensorHome({ events: 1_000_000, perSecond: 500, processes: 40 })
    const sensor = await home.start()
    const folder = statSync(join(home.settings.observeSocket, '..'))
    assert.equal(folder.mode & 0o777, 0o750)
    assert.equal(statSync(home.settings.observeSocket).mode & 0o777, 0o660)
    const frames: Frame[] = []
    const decoder = createFrameDecoder()
    const socket = connect({ path: home.settings.observeSocket })
    socket.on('data', (chunk: Uint8Array) => frames.push(...decoder.push(chunk)))
    socket.write(encodeFrame({ kind: 'observe', observe: { protocolMajor: 1, protocolMinor: 0 } }))
    const batches = (): Batch[] =>
      frames.flatMap((frame) => (frame.kind === 'batch' ? [decodeBatch(frame.batch)] : []))
    await until(() => batches().length > 4)
    const [snapshot, ...live] = batches()
    assert.equal(snapshot?.table('process')?.rows, 40)
    const sequences = live.map((batch) => batch.sequence)
    assert.deepEqual(
      sequences,
      sequences.map((_, i) => (sequences[0] ?? 0n) + BigInt(i)),
    )
    socket.destroy()

    const stranger = connect({ path: home.settings.observeSocket })
    stranger.write('GET / HTTP/1.1\r\n\r\n')
    const answer: Frame[] = []
    stranger.on('data', (chunk: Uint8Array) => answer.push(...createFrameDecoder().push(chunk)))
    await until(() => answer.length > 0)
    assert.ok(answer[0]?.kind === 'refusal')
    assert.equal(answer[0].refusal.code, 'HG_FRAME_INVALID')
    stranger.destroy()
    sensor.process.kill('SIGTERM')
    assert.equal(await sensor.ended, 0)
  })

  test('tells where a file that runs comes from, once, and again when it has connected again', async () => {
    using home = createSensorHome(
      { events: 1_000_000, perSecond: 200, processes: 1, file: '/usr/bin/true' },
      { provenance: { enabled: true, maxFileBytes: 1 << 24, cpuPercent: 50 } },
    )
    await using hub = await startTestHub(home.settings.uplinkSocket)
    const sensor = await home.start()
    const told = (): PlainRow[] =>
      hub.batches.flatMap((batch) => plainRows(batch).get('provenance') ?? [])
    const ofTrue = (): PlainRow[] => told().filter((row) => row['path'] === '/usr/bin/true')
    await until(() => ofTrue().length > 0)
    const [row] = ofTrue()
    const { ino, ctimeNs } = statSync('/usr/bin/true', { bigint: true })
    assert.equal(row?.['inode'], ino)
    assert.equal(row?.['changedNs'], ctimeNs)
    assert.equal(row?.['state'], provenanceStates.ownedMatches)
    assert.equal(row?.['package'], 'coreutils')
    assert.equal(
      row?.['sha256'],
      createHash('sha256').update(readFileSync('/usr/bin/true')).digest('hex'),
    )
    const before = hub.batches.length
    await until(() => hub.batches.length > before + 12)
    assert.equal(ofTrue().length, 1)
    hub.disconnect()
    await until(() => ofTrue().length > 1)
    assert.deepEqual({ ...ofTrue()[1], atNs: 0n }, { ...row, atNs: 0n })
    // The files of the snapshot's processes are none.
    assert.ok(told().some((one) => one['path'] === '/usr/sbin/daemon-0'))
    sensor.process.kill('SIGTERM')
    assert.equal(await sensor.ended, 0)
    assert.equal(hub.lost('provenance'), 0n)
  })
})
