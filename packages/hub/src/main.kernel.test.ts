import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { HubSettings, HuntAnswer, ReadyLine, Status } from '@honeyguide/model'
import { askHttp, hubSettings, writePage } from './hub-harness.ts'
import { fillExecs, openScriptedSensor } from './ingest/scripted-sensor.ts'
import { startNumberedSensor } from './numbered-sensor.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const isRoot = process.getuid?.() === 0

interface Running {
  readonly child: ChildProcess
  readonly ready: ReadyLine
  readonly stderr: () => string
  readonly exited: Promise<number | null>
}

async function write(
  dir: string,
  over: Partial<HubSettings> = {},
): Promise<{ file: string; settings: HubSettings }> {
  const settings = hubSettings(dir, { logLevel: 'info', ...over })
  const file = join(dir, 'settings.json')
  await writeFile(file, JSON.stringify(settings))
  return { file, settings }
}

/** Starts a hub and waits for its ready line; rejects when it exits before. */
async function startChild(t: TestContext, file: string): Promise<Running> {
  const child = spawn(execPath, [main, '--settings', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  // A test that fails leaves no hub behind.
  t.after(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)))
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code))
  })
  const line = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += String(chunk)
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    void exited.then((code) =>
      reject(Object.assign(new Error(`it ended with ${code}: ${stderr}`), { code })),
    )
  })
  return { child, ready: JSON.parse(line) as ReadyLine, stderr: () => stderr, exited }
}

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-main-'))
  await writePage(dir)
  t.after(async () => {
    // Hooks run in order: a tmpfs of the test is still mounted here.
    spawnSync('umount', ['-l', join(dir, 'small')], { stdio: 'ignore' })
    await rm(dir, { recursive: true, force: true })
  })
  return dir
}

