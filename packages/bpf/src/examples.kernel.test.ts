import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { callGetppid, skipUnless } from './kernel-test.ts'
import { listTcFilters } from './tc.ts'
import { startExample } from './test/example.ts'
import { buildTarget, startTarget } from './test/target.ts'
import { labOfSuite } from './test/veth.ts'

/** Packets that are dropped have no answer: that they were is told by the example's counters. */
const droppedMs = 500

suite('examples', { skip: skipUnless('tp_btf', 'ringbuf', 'iter/task') }, () => {
  test('count-syscalls shows what is called most', async () => {
    using running = startExample('count-syscalls', [])
    await running.printed('counting')
    for (let i = 0; i < 100; i++) {
      callGetppid(1000)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const { code, stdout } = await running.interrupt()
    assert.equal(code, 0)
    const counted = /(\d+) {2}(?:getppid|#110)\n/.exec(stdout)?.[1]
    assert.ok(Number(counted) >= 100_000, stdout)
  })

  test('trace-exec shows a program that starts', async () => {
    using running = startExample('trace-exec', [])
    await running.printed('attached')
    execFileSync('/bin/true')
    await running.printed('/bin/true')
    const { code, stdout } = await running.interrupt()
    assert.match(stdout, new RegExp(`${process.pid} → \\d+ {2}/bin/true`))
    assert.equal(code, 0)
  })

  test('list-tasks shows this process under its parent', async () => {
    const { code, stdout } = await startExample('list-tasks', []).ended
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^ *${process.pid} +${process.ppid} +\\d+\\.\\d+ {2}\\S`, 'm'))
  })
})

suite('examples at functions and CPUs', { skip: skipUnless('uprobe', 'perf_event') }, () => {
  test('trace-function shows calls with argument, result and time', async () => {
    using target = await startTarget('pie')
    const args = ['--binary', buildTarget('pie'), '--function', 'first', '--pid', `${target.pid}`]
    using running = startExample('trace-function', args)
    await running.printed('attached')
    await target.tell('3')
    await running.printed('0x2 → 0x9')
    const { code, stdout } = await running.interrupt()
    assert.equal(code, 0)
    const name = 'target-pie'
    for (const line of ['0x0 → 0x7', '0x1 → 0x8', '0x2 → 0x9'])
      assert.match(stdout, new RegExp(`\\d+\\.\\d µs {2}${name} \\(${target.pid}\\) {2}${line}\n`))
    const missing = await startExample('trace-function', ['--binary', 'libc.so.6']).ended
    assert.equal(missing.code, 2)
  })

  test('trace-function shows a name that is looked up through libc', async () => {
    using running = startExample('trace-function', ['--function', 'getaddrinfo', '--text'])
    await running.printed('attached')
    const script = "require('node:dns').lookup('localhost', () => undefined)"
    execFileSync(process.execPath, ['-e', script])
    // What comes back depends on the machine's resolver.
    await running.printed('"localhost" → 0x')
    assert.equal((await running.interrupt()).code, 0)
  })

  test('profile shows what a process computes in', async () => {
    using target = await startTarget('pie')
    using running = startExample('profile', ['--pid', `${target.pid}`, '--frequency', '997'])
    await running.printed('sampling')
    await target.tell('spin 500')
    const { code, stdout } = await running.interrupt()
    assert.equal(code, 0)
    assert.match(stdout, /^\d+ samples, \d+ different stacks$/m)
    assert.match(
      stdout,
      /^ +\d+ {2}target-pie \(\d+\)\n(?: {12}.*\n)*? {12}spin {2}\/.*target-pie$/m,
    )
  })
})

suite('examples in a network', { skip: skipUnless('xdp', 'tc', 'sk_lookup') }, () => {
  const lab = labOfSuite()

  test('drop-port drops what comes to a port of a veth, and nothing after', async () => {
    const { here, there } = lab()
    const port = await here.listen()
    const other = await here.listen()
    assert.equal(await there.connects(here.address, port), true)
    const at = ['--interface', here.interface, '--network-namespace', here.namespace]
    using running = startExample('drop-port', [...at, '--port', `${port}`, '--protocol', 'tcp'])
    await running.printed('dropping')
    assert.equal(await there.connects(here.address, port, droppedMs), false)
    assert.equal(await there.connects('fd66::1', port, droppedMs), false)
    assert.equal(await there.connects(here.address, other), true)
    const { code, stdout } = await running.interrupt()
    assert.equal(code, 0)
    const [, dropped = '0', passed = '0'] = /(\d+) packets dropped, (\d+) passed/.exec(stdout) ?? []
    assert.ok(Number(dropped) >= 2 && Number(passed) >= 1, stdout)
    assert.equal(await there.connects(here.address, port), true)
    const unnamed = await startExample('drop-port', ['--interface', 'no-such0', '--port', '1'])
      .ended
    assert.notEqual(unnamed.code, 0)
    assert.match(unnamed.stderr, /no network interface no-such0/)
  })

  test('count-traffic counts both ways by protocol', async () => {
    const { here, there } = lab()
    const at = ['--interface', here.interface, '--network-namespace', here.namespace]
    using running = startExample('count-traffic', at)
    await running.printed('counting by')
    await there.send(here.address, 7777, 20)
    await here.send(there.address, 7777, 10)
    // Received by interrupts of their own.
    await sleep(100)
    const { code, stdout } = await running.interrupt()
    assert.equal(code, 0)
    // 100 bytes with their headers: 8 of UDP, 20 of IP, 14 of Ethernet.
    assert.match(stdout, /^in {3}IPv4 UDP {5}20 packets, 2840 bytes$/m)
    assert.match(stdout, /^out {2}IPv4 UDP {5}10 packets, 1420 bytes$/m)
    for (const direction of ['ingress', 'egress'] as const) {
      const where = { interface: here.interface, networkNamespace: here.namespace, direction }
      assert.deepEqual(listTcFilters(where), [])
    }
  })

  test('firewall denies the networks that it is given', async () => {
    const { here, there } = lab()
    const port = await here.listen()
    const at = ['--interface', here.interface, '--network-namespace', here.namespace]
    using running = startExample('firewall', [
      ...at,
      '--deny',
      '10.77.0.0/24',
      '--deny',
      '192.0.2.1',
    ])
    await running.printed('2 networks denied')
    // The source address is the one of the network that is asked for.
    assert.equal(await there.connects('10.77.0.1', port, droppedMs), false)
    assert.equal(await there.connects(here.address, port), true)
    const { code, stdout } = await running.interrupt()
    assert.equal(code, 0)
    assert.match(stdout, /^10\.77\.0\.0\/24 +[1-9]\d* packets, [1-9]\d* bytes$/m)
    assert.match(stdout, /^192\.0\.2\.1\/32 +0 packets, 0 bytes$/m)
    assert.equal(await there.connects('10.77.0.1', port), true)
  })

  test('steer-ports serves many ports with one socket', async () => {
    const { here } = lab()
    using running = startExample('steer-ports', ['--first', '7000', '--last', '7009'], {
      inNamespaceOf: here.pid,
    })
    await running.printed('ports 7000 to 7009 lead to')
    for (const port of [7000, 7005, 7009])
      assert.equal(await here.connects('127.0.0.1', port), true)
    assert.equal(await here.connects('127.0.0.1', 7010), false)
    const { code, stdout } = await running.interrupt()
    assert.equal(code, 0)
    // A packet that a slow machine sends again, or that comes late, is looked up again.
    const steered = /^(\d+) connections steered, 0 failed$/m.exec(stdout)?.[1]
    assert.ok(Number(steered) >= 3 && Number(steered) <= 9, stdout)
  })
})
