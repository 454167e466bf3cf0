import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { probeFeature } from './feature.ts'
import { buildTestProgram, skipUnless } from './kernel-test.ts'
import { openObject } from './object.ts'

/** Programs by the number that they count under. */
const programs = [
  ...['packet_in', 'packet_out', 'socket_made', 'socket_closed', 'bind4', 'bound4', 'connect4'],
  ...['send4', 'receive4', 'peer4', 'own4', 'state', 'option_set', 'option_read', 'setting'],
  ...['device', 'connect_unix'],
] as const

/** A cgroup of our own, gone when its processes are. */
class OwnCgroup implements AsyncDisposable {
  readonly path: string

  constructor() {
    const line = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .find((candidate) => candidate.includes(' - cgroup2 '))
    const root = line?.split(' ')[4]
    if (root === undefined) throw new Error('no version 2 cgroup hierarchy is mounted')
    this.path = join(root, `bpf-kinds-${process.pid}`)
    mkdirSync(this.path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        rmdirSync(this.path)
        return
      } catch (cause) {
        if (tries === 100) throw cause
        await sleep(20) // its last process is being reaped
      }
    }
  }
}

/** What a process in it does: something for each of the programs. */
const traffic = `
  const { createServer, connect } = require('node:net')
  const { createSocket } = require('node:dgram')
  const { closeSync, openSync, readFileSync } = require('node:fs')
  readFileSync('/proc/sys/kernel/ostype')
  closeSync(openSync('/dev/zero', 'r'))
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
    const socket = connect(server.address().port, '127.0.0.1', () => {
      socket.setNoDelay(true)
      void socket.remoteAddress
      socket.on('close', () => server.close())
      socket.resume()
    })
  })
  const udp = createSocket('udp4')
  udp.bind(0, '127.0.0.1', () => {
    udp.getSendBufferSize()
    udp.on('message', () => udp.close())
    udp.send('x', udp.address().port, '127.0.0.1')
  })
  const local = createServer((socket) => socket.end()).listen('\\0bpf-kinds-' + process.pid, () => {
    connect('\\0bpf-kinds-' + process.pid).resume().on('close', () => local.close())
  })`

suite('programs of a cgroup', { skip: skipUnless('cgroup_sock_addr', 'sockops') }, () => {
  test('of every kind see what a process in it does, and nothing else', async () => {
    await using cgroup = new OwnCgroup()
    using object = openObject(await buildTestProgram('cgroup'), {
      programs: { connect_unix: { autoload: 'if-supported' } },
    }).load()
    using links = new DisposableStack()
    const attached = programs.filter((name) => object.program(name).isLoaded)
    for (const name of attached) links.use(object.attach(name, { cgroup: cgroup.path }))
    const hits = object.map<number, bigint>('hits')
    const counts = (): bigint[] => attached.map((name) => hits.get(programs.indexOf(name)) ?? 0n)
    await promisify(execFile)(execPath, ['-e', traffic])
    assert.deepEqual(new Set(counts()), new Set([0n]), 'a process outside')
    await promisify(execFile)('/bin/sh', [
      '-c',
      `echo $$ > ${cgroup.path}/cgroup.procs; exec "$0" -e "$1"`,
      ...[execPath, traffic],
    ])
    assert.deepEqual(
      attached.filter((name) => hits.get(programs.indexOf(name)) === 0n),
      [],
    )
    assert.equal(attached.includes('connect_unix'), probeFeature('cgroup_sock_addr_unix').supported)
  })
})