suite('hub process', () => {
  test('says that it is ready, where, and ends soon after SIGTERM with a live view open', async (t) => {
    const dir = await folder(t)
    const { file, settings } = await write(dir)
    const { child, ready, exited, stderr } = await startChild(t, file)
    assert.equal(ready.component, 'hub')
    assert.equal(ready.pid, child.pid)
    assert.match(ready.address ?? '', /^http:\/\/127\.0\.0\.1:\d+$/)
    using sensor = await openScriptedSensor(settings.uplinkSocket)
    sensor.batch(1, (b) => fillExecs(b, 1, 5))
    await sensor.until(() => sensor.acknowledged() === 1)
    const live = askHttp({ socketPath: settings.apiSocket }, '/api/v1/live')
    await sleep(100)
    const asked = performance.now()
    child.kill('SIGTERM')
    assert.equal(await exited, 0)
    const tookMs = performance.now() - asked
    assert.ok(tookMs < 5000, `${tookMs} ms`)
    assert.equal((await live).status, 200)
    for (const line of stderr().split('\n').filter(Boolean))
      assert.doesNotThrow(() => void JSON.parse(line), line)
    assert.ok(!stderr().includes('true 1'), 'no telemetry in the log')
    assert.ok(!stderr().includes('Not everything ended'), stderr())
  })
  test('refuses a second hub of the same folder with exit code 3, and a wrong file with 2', async (t) => {
    const dir = await folder(t)
    const { file } = await write(dir)
    const { child, exited } = await startChild(t, file)
    await assert.rejects(startChild(t, file), {
      code: 3,
      message: new RegExp(`process id ${child.pid}`),
    })
    await assert.rejects(startChild(t, join(dir, 'none.json')), { code: 2 })
    child.kill('SIGTERM')
    await exited
  })
  test(
    'stores every number exactly once through 20 kills at random under load',
    { timeout: 240_000 },
    async (t) => {
      const dir = await folder(t)
      const { file, settings } = await write(dir, {
        store: { ...hubSettings(dir).store, kind: 'duckdb' },
      })
      const sensor = startNumberedSensor(settings.uplinkSocket, 2000)
      t.after(() => sensor.close())
      let running = await startChild(t, file)
      for (let kill = 0; kill < 20; kill++) {
        await sleep(100 + Math.random() * 600)
        running.child.kill('SIGKILL')
        await running.exited
        running = await startChild(t, file)
      }
      await sleep(300)
      sensor.stopOffering()
      await sensor.drained()
      const ask = <Body>(path: string, body?: unknown) =>
        askHttp({ socketPath: settings.apiSocket }, path, body === undefined ? {} : { body }).then(
          (answer) => {
            assert.equal(answer.status, 200, answer.text)
            return answer.json<Body>()
          },
        )
      for (;;) {
        const { spool } = await ask<Status>('/api/v1/status')
        if (spool.storeAt >= spool.end && spool.pipelineAt >= spool.end) break
        await sleep(100)
      }
      const { rows, evidence } = await ask<HuntAnswer>('/api/v1/hunt', {
        sql: `SELECT count(*), count(DISTINCT process_cmd_line), count(DISTINCT event_uid) FROM process_activity`,
      })
      const { offered } = sensor
      assert.ok(offered > 10_000, `${offered}`)
      assert.deepEqual(rows[0]?.map(Number), [offered, offered, offered])
      assert.equal(evidence.complete, true)
      t.diagnostic(`${offered} events, ${sensor.connections} connections, 20 kills`)
      running.child.kill('SIGTERM')
      assert.equal(await running.exited, 0)
    },
  )
  test(
    'acknowledges nothing on a full disk, says so, and goes on by itself',
    { skip: isRoot ? false : 'needs root to mount a tmpfs', timeout: 60_000 },
    async (t) => {
      const dir = await folder(t)
      const state = join(dir, 'small')
      await mkdir(state)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', state])
      // The store lives elsewhere here: this is about what is acknowledged.
      const { file, settings } = await write(dir, { stateDir: join(state, 'hub') })
      const { child, exited, stderr } = await startChild(t, file)
      using sensor = await openScriptedSensor(settings.uplinkSocket)
      sensor.batch(1, (b) => fillExecs(b, 1, 5))
      await sensor.until(() => sensor.acknowledged() === 1)
      const filler = join(state, 'filler')
      try {
        await writeFile(filler, new Uint8Array(16 * 1024 * 1024))
      } catch {
        // Full, as it should be.
      }
      // Noise does not pack, so this needs more than what is left in the last page.
      for (let no = 2; no <= 20; no++)
        sensor.batch(no, (b) => {
          fillExecs(b, no * 10, 5)
          b.string(
            Array.from({ length: 4000 }, () => String.fromCharCode(32 + Math.random() * 90)).join(
              '',
            ),
          )
        })
      await sleep(2500)
      assert.ok(sensor.acknowledged() < 20, `${sensor.acknowledged()}`)
      assert.equal(stderr().match(/HG_DISK_FULL/g)?.length, 1, stderr())
      const status = await askHttp({ socketPath: settings.apiSocket }, '/api/v1/status')
      assert.equal(
        status.json<Status>().components.find(({ name }) => name === 'spool')?.state,
        'down',
      )
      await rm(filler)
      await sensor.until(() => sensor.acknowledged() === 20)
      child.kill('SIGTERM')
      assert.equal(await exited, 0)
    },
  )
  test('costs nothing while nothing happens', { timeout: 60_000 }, async (t) => {
    const dir = await folder(t)
    const { file, settings } = await write(dir, {
      store: { ...hubSettings(dir).store, kind: 'duckdb' },
    })
    const { child, exited } = await startChild(t, file)
    using sensor = await openScriptedSensor(settings.uplinkSocket)
    sensor.batch(1, (b) => fillExecs(b, 1, 5))
    await sensor.until(() => sensor.acknowledged() === 1)
    await sleep(2000)
    const ticks = async () => {
      const fields =
        (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
      return Number(fields[11]) + Number(fields[12])
    }
    const before = await ticks()
    await sleep(10_000)
    const usedMs = ((await ticks()) - before) * 10
    t.diagnostic(`${usedMs} ms of CPU in 10 idle seconds`)
    assert.ok(usedMs <= 100, `${usedMs} ms of CPU in 10 idle seconds`)
    child.kill('SIGTERM')
    await exited
  })
})
