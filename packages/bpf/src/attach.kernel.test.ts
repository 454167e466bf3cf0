import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
} from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execPath } from 'node:process'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { probeFeature } from './feature.ts'
import { buildTestProgram, callGetppid, mountPinFolder, skipUnless } from './kernel-test.ts'
import { takeInventory } from './kernel-info.ts'
import { forEachIterated, readIterator } from './iterator.ts'
import { openObject, type BpfObject } from './object.ts'

const isAllowed = (name: string) => ({ [name]: { autoload: 'if-supported' } }) as const

async function hooks(): Promise<BpfObject> {
  return openObject(await buildTestProgram('hooks'), {
    programs: { ...isAllowed('on_chroot'), ...isAllowed('on_test') },
  }).load()
}

/** Folder of the version 2 hierarchy, found as a program should: by its type in mountinfo. */
function cgroup2(): string | undefined {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((candidate) => candidate.includes(' - cgroup2 '))
  return line?.split(' ')[4]
}

function hits(object: BpfObject, index: number): bigint {
  return object.map<number, bigint>('hits').get(index) ?? -1n
}

suite('links', { skip: skipUnless('tp_btf') }, () => {
  test('a raw tracepoint brings hits until its link goes', async () => {
    using object = await hooks()
    {
      using _link = object.attach('on_switch')
      // Attaching may take longer than the sleep, which then ends at once without a switch.
      for (let tries = 0; tries < 100 && hits(object, 2) === 0n; tries++) await sleep(20)
      assert.ok(hits(object, 2) > 0n)
    }
    const after = hits(object, 2)
    await sleep(20)
    assert.equal(hits(object, 2), after, 'detached')
  })

  const noTracefs = existsSync('/sys/kernel/tracing/events')
    ? false
    : 'needs tracefs at /sys/kernel/tracing'
  test('a classic tracepoint brings hits until its link goes', { skip: noTracefs }, async () => {
    using object = await hooks()
    {
      using _link = object.attach('on_getppid')
      callGetppid(5)
      assert.ok(hits(object, 3) >= 5n)
    }
    const after = hits(object, 3)
    callGetppid(5)
    assert.equal(hits(object, 3), after, 'detached')
  })

  test('programs of a cgroup run beside each other, and only for its processes', async () => {
    const root = cgroup2()
    assert.ok(root !== undefined, 'a version 2 cgroup hierarchy is mounted')
    const cgroup = join(root, `bpf-test-${process.pid}`)
    mkdirSync(cgroup)
    const server: Server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
    try {
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      using object = await hooks()
      using second = await hooks()
      using _connect = object.attach('on_connect', { cgroup })
      using _egress = object.attach('on_packet', { cgroup })
      using _other = second.attach('on_connect', { cgroup })
      const connect = `require("net").connect(${port}, "127.0.0.1").on("connect", () => process.exit(0))`
      execFileSync(execPath, ['-e', connect])
      assert.equal(hits(object, 1), 0n, 'a process outside is not seen')
      // The server answers from this process, so the child may run while we wait.
      await promisify(execFile)('/bin/sh', [
        '-c',
        `echo $$ > ${cgroup}/cgroup.procs; exec "$0" -e '${connect}'`,
        execPath,
      ])
      assert.equal(hits(object, 1), 1n)
      assert.equal(hits(second, 1), 1n)
      assert.ok(hits(object, 0) > 0n)
      assert.throws(() => object.attach('on_connect'), { code: 'BPF_ARGUMENT' })
      assert.throws(() => object.attach('on_connect', { cgroup: '/nonexistent' }), {
        code: 'BPF_ATTACH_FAILED',
      })
      assert.throws(() => object.attach('on_connect', { cgroup: '/tmp' }), {
        code: 'BPF_ATTACH_FAILED',
      })
    } finally {
      server.close()
      await sleep(50)
      rmdirSync(cgroup)
    }
  })

  test('lsm and fentry attach where the kernel allows, and say why where not', async () => {
    using object = await hooks()
    for (const [program, feature] of [
      ['on_chroot', 'lsm'],
      ['on_test', 'fentry'],
    ] as const) {
      const answer = probeFeature(feature)
      assert.equal(object.program(program).isLoaded, answer.supported)
      if (answer.supported) {
        using _link = object.attach(program)
      } else {
        assert.deepEqual(object.unsupported.get(program), answer)
        assert.throws(() => object.attach(program), { code: 'BPF_CLOSED' })
      }
    }
  })

  test('are gone from the kernel when they are disposed', async () => {
    using object = await hooks()
    const link = object.attach('on_switch')
    const { id } = link.info
    assert.ok(takeInventory().links.has(id))
    link[Symbol.dispose]()
    link[Symbol.dispose]()
    // Links are freed after an RCU grace period.
    for (let tries = 0; takeInventory().links.has(id) && tries < 50; tries++) await sleep(10)
    assert.ok(!takeInventory().links.has(id))
  })
})

