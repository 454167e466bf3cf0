import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { imageUid, processUid } from '@honeyguide/model'
import {
  simulatedHost,
  type SimulatedEvent,
  type SimulatedHost,
} from '../fixture/simulated-host.ts'
import { wholeSnapshot } from '../fixture/whole-snapshot.ts'
import { connectionUid, createLineage } from './graph.ts'
import type { Lineage } from './lineage.ts'
import { packHost } from './saved-host.ts'

/** A host on which `steps` decide what happens next. */
function liveOf(number: number, steps: readonly number[]): SimulatedHost {
  const host = simulatedHost(number)
  const root = host.snapshot('/usr/lib/systemd/systemd', ['/sbin/init'], { pid: 1, startNs: 5n })
  const alive = [root]
  for (const step of steps) {
    const subject = alive[step % alive.length] ?? root
    switch (step % 7) {
      case 0:
      case 1:
        alive.push(host.fork(subject))
        break
      case 2:
      case 3:
        host.exec(subject, `/usr/bin/tool-${step % 11}`, [`tool-${step % 11}`, String(step)])
        break
      case 4:
        if (subject !== root) {
          host.exit(subject, step % 256)
          alive.splice(alive.indexOf(subject), 1)
        }
        break
      case 5:
        host.close(host.connect(subject, '127.0.0.1', 8000 + (step % 3), root), step)
        break
      default:
        host.listen(subject, 9000)
    }
  }
  return host
}

/** All that can be asked, as plain data in a fixed order. */
function picture(lineage: Lineage, hosts: readonly SimulatedHost[]): unknown {
  const uids = new Set<string>()
  for (const host of hosts)
    for (const { values } of host.events)
      if (typeof values['startNs'] === 'bigint')
        uids.add(
          imageUid(host.name, Number(values['pid']), values['startNs'], Number(values['execNo'])),
        )
  return [...uids].sort().map((uid) => ({
    image: lineage.imageByUid(uid),
    ancestry: lineage.ancestry(uid).map((image) => image.uid),
    children: lineage.children(uid).map((image) => image.uid),
    images: lineage.images(uid).map((image) => image.uid),
    end: lineage.end(uid),
    server: lineage.serverSince(uid),
    connections: lineage.connections(uid),
  }))
}

function feed(lineage: Lineage, host: SimulatedHost, events: readonly SimulatedEvent[]): void {
  if (events.length > 0) lineage.apply(host.batch(events))
}

