/** The behaviour that every store must show. Call it from each adapter's test file. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { HoneyguideError, parseFilter, type HuntAnswer } from '@honeyguide/model'
import { encodeDerived } from '../pipeline/derived-lines.ts'
import { openSpool, type NewRecord, type Spool } from '../spool/index.ts'
import { huntExamples } from './guard/examples.ts'
import { SqlRefused } from './guard/sql-refused.ts'
import { addLife, addShell, scriptedHost, shell, type ScriptedHost } from './scripted-host.ts'
import type { EventStore } from './store.ts'

export interface StoreHarness {
  readonly dir: string
  readonly spool: Spool
  readonly derived: Spool
  readonly store: EventStore
}

const bootMs = Date.UTC(2026, 10, 24, 12)
const span = { fromMs: bootMs, toMs: bootMs + 3_600_000 }

/** Rows as objects. */
export function objects(answer: HuntAnswer): Record<string, unknown>[] {
  return answer.rows.map((row) =>
    Object.fromEntries(answer.columns.map((column, at) => [column.name, row[at]])),
  )
}

export async function openHarness(
  t: TestContext,
  open: (parts: { dir: string; spool: Spool; derived: Spool }) => Promise<EventStore>,
): Promise<StoreHarness> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-store-'))
  const spool = await openSpool(join(dir, 'spool'))
  const derived = await openSpool(join(dir, 'derived'))
  const store = await open({ dir, spool, derived })
  t.after(async () => {
    await store[Symbol.asyncDispose]()
    await spool[Symbol.asyncDispose]()
    await derived[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  return { dir, spool, derived, store }
}

export async function put(harness: StoreHarness, ...records: readonly NewRecord[]): Promise<void> {
  await Promise.all(records.map((record) => harness.spool.append(record)))
  await harness.store.caughtUp({ spool: harness.spool.end })
}

function host(no = 1): ScriptedHost {
  return scriptedHost(no, bootMs)
}

export function storeSuite(
  name: string,
  open: (parts: { dir: string; spool: Spool; derived: Spool }) => Promise<EventStore>,
  skip: string | false = false,
): void {
  suite(`${name} store`, { skip }, () => {
    test('finds a process by its name, with its parent, user and end', async (t) => {
      const harness = await openHarness(t, open)
      const web = host()
      const hello = web.hello('web-1')
      addShell(web)
      for (let i = 0; i < 10; i++) addLife(web, i, shell)
      await put(harness, hello, web.batch())
      const answer = await harness.store.hunt(
        `SELECT * FROM process_activity WHERE process_cmd_line LIKE '%--number 7' ORDER BY time, activity_id DESC`,
      )
      const [launch, end] = objects(answer).filter((row) => row['activity_name'] !== 'Fork')
      assert.equal(answer.rows.length, 2)
      assert.equal(launch?.['activity_name'], 'Launch')
      assert.equal(launch?.['device_hostname'], 'web-1')
      assert.equal(launch?.['process_name'], 'program-7')
      assert.equal(launch?.['process_cmd_line'], 'program-7 --number 7')
      assert.equal(launch?.['process_user_name'], 'ann')
      assert.equal(launch?.['process_parent_process_cmd_line'], 'bash')
      assert.equal(launch?.['process_parent_process_pid'], 40)
      assert.equal(
        launch?.['actor_process_name'],
        'bash',
        'the image that called exec was still the shell',
      )
      assert.equal(launch?.['time'], new Date(bootMs + 10_007).toISOString().replace('Z', '001Z'))
      assert.equal(end?.['exit_code'], 7)
      assert.equal(answer.evidence.complete, true)
      const { nodes } = await harness.store.processes({ host: 'web-1', ...span, limit: 100 })
      assert.equal(nodes.length, 21, 'the shell, ten forks, ten programs')
      assert.equal(nodes.filter((node) => node.parentUid === null).length, 1)
      assert.equal(nodes.find((node) => node.cmdLine.endsWith('--number 7'))?.exitCode, 7)
      const uid = nodes.find((node) => node.name === 'bash' && node.pid === 40)?.uid ?? ''
      const tree = await harness.store.processes({ host: 'web-1', ...span, limit: 100, root: uid })
      assert.equal(tree.total, 21)
    })
    test('says who wrote a program and from where, through a rename, and marks what was done', async (t) => {
      const harness = await openHarness(t, open)
      const web = host()
      const hello = web.hello('web-1')
      addShell(web)
      const second = 1_000_000_000n
      const fetcher = { pid: 900, startNs: 20n * second, execNo: 4 }
      const of = { parentPid: shell.pid, parentStartNs: shell.startNs, parentExecNo: shell.execNo }
      const born = (who: typeof fetcher, file: string, at: bigint, more = {}) => {
        const before = { ...who, execNo: shell.execNo, tid: who.pid, ...of, uid: 1000 }
        web.add('fork', { ...before, bootNs: at, seq: at })
        web.add('exec', {
          ...before,
          ...more,
          execNo: who.execNo,
          previousExecNo: shell.execNo,
          bootNs: at + 1000n,
          seq: at + 1n,
          file,
          argv: `${file}\0`,
        })
      }
      const own = { inode: 4711n, device: (8 << 20) | 1 }
      const deed = (operation: number, at: bigint, more = {}) =>
        web.add('file', {
          ...fetcher,
          ...own,
          tid: 900,
          uid: 1000,
          bootNs: at,
          firstNs: at,
          lastNs: at,
          seq: at,
          operation,
          count: 1n,
          path: '/tmp/x.part',
          ...more,
        })
      born(fetcher, '/usr/bin/curl', 20n * second)
      web.add('tcp', {
        ...fetcher,
        tid: 900,
        uid: 1000,
        bootNs: 21n * second,
        seq: 1n,
        operation: 1,
        family: 2,
        socketId: 1n,
        localAddress: Uint8Array.of(10, 0, 0, 1),
        localPort: 40_000,
        remoteAddress: Uint8Array.of(203, 0, 113, 77),
        remotePort: 8080,
      })
      deed(3, 22n * second)
      deed(4, 23n * second, { secondPath: '/tmp/x' })
      born({ pid: 901, startNs: 24n * second, execNo: 4 }, '/tmp/x', 24n * second, own)
      // The same number on another device is another file; a write after the start came too late.
      deed(2, 23n * second + 5_000n, { device: 9, path: '/mnt/other' })
      deed(2, 30n * second)
      await put(harness, hello, web.batch())
      const { nodes } = await harness.store.processes({ host: 'web-1', ...span, limit: 100 })
      const ran = nodes.find((node) => node.filePath === '/tmp/x')
      const curl = nodes.find((node) => node.name === 'curl')
      assert.deepEqual(ran?.writer, {
        uid: curl?.uid,
        pid: 900,
        name: 'curl',
        time: '2026-11-24T12:00:22.000000Z',
        remote: '203.0.113.77:8080',
      })
      assert.equal(curl?.writer, null)
      assert.deepEqual(
        curl?.marks.map(({ kind, label }) => `${kind} ${label}`),
        [
          'network → 203.0.113.77:8080',
          'file makes /tmp/x.part',
          'file renames /tmp/x.part',
          'file writes /mnt/other',
          'file writes /tmp/x.part',
        ],
      )
    })
    test('gives a tree with its connections, what is cut off, and all ancestors of its root', async (t) => {
      const harness = await openHarness(t, open)
      const web = host()
      const hello = web.hello('web-1')
      addShell(web)
      for (let i = 0; i < 10; i++) addLife(web, i, shell)
      // Program 3 had a child of its own, which outlived it by an hour.
      const late = 3600_000_000_000n
      const worker = { pid: 1003, startNs: 10_003_000_000n, execNo: 4 }
      addLife(web, 500, worker, { atNs: 10_003_100_000n + late })
      const end = (operation: number, no: number, ip: number) =>
        web.add('tcp', {
          ...worker,
          tid: 1003,
          bootNs: 10_003_200_000n + BigInt(no),
          seq: BigInt(no),
          uid: 1000,
          operation,
          socketId: BigInt(no),
          localAddress: Uint8Array.of(10, 0, 0, 1),
          localPort: 8080,
          remoteAddress: Uint8Array.of(10, 0, 0, ip),
          remotePort: 443,
        })
      for (let no = 1; no <= 30; no++) end(1, no, no)
      end(2, 40, 9)
      await put(harness, hello, web.batch())
      const all = await harness.store.processes({ host: 'web-1', ...span, limit: 100 })
      const shellNode = all.nodes.find((node) => node.name === 'bash' && node.pid === 40)
      const program = all.nodes.find((node) => node.cmdLine.endsWith('--number 3'))
      assert.ok(shellNode && program)
      assert.equal(shellNode.hiddenChildren, 0)
      assert.equal(program.marks.length, 20, 'the first twenty')
      assert.deepEqual(
        program.marks.slice(0, 2).map(({ kind, label }) => [kind, label]),
        [
          ['network', '→ 10.0.0.1:443'],
          ['network', '→ 10.0.0.2:443'],
        ],
      )
      const mark = await harness.store.event(program.marks[0]?.eventUid ?? '')
      assert.equal(mark?.actor_process_uid, program.uid)
      const few = await harness.store.processes({
        host: 'web-1',
        ...span,
        limit: 5,
        root: shellNode.uid,
      })
      assert.equal(few.nodes.length, 5)
      assert.ok(few.nodes.some((node) => node.uid === shellNode.uid))
      const hidden = few.nodes.reduce((sum, node) => sum + node.hiddenChildren, 0)
      assert.equal(few.nodes.find((node) => node.uid === shellNode.uid)?.hiddenChildren, 16)
      assert.ok(few.total >= 5 + hidden)
      // Of the last child, in an interval in which only it lived: also the parent that was gone by then.
      const then = {
        fromMs: bootMs + 3_600_000 + 10_000,
        toMs: bootMs + 3_600_000 + 20_000,
      }
      const alone = await harness.store.processes({ host: 'web-1', ...then, limit: 100 })
      const child = alone.nodes.find((node) => node.cmdLine.endsWith('--number 500'))
      assert.ok(child)
      assert.ok(!alone.nodes.some((node) => node.uid === program.uid))
      const chain = await harness.store.processes({
        host: 'web-1',
        ...then,
        limit: 100,
        root: child.uid,
      })
      const byUid = new Map(chain.nodes.map((node) => [node.uid, node]))
      const parent = byUid.get(child.parentUid ?? '')
      assert.equal(parent?.uid, program.uid)
      assert.equal(byUid.get(parent?.parentUid ?? '')?.uid, shellNode.uid)
      const other = await harness.store.processes({
        host: 'other',
        ...then,
        limit: 9,
        root: child.uid,
      })
      assert.deepEqual([other.nodes, other.total], [[], 0])
    })
    test('gives an event by its uid and events by a filter, newest first', async (t) => {
      const harness = await openHarness(t, open)
      const web = host()
      const hello = web.hello('web-1')
      addShell(web)
      for (let i = 0; i < 50; i++) addLife(web, i, shell)
      web.add('tcp', {
        ...shell,
        tid: 40,
        bootNs: 30_000_000_000n,
        seq: 1n,
        uid: 1000,
        operation: 1,
        family: 2,
        localAddress: Uint8Array.from([10, 0, 0, 1]),
        localPort: 40_000,
        remoteAddress: Uint8Array.from([10, 0, 0, 2]),
        remotePort: 443,
        socketId: 9n,
      })
      await put(harness, hello, web.batch())
      const page = await harness.store.events({ ...span, filter: { kind: 'all' }, limit: 20 })
      assert.equal(page.total, 151)
      assert.equal(page.rows.length, 20)
      assert.equal(page.rows[0]?.class_uid, 4001)
      assert.equal(page.rows[0]?.dst_endpoint_ip, '10.0.0.2')
      assert.ok(
        page.rows.every(
          (row, at) => at === 0 || String(row.time) <= String(page.rows[at - 1]?.time),
        ),
      )
      assert.deepEqual(page.facets['host'], [{ value: 'web-1', count: 151 }])
      // Each value of the facet is a word of the filter, and asking for it finds as many as it says.
      const types = page.facets['type'] ?? []
      assert.equal(
        types.reduce((sum, one) => sum + one.count, 0),
        151,
      )
      assert.ok(types.some((one) => one.value === 'connect' || one.value === 'accept'))
      const bars = await harness.store.timeline(
        { ...span, filter: parseFilter('process_name = program-3 and kind = exec') },
        60,
      )
      const sum = (counts: readonly (number | null)[]) =>
        counts.reduce<number>((all, one) => all + (one ?? 0), 0)
      assert.deepEqual(
        [sum(bars.groups.process ?? []), sum(bars.groups.network ?? [])],
        [3, 0],
        'as many as the list has',
      )
      for (const { value, count } of types) {
        const only = await harness.store.events({
          ...span,
          filter: parseFilter(`kind = ${value}`),
          limit: 1,
        })
        assert.equal(only.total, count, value)
      }
      const uid = String(page.rows[3]?.event_uid)
      assert.deepEqual(await harness.store.event(uid), page.rows[3])
      assert.equal(await harness.store.event('0101010101ff-65656565-l1'), undefined)
      const some = await harness.store.events({
        ...span,
        filter: parseFilter('process_name = program-3 and kind = exec'),
        limit: 100,
      })
      assert.equal(some.total, 3)
      assert.ok(some.rows.every((row) => row.process_name === 'program-3'))
      const strip = await harness.store.timeline(
        { fromMs: bootMs + 10_000, toMs: bootMs + 39_999 },
        30,
      )
      assert.equal(strip.bucketMs, 1000)
      assert.equal(strip.groups.process?.[0], 150)
      assert.equal(strip.groups.network?.[20], 1)
      assert.equal(strip.groups.process?.[20], 0)
      assert.equal(strip.groups.process?.[29], null)
    })
    test('says of every answer over a loss that it is incomplete, and of others that it is not', async (t) => {
      const harness = await openHarness(t, open)
      const web = host()
      const hello = web.hello('web-1')
      addShell(web)
      for (let i = 0; i < 10; i++) addLife(web, i, shell)
      web.add('loss', {
        fromNs: 60_000_000_000n,
        toNs: 61_000_000_000n,
        hook: 'tcp',
        reason: 'ring_full',
        offered: 100n,
        seen: 60n,
        lost: 40n,
      })
      await put(harness, hello, web.batch())
      const before = await harness.store.hunt(
        `SELECT count(*) FROM process_activity WHERE time >= TIMESTAMP '2026-11-24 12:00:00' AND time < TIMESTAMP '2026-11-24 12:00:30'`,
      )
      assert.equal(before.evidence.complete, true)
      assert.equal(before.from, '2026-11-24T12:00:00.000Z')
      assert.equal(before.to, '2026-11-24T12:00:30.000Z')
      const over = await harness.store.hunt(
        `SELECT count(*) FROM process_activity WHERE time BETWEEN '2026-11-24 12:00:00' AND '2026-11-24 12:10:00'`,
      )
      assert.equal(over.evidence.complete, false)
      assert.equal(over.evidence.lost, 40)
      assert.equal(
        over.evidence.gaps[0]?.mayHide,
        'It may hide connections; it cannot hide a process start.',
      )
      const all = await harness.store.hunt('SELECT count(*) FROM process_activity')
      assert.deepEqual(
        [all.from, all.to],
        ['2026-11-24T12:00:10.000Z', '2026-11-24T12:00:10.009Z'],
        'what is stored',
      )
      assert.equal(all.evidence.complete, false)
      assert.equal((await harness.store.evidence({ ...span, hosts: ['other'] })).complete, true)
      assert.deepEqual(
        (await harness.store.evidenceByKind(span)).find(({ kind }) => kind === 'tcp'),
        { kind: 'tcp', offered: 40, lost: 40 },
      )
      const [row] = objects(await harness.store.hunt('SELECT * FROM losses'))
      assert.deepEqual(row, {
        host: 'web-1',
        device_uid: '01'.repeat(16),
        hook: 'tcp',
        reason: 'ring_full',
        from_time: '2026-11-24T12:01:00.000000Z',
        to_time: '2026-11-24T12:01:01.000000Z',
        offered: 100,
        seen: 60,
        lost: 40,
      })
    })
    test('writes a finding or an incident over an older one of the same uid', async (t) => {
      const harness = await openHarness(t, open)
      const incident = (title: string) => ({
        view: 'incident_finding' as const,
        uid: 'INC-1',
        row: {
          time: '2026-11-24T12:00:05.000Z',
          class_uid: 2005,
          activity_id: 1,
          activity_name: 'Create',
          severity_id: 4,
          incident_uid: 'INC-1',
          finding_info_title: title,
          status: 'new',
          start_time: '2026-11-24T12:00:00.000Z',
          end_time: '2026-11-24T12:00:05.000Z',
          device_hostname: 'web-1',
          attacks_technique_uid: 'T1059',
          step_count: 2,
          finding_count: 3,
          complete: true,
        },
      })
      const record = (lines: Parameters<typeof encodeDerived>[0]): NewRecord => ({
        kind: 'derived',
        sensor: new Uint8Array(16),
        boot: new Uint8Array(16),
        run: 0,
        sequence: 0n,
        receivedNs: 0n,
        body: encodeDerived(lines),
      })
      await harness.derived.append(record([incident('first')]))
      await harness.store.caughtUp({ derived: harness.derived.end })
      await harness.derived.append(record([incident('second')]))
      await harness.store.caughtUp({ derived: harness.derived.end })
      const rows = objects(await harness.store.hunt('SELECT * FROM incident_finding'))
      assert.equal(rows.length, 1)
      assert.equal(rows[0]?.['finding_info_title'], 'second')
      assert.equal(rows[0]?.['end_time'], '2026-11-24T12:00:05.000000Z')
      assert.equal(rows[0]?.['step_count'], 2)
      assert.equal(rows[0]?.['complete'], true)
      const web = host()
      web.add('loss', {
        fromNs: 1_000_000_000n,
        toNs: 2_000_000_000n,
        hook: 'exec',
        reason: 'down',
        lost: 1n,
      })
      await put(harness, web.hello('web-1'), web.batch())
      assert.deepEqual((await harness.store.hunt('SELECT complete FROM incident_finding')).rows, [
        [false],
      ])
      await harness.derived.append(record([{ view: 'incident_finding', uid: 'INC-1', row: null }]))
      await harness.store.caughtUp({ derived: harness.derived.end })
      assert.equal((await harness.store.hunt('SELECT * FROM incident_finding')).rows.length, 0)
    })
    test('describes a parent that was only referred to, once its sensor tells of it', async (t) => {
      const harness = await openHarness(t, open)
      const web = host()
      addLife(web, 1, shell)
      await put(harness, web.hello('web-1'), web.batch())
      const parent = `SELECT process_parent_process_pid AS pid, process_parent_process_cmd_line AS line, process_parent_process_user_uid AS uid FROM process_activity WHERE activity_name = 'Launch'`
      assert.deepEqual((await harness.store.hunt(parent)).rows, [[40, null, null]])
      addShell(web)
      await put(harness, web.batch())
      assert.deepEqual((await harness.store.hunt(parent)).rows, [[40, 'bash', 1000]])
      assert.deepEqual(
        (
          await harness.store.hunt(
            'SELECT process_uid, count(*) FROM processes GROUP BY 1 HAVING count(*) > 1',
          )
        ).rows,
        [],
      )
    })
    test('runs every example, and refuses what is no hunt with the place and a way out', async (t) => {
      const harness = await openHarness(t, open)
      const web = host()
      addShell(web)
      addLife(web, 1, shell)
      await put(harness, web.hello('web-1'), web.batch())
      for (const { title, sql } of huntExamples)
        await assert.doesNotReject(harness.store.hunt(sql), title)
      await assert.rejects(harness.store.hunt('SELECT *\n  FROM duckdb_settings()'), (error) => {
        assert.ok(error instanceof SqlRefused)
        assert.equal(error.code, 'HG_SQL_REFUSED')
        assert.deepEqual([error.line, error.column], [2, 8])
        return true
      })
      await assert.rejects(
        harness.store.hunt('SELECT nothing_such FROM process_activity'),
        (error) => error instanceof HoneyguideError && error.code === 'HG_SQL_REFUSED',
      )
      const few = await harness.store.hunt('SELECT * FROM process_activity', 2)
      assert.equal(few.rows.length, 2)
      assert.equal(few.truncated, true)
    })
    test('removes what is older and says so of answers that reach back', async (t) => {
      const harness = await openHarness(t, open)
      const web = host()
      addShell(web)
      for (let i = 0; i < 20; i++)
        addLife(web, i, shell, { atNs: BigInt(i + 10) * 60_000_000_000n })
      await put(harness, web.hello('web-1'), web.batch())
      const cut = bootMs + 20 * 60_000
      assert.equal(await harness.store.retain(cut), 30)
      const answer = await harness.store.hunt('SELECT count(*) FROM process_activity')
      assert.deepEqual(answer.rows, [[30]])
      assert.equal(answer.evidence.complete, false, 'there was more')
      assert.equal(answer.evidence.gaps[0]?.reason, 'retention')
      const [left] = objects(
        await harness.store.hunt(
          `SELECT count(*) AS n, count(process_parent_process_name) AS named FROM process_activity`,
        ),
      )
      assert.deepEqual(left, { n: 30, named: 30 })
      const reach = await harness.store.evidence({ fromMs: bootMs, toMs: bootMs + 1e7 })
      assert.equal(reach.complete, false)
      assert.equal(reach.gaps[0]?.reason, 'retention')
      assert.equal(
        (await harness.store.evidence({ fromMs: cut, toMs: bootMs + 1e7 })).complete,
        true,
      )
      assert.equal((await harness.store.sizes()).trimmedToMs, cut)
    })
  })
}