suite('iterators', { skip: skipUnless('iter/task', 'iter/task_file', 'iter/tcp') }, () => {
  test('list tasks, open files and TCP sockets', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      using object = openObject(await buildTestProgram('iterators')).load()
      using tasks = object.attach('dump_task')
      const pids = new Map<number, number>()
      const count = forEachIterated(tasks, 40, (m, at) =>
        pids.set(m.u32[(at + 8) >>> 2] ?? 0, m.u32[(at + 16) >>> 2] ?? 0),
      )
      assert.equal(pids.get(process.pid), process.ppid)
      assert.ok(pids.has(process.ppid))
      assert.ok(count >= pids.size)
      assert.ok(readIterator(tasks).length > 0, 'a link can be walked again')

      using files = object.attach('dump_task_file')
      const mine: number[] = []
      forEachIterated(files, 8, (m, at) => {
        if (m.u32[at >>> 2] === process.pid) mine.push(m.u32[(at + 4) >>> 2] ?? -1)
      })
      assert.ok(mine.includes(files.fd))

      using sockets = object.attach('dump_tcp')
      const ports: number[] = []
      forEachIterated(sockets, 8, (m, at) => void ports.push(m.u16[(at + 4) >>> 1] ?? 0))
      assert.ok(ports.includes((server.address() as AddressInfo).port))
      // Of another size: in no number of tasks that may run by now.
      const oddBytes = 40 * 3 * count + 1
      assert.throws(() => forEachIterated(tasks, oddBytes, () => undefined), {
        code: 'BPF_ARGUMENT',
      })
      assert.throws(() => readIterator(tasks, { maxBytes: 64 }), { code: 'BPF_ARGUMENT' })
    } finally {
      server.close()
    }
  })
})