suite('lineage graph', () => {
  test('is the same whatever the batches, the interleaving of hosts and the order of events', () => {
    const steps = fc.array(fc.nat(1000), { minLength: 5, maxLength: 60 })
    fc.assert(
      fc.property(
        steps,
        steps,
        fc.array(fc.nat(12), { minLength: 1 }),
        fc.infiniteStream(fc.nat(1_000_000)),
        fc.boolean(),
        (one, two, cuts, random, shuffled) => {
          const hosts = [liveOf(1, one), liveOf(2, two)]
          const whole = createLineage()
          for (const host of hosts) feed(whole, host, host.events)
          const parts = createLineage()
          const left = hosts.map((host) =>
            shuffled
              ? host.events
                  .map((event) => ({ event, at: Number(random.next().value) }))
                  .sort((a, b) => a.at - b.at)
                  .map(({ event }) => event)
              : [...host.events],
          )
          for (let turn = 0; left.some((events) => events.length > 0); turn++) {
            const which = Number(random.next().value) % 2
            const host = hosts[which]
            if (host)
              feed(parts, host, left[which]?.splice(0, 1 + (cuts[turn % cuts.length] ?? 0)) ?? [])
          }
          assert.deepEqual(picture(parts, hosts), picture(whole, hosts))
          const copy = createLineage()
          copy.restore(deserialize(serialize(wholeSnapshot(parts))))
          assert.deepEqual(picture(copy, hosts), picture(whole, hosts))
          assert.deepEqual(wholeSnapshot(copy), wholeSnapshot(parts))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('is held as it is at one moment, whatever happens while that is packed', () => {
    const steps = fc.array(fc.nat(1000), { minLength: 20, maxLength: 60 })
    fc.assert(
      fc.property(steps, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (chosen, part) => {
        const host = liveOf(1, chosen)
        const cut = Math.floor(host.events.length * part)
        const lineage = createLineage()
        feed(lineage, host, host.events.slice(0, cut))
        const [expected] = wholeSnapshot(lineage).hosts
        const holding = lineage.hold(host.name)
        let held = holding.next()
        while (held.done !== true) held = holding.next()
        const parts = packHost(held.value)
        const got = [parts.next().value]
        feed(lineage, host, host.events.slice(cut))
        assert.deepEqual([...got, ...parts], expected)
      }),
      { numRuns: 50 },
    )
  })

  test('has another revision when a host has changed, and only then', () => {
    const hosts = [simulatedHost(1), simulatedHost(2)] as const
    for (const host of hosts) host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const lineage = createLineage()
    for (const host of hosts) feed(lineage, host, host.events)
    const before = new Map(lineage.revisions())
    const copy = createLineage()
    copy.restore(wholeSnapshot(lineage))
    assert.deepEqual(copy.revisions(), before)
    hosts[0].snapshot('/bin/more', ['more'])
    feed(copy, hosts[0], hosts[0].events.slice(1))
    assert.ok(![...before.values()].includes(copy.revisions().get(hosts[0].name) ?? NaN))
    assert.equal(copy.revisions().get(hosts[1].name), before.get(hosts[1].name))
  })

  test('saves many lives in a tenth of what they are as objects, in parts that are bounded', () => {
    const host = simulatedHost()
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    for (let life = 0; life < 3000; life++)
      host.exit(host.spawn(init, '/usr/bin/cc1', ['cc1', '-o', `/srv/build/${life}/main.o`]))
    host.spawn(init, '/bin/echo', ['echo', 'x'.repeat(100_000)])
    for (let life = 0; life < 10; life++)
      host.spawn(init, '/bin/echo', ['echo', `${life}${'y'.repeat(100_000)}`])
    const lineage = createLineage()
    feed(lineage, host, host.events)
    const [parts = []] = wholeSnapshot(lineage).hosts
    const rows = parts.flatMap((part) => (part.kind === 'processes' ? [part.processes.rows] : []))
    assert.equal(
      rows.reduce((sum, one) => sum + one, 0),
      lineage.counts().processes,
    )
    assert.ok(Math.max(...rows) <= 1024)
    // Long command lines make short parts: about three of these in each.
    for (const part of parts) assert.ok(serialize(part).length < 2 << 20)
    const few = parts.find((part) => part.kind === 'processes')
    const packed = zstdCompressSync(serialize(few)).length
    assert.ok(packed < 1024 * 60, `${packed} bytes for 1,024 processes`)
  })

  test('keeps the process that forked as the parent when it is gone before the exec', () => {
    const host = simulatedHost()
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const shell = host.spawn(init, '/bin/sh', ['sh'])
    const middle = host.fork(shell)
    const daemon = host.fork(middle)
    host.exit(middle)
    daemon.parent = init
    host.exec(daemon, '/opt/daemon', ['daemon'])
    const lineage = createLineage()
    feed(lineage, host, host.events)
    const uid = imageUid(host.name, daemon.pid, daemon.startNs, daemon.execNo)
    assert.deepEqual(
      lineage.ancestry(uid).map((image) => [image.pid, image.name]),
      [
        [middle.pid, 'sh'],
        [shell.pid, 'sh'],
        [init.pid, 'init'],
      ],
    )
  })

  test('stands a placeholder in for a parent it has not heard of, and fills it in later', () => {
    const host = simulatedHost()
    const parent = host.snapshot('/usr/sbin/cron', ['cron'])
    const child = host.spawn(parent, '/bin/sh', ['sh', '-c', 'true'])
    const lineage = createLineage()
    feed(lineage, host, host.events.slice(1))
    const uid = imageUid(host.name, child.pid, child.startNs, child.execNo)
    assert.equal(lineage.imageByUid(uid)?.parentState, 'unknown')
    assert.equal(lineage.ancestry(uid)[0]?.born, 'placeholder')
    feed(lineage, host, host.events.slice(0, 1))
    assert.equal(lineage.imageByUid(uid)?.parentState, 'known')
    assert.equal(lineage.ancestry(uid)[0]?.name, 'cron')
  })

  test('a forked copy has the program of its parent as it was at the fork', () => {
    const host = simulatedHost()
    const parent = host.snapshot('/usr/sbin/nginx', ['nginx'])
    const worker = host.fork(parent)
    host.exec(parent, '/usr/sbin/other', ['other'])
    const lineage = createLineage()
    feed(lineage, host, host.events)
    const image = lineage.image(host.name, worker.pid, worker.startNs, worker.execNo)
    assert.equal(image?.born, 'fork')
    assert.equal(image?.file, '/usr/sbin/nginx')
    assert.deepEqual(image?.argv, ['nginx'])
  })

  test('tells processes apart that had the same pid', () => {
    const host = simulatedHost()
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const first = host.snapshot('/bin/first', ['first'], { pid: 77, startNs: 700n, parent: init })
    host.exit(first)
    const between = host.nowNs
    host.wait(1000)
    host.snapshot('/bin/second', ['second'], { pid: 77, startNs: host.nowNs, parent: init })
    const lineage = createLineage()
    feed(lineage, host, host.events)
    assert.equal(lineage.imageAt(host.name, 77, between)?.name, 'first')
    assert.equal(lineage.imageAt(host.name, 77, host.nowNs)?.name, 'second')
  })

  test('joins both ends of a connection within a host', () => {
    const host = simulatedHost()
    const client = host.snapshot('/usr/bin/curl', ['curl'])
    const server = host.snapshot('/usr/sbin/nginx', ['nginx'])
    const connection = host.connect(client, '127.0.0.1', 80, server)
    const lineage = createLineage()
    feed(lineage, host, host.events)
    const uid = connectionUid(host.name, connection.id)
    const peer = lineage.connection(lineage.connection(uid)?.peerUid ?? '')
    assert.equal(lineage.imageByUid(peer?.imageUid ?? '')?.name, 'nginx')
    assert.equal(lineage.connection(peer?.peerUid ?? '')?.uid, uid)
  })

  test('finds the other end among thousands of the same addresses as looking at all of them would', () => {
    const host = simulatedHost()
    const client = host.snapshot('/usr/bin/client', ['client'])
    const server = host.snapshot('/usr/sbin/server', ['server'])
    fc.assert(
      fc.property(
        // Gaps in ms, whether the server's end is told of, and of whom the close is.
        fc.array(fc.tuple(fc.nat(3000), fc.boolean(), fc.nat(3)), { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(fc.nat(1_000_000)),
        (lives, random) => {
          const from = host.events.length
          for (const [gap, isTold, closes] of lives) {
            const connection = host.connect(client, '127.0.0.1', 80, isTold ? server : undefined)
            host.wait(gap)
            if (closes > 0) host.close(connection)
          }
          const fixed = host.events.slice(from).map((event): SimulatedEvent => {
            // One client port for all: a close finds its connection by the socket.
            const { values } = event
            const port = values['remotePort'] === 80 ? 'localPort' : 'remotePort'
            return { ...event, values: { ...values, [port]: 5555 } }
          })
          const lineage = createLineage()
          const shuffled = fixed
            .map((event) => ({ event, at: Number(random.next().value) }))
            .sort((a, b) => a.at - b.at)
          for (const { event } of shuffled) feed(lineage, host, [event])
          const all = [client, server]
            .flatMap((one) =>
              lineage.connections(imageUid(host.name, one.pid, one.startNs, one.execNo)),
            )
            .filter((one) => one.openNs !== 0n)
            .sort((a, b) => (a.openNs < b.openNs ? -1 : 1))
          const late = (closeNs: bigint, openNs: bigint) =>
            closeNs !== 0n && openNs > closeNs + 1_000_000_000n
          for (const one of all) {
            const gap = (other: { readonly openNs: bigint }) =>
              other.openNs > one.openNs ? other.openNs - one.openNs : one.openNs - other.openNs
            let best: (typeof all)[number] | undefined
            for (const other of all) {
              if (other.direction === one.direction) continue
              if (late(one.closeNs, other.openNs) || late(other.closeNs, one.openNs)) continue
              if (!best || gap(other) < gap(best)) best = other
            }
            assert.equal(one.peerUid, best?.uid ?? '')
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('forgets exited processes after their time, but not the parents of what still lives', () => {
    const host = simulatedHost()
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const shell = host.spawn(init, '/bin/sh', ['sh'])
    const daemon = host.spawn(shell, '/opt/daemon', ['daemon'])
    const quick = host.spawn(shell, '/bin/true', ['true'])
    host.exit(quick)
    host.exit(shell)
    host.wait(700_000)
    host.spawn(init, '/bin/sleep', ['sleep'])
    const lineage = createLineage()
    feed(lineage, host, host.events)
    assert.equal(lineage.image(host.name, quick.pid, quick.startNs, quick.execNo), undefined)
    const uid = imageUid(host.name, daemon.pid, daemon.startNs, daemon.execNo)
    assert.deepEqual(
      lineage.ancestry(uid).map((image) => image.name),
      ['sh', 'init'],
    )
    host.exit(daemon)
    host.wait(700_000)
    host.exit(init)
    feed(lineage, host, host.events.slice(-2))
    assert.equal(lineage.counts().evictedProcesses, 0)
    assert.equal(lineage.image(host.name, shell.pid, shell.startNs, shell.execNo), undefined)
  })

  test('counts what it drops for want of room, and says evicted instead of a wrong parent', () => {
    const host = simulatedHost()
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const shell = host.spawn(init, '/bin/sh', ['sh'])
    const child = host.spawn(shell, '/bin/child', ['child'])
    host.exit(shell)
    for (let i = 0; i < 100; i++) host.exit(host.spawn(init, '/bin/true', ['true']))
    const lineage = createLineage({ processes: 20 })
    feed(lineage, host, host.events)
    assert.ok(lineage.counts().evictedProcesses >= 80)
    assert.ok(lineage.counts().processes <= 21)
    const image = lineage.image(host.name, child.pid, child.startNs, child.execNo)
    assert.equal(image?.parentState, 'evicted')
    assert.deepEqual(lineage.ancestry(image?.uid ?? ''), [])
  })

  test('of a program that runs itself for ever keeps the first image and the latest', () => {
    const host = simulatedHost()
    const init = host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
    const last = host.spawn(init, '/bin/loop', ['loop', '0'])
    const firstExecNo = last.execNo - 1
    for (let i = 1; i < 200; i++) host.exec(last, '/bin/loop', ['loop', String(i)])
    const lineage = createLineage({ images: 8 })
    feed(lineage, host, host.events)
    const uid = imageUid(host.name, last.pid, last.startNs, last.execNo)
    assert.deepEqual(
      lineage.images(uid).map((image) => image.execNo),
      [firstExecNo, ...Array.from({ length: 7 }, (_, i) => last.execNo - 6 + i)],
    )
    assert.equal(lineage.ancestry(uid)[0]?.execNo, last.execNo - 1)
    assert.equal(lineage.ancestry(uid).at(-1)?.name, 'init')
    assert.equal(lineage.counts().evictedImages, 193)
    // An event that comes late, of one that is not kept, changes nothing.
    const images = lineage.images(uid)
    feed(lineage, host, host.events.slice(20, 21))
    assert.deepEqual(lineage.images(uid), images)
  })

  test('keeps the last two boots of each sensor, also after it was restored', () => {
    let lineage = createLineage()
    const begin = (sensor: number, boot: number): string => {
      const host = simulatedHost(sensor, `host-${sensor}`, boot)
      host.snapshot('/sbin/init', ['init'], { pid: 1, startNs: 5n })
      feed(lineage, host, host.events)
      return host.name
    }
    const isKept = (host: string): boolean =>
      lineage.imageByUid(processUid(host, 1, 5n)) !== undefined
    const other = begin(2, 1)
    const first = begin(1, 1)
    const second = begin(1, 2)
    assert.deepEqual([other, first, second].map(isKept), [true, true, true])
    const snapshot = wholeSnapshot(lineage)
    lineage = createLineage()
    lineage.restore(snapshot)
    const third = begin(1, 3)
    assert.deepEqual([other, first, second, third].map(isKept), [true, false, true, true])
    assert.equal(lineage.counts().processes, 3)
  })

  test('does not believe a row that makes a process its own ancestor', () => {
    const host = simulatedHost()
    const a = host.snapshot('/bin/a', ['a'], { pid: 10, startNs: 10n })
    const b = host.snapshot('/bin/b', ['b'], { pid: 11, startNs: 11n, parent: a })
    host.snapshot('/bin/a', ['a'], { pid: 10, startNs: 10n, parent: b, execNo: 1 })
    const lineage = createLineage()
    feed(lineage, host, host.events)
    assert.ok(lineage.ancestry(imageUid(host.name, 11, 11n, 2)).length < 4)
  })
})