suite('without root', { skip: skipUnless('tp_btf') }, () => {
  const loading = `
    import { openObject, BpfError } from '${new URL('index.ts', import.meta.url).href}'
    import { readFileSync } from 'node:fs'
    const bytes = new Uint8Array(readFileSync(0))
    try {
      using object = openObject(bytes, { rodata: { target_tgid: process.pid } }).load()
      using ring = object.ring('events')
      using link = object.attach('on_call')
      for (let i = 0; i < 10; i++) process.ppid
      console.log(process.getuid(), ring.drain(() => undefined).records)
    } catch (error) {
      if (!(error instanceof BpfError)) throw error
      console.log(process.getuid(), error.code)
    }`

  const pinning = `
    import { makePinFolder, openObject, openPinnedLink, openPinnedRing, unpin } from '${new URL('index.ts', import.meta.url).href}'
    import { readFileSync } from 'node:fs'
    const bytes = new Uint8Array(readFileSync(0))
    const folder = process.argv.at(-1) + '/pins'
    makePinFolder(folder)
    const open = () => openObject(bytes, {
      pinRoot: folder,
      rodata: { target_tgid: process.pid },
      maps: { events: { pin: 'events' }, counters: { pin: 'counters' } },
    }).load()
    {
      using object = open()
      using link = object.attach('on_call', { pin: folder + '/link' })
    }
    for (let i = 0; i < 10; i++) process.ppid
    {
      using again = open()
      using link = openPinnedLink(folder + '/link')
      using ring = openPinnedRing(folder + '/events')
      console.log(process.getuid(), ring.drain(() => undefined).records, again.map('counters').get(0).sequence)
    }
    for (const name of ['link', 'events', 'counters']) unpin(folder + '/' + name)`

  const atFunctions = `
    import { findKernelFunctions, openObject } from '${new URL('index.ts', import.meta.url).href}'
    import { chmodSync, linkSync, readFileSync } from 'node:fs'
    const bytes = new Uint8Array(readFileSync(0))
    using object = openObject(bytes, {
      rodata: { target_tgid: process.pid },
      programs: { count_end: { autoload: true, fexit: '__x64_sys_link' } },
    }).load()
    using copy = object.copyTo('count_end', findKernelFunctions(['__x64_sys_chmod'])[0])
    using links = object.attach('count_end')
    using chmods = copy.attach()
    for (const call of [() => linkSync('/no/such', '/no/other'), () => chmodSync('/no/such', 0o600)])
      try { call() } catch {}
    console.log(process.getuid(), [...object.map('ends').entries()].map(String).sort().join(' '))`

  async function runAs(
    capabilities: string,
    script: string = loading,
    values: readonly string[] = [],
    program: Parameters<typeof buildTestProgram>[0] = 'events',
  ): Promise<string> {
    const input = readFileSync(await buildTestProgram(program))
    const caps =
      capabilities === ''
        ? ['--inh-caps=-all']
        : [`--inh-caps=-all,${capabilities}`, `--ambient-caps=-all,${capabilities}`]
    // In a mount namespace of its own the clone also lies where every user may read it: many a clone is under
    // root's home.
    const shown = mkdtempSync(join(tmpdir(), 'hg-nobody-'))
    chmodSync(shown, 0o755)
    try {
      return execFileSync(
        '/usr/bin/unshare',
        [
          ...['--mount', '--propagation', 'private', '--', '/bin/sh', '-c'],
          'mount --bind "$1" "$2" && shift 2 && exec "$@"',
          ...['sh', clone, shown],
          '/usr/bin/setpriv',
          ...['--reuid=65534', '--regid=65534', '--clear-groups'],
          ...caps,
          '--no-new-privs',
          execPath.startsWith(`${clone}/`) ? shown + execPath.slice(clone.length) : execPath,
          '--input-type=module-typescript',
          '-e',
          script.replaceAll(
            new URL('index.ts', import.meta.url).href,
            pathToFileURL(shown + join(import.meta.dirname, 'index.ts').slice(clone.length)).href,
          ),
          ...values,
        ],
        { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' },
      ).trim()
    } finally {
      rmdirSync(shown)
    }
  }
  const clone = resolve(import.meta.dirname, '../../..')

  test('CAP_BPF and CAP_PERFMON are enough to load, attach and read', async () => {
    assert.equal(await runAs('+bpf,+perfmon'), '65534 10')
  })

  test(
    'CAP_BPF and CAP_PERFMON are enough at functions of the kernel',
    { skip: skipUnless('fentry') },
    async () => {
      const said = await runAs('+bpf,+perfmon', atFunctions, [], 'calls')
      assert.equal(said, '65534 86,1 90,1')
    },
  )

  test('pins in a folder of its own outlive it, and are opened again', async () => {
    using folder = mountPinFolder()
    chmodSync(folder.path, 0o700)
    chownSync(folder.path, 65_534, 65_534)
    assert.equal(await runAs('+bpf,+perfmon', pinning, [folder.path]), '65534 10 10n')
  })

  test('without capabilities the error says what is needed', async () => {
    assert.equal(await runAs(''), '65534 BPF_NOT_PERMITTED')
  })
})
