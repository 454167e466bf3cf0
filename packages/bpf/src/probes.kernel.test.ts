import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { probeFeature } from './feature.ts'
import {
  buildTestProgram,
  callGetppid,
  mountPinFolder,
  skipUnless,
  waitUntilGone,
} from './kernel-test.ts'
import { openNativeElf } from './native-elf.ts'
import { openObject, type BpfObject, type OpenOptions } from './object.ts'
import { onlineCpus } from './sampling.ts'
import { processNames } from './symbols.ts'
import { buildTarget, startTarget, targetKinds } from './test/target.ts'
import { findBinary } from './uprobe.ts'

interface Seen {
  readonly calls: bigint
  readonly returns: bigint
  readonly argument: bigint
  readonly returned: bigint
  readonly cookie: bigint
  readonly tgid: number
}

/** What not every kernel has. */
const optional: Readonly<Record<string, readonly string[]>> = {
  probes: ['on_kernel_call', 'on_kernel_return'],
  'probes-multi': ['on_functions', 'on_returns', 'on_kernel_functions'],
}

async function load(name: string, options: OpenOptions = {}): Promise<BpfObject> {
  const programs = (optional[name] ?? []).map(
    (program) => [program, { autoload: 'if-supported' }] as const,
  )
  return openObject(await buildTestProgram(name), {
    ...options,
    programs: Object.fromEntries(programs),
  }).load()
}

function seen(object: BpfObject, index: number): Seen {
  const found = object.map<number, Seen>('seen').get(index)
  assert.ok(found)
  return found
}

suite('uprobes', { skip: skipUnless('uprobe') }, () => {
  for (const kind of targetKinds) {
    test(`are found by symbol in a ${kind} program, with argument, result and cookie`, async () => {
      using target = await startTarget(kind)
      using object = await load('probes', { rodata: { target_tgid: target.pid } })
      const uprobe = { binary: buildTarget(kind), function: 'first' }
      {
        using _call = object.attach('on_call', { uprobe: { ...uprobe, cookie: 77n } })
        using _return = object.attach('on_return', { uprobe })
        await target.tell('5')
      }
      assert.deepEqual(seen(object, 0), {
        calls: 5n,
        returns: 5n,
        argument: 4n,
        returned: 11n,
        cookie: 77n,
        tgid: target.pid,
        _pad: 0,
      })
      await target.tell('5')
      assert.equal(seen(object, 0).calls, 5n, 'detached')
    })
  }

  test('in one process only, and at an offset of the file', async () => {
    using target = await startTarget('pie')
    using other = await startTarget('pie')
    using object = await load('probes')
    const binary = buildTarget('pie')
    const found = openNativeElf(binary).findFunction('second')
    assert.ok(found && found.sizeBytes > 0)
    using _call = object.attach('on_call', {
      uprobe: { binary, offset: found.fileOffset, pid: target.pid },
    })
    await other.tell('3')
    assert.equal(seen(object, 0).calls, 0n)
    await target.tell('4')
    assert.equal(seen(object, 0).calls, 4n)
    assert.equal(seen(object, 0).tgid, target.pid)
  })

  test('in libc, as the section says it', async () => {
    using target = await startTarget('pie')
    using object = await load('probes', { rodata: { target_tgid: target.pid } })
    const link = object.attach('on_libc')
    await target.tell('6')
    assert.equal(seen(object, 1).calls, 6n)
    const { id } = link.info
    link[Symbol.dispose]()
    await waitUntilGone('links', id)
  })

  test('a pinned one goes on without a descriptor of its event', async () => {
    using folder = mountPinFolder()
    using target = await startTarget('pie')
    using object = await load('probes', { rodata: { target_tgid: target.pid } })
    const uprobe = { binary: buildTarget('pie'), function: 'first' }
    object.attach('on_call', { uprobe, pin: join(folder.path, 'link') })[Symbol.dispose]()
    await target.tell('2')
    assert.equal(seen(object, 0).calls, 2n)
  })

  test('what is not there is named, with what is there instead', async () => {
    using object = await load('probes')
    const attach = (binary: string, name?: string) => (): void => {
      const uprobe = name === undefined ? { binary } : { binary, function: name }
      object.attach('on_call', { uprobe })[Symbol.dispose]()
    }
    assert.throws(attach(buildTarget('pie'), 'firs'), {
      code: 'BPF_NOT_FOUND',
      message: /no function firs in .*; there are: first/,
    })
    assert.throws(attach('/nonexistent', 'x'), { code: 'BPF_NOT_FOUND' })
    assert.throws(attach('no-such-program-xyz', 'x'), { code: 'BPF_NOT_FOUND', message: /bin/ })
    assert.throws(attach('libno-such.so.1', 'x'), { code: 'BPF_NOT_FOUND', message: /lib/ })
    assert.throws(attach('/etc/passwd', 'x'), { code: 'BPF_ELF_INVALID' })
    assert.throws(() => object.attach('on_call'), { code: 'BPF_ARGUMENT', message: /uprobe/ })
    assert.ok(findBinary('libc.so.6').endsWith('/libc.so.6'))
    assert.equal(findBinary('./x'), join(process.cwd(), 'x'))
  })

  test('many functions by one link', { skip: skipUnless('uprobe_multi') }, async () => {
    using target = await startTarget('fixed')
    using object = await load('probes-multi', { rodata: { target_tgid: target.pid } })
    const uprobe = {
      binary: buildTarget('fixed'),
      functions: ['first', 'second'],
      cookies: [10n, 20n],
    }
    {
      using link = object.attach('on_functions', { uprobe })
      assert.equal(link.info.type, 12, 'BPF_LINK_TYPE_UPROBE_MULTI')
      await target.tell('3')
      using _returns = object.attach('on_returns', {
        uprobe: { binary: uprobe.binary, function: 'second', cookie: 30n, pid: target.pid },
      })
      await target.tell('4')
    }
    await target.tell('9')
    const counts = new Map(object.map<bigint, bigint>('by_cookie'))
    assert.deepEqual(
      counts,
      new Map([
        [10n, 7n],
        [20n, 7n],
        [30n, 4n],
      ]),
    )
    assert.throws(() => object.attach('on_functions', { uprobe: { ...uprobe, cookies: [1n] } }), {
      code: 'BPF_ARGUMENT',
    })
  })
})

suite('kprobes', { skip: skipUnless('kprobe') }, () => {
  test('see calls of a kernel function and their ends', async () => {
    using object = await load('probes', { rodata: { target_tgid: process.pid } })
    {
      using _call = object.attach('on_kernel_call')
      using _return = object.attach('on_kernel_return')
      callGetppid(8)
    }
    callGetppid(8)
    const { calls, returns, returned } = seen(object, 2)
    assert.deepEqual([calls, returns], [8n, 8n])
    assert.equal(returned, BigInt(process.ppid))
    const kprobe = { function: 'no_such_function_here' }
    assert.throws(() => object.attach('on_kernel_call', { kprobe }), {
      code: 'BPF_ATTACH_FAILED',
      errnoName: 'ENOENT',
    })
    assert.throws(
      () => object.attach('on_kernel_return', { kprobe: { function: 'do_exit', offset: 4 } }),
      { code: 'BPF_ARGUMENT' },
    )
  })

  test('many by one link and by a pattern', { skip: skipUnless('kprobe_multi') }, async () => {
    using object = await load('probes-multi', { rodata: { target_tgid: process.pid } })
    const attach = object.attach('on_kernel_functions')
    callGetppid(3)
    attach[Symbol.dispose]()
    const counts = object.map<bigint, bigint>('by_cookie')
    assert.equal(counts.get(0n), 3n)
    const functions = ['__x64_sys_getppid', '__x64_sys_getpid']
    using _named = object.attach('on_kernel_functions', {
      kprobe: { functions, cookies: [1n, 2n] },
    })
    callGetppid(5)
    assert.equal(counts.get(1n), 5n)
    assert.throws(
      () => object.attach('on_kernel_functions', { kprobe: { functions: ['no_such_*'] } }),
      { code: 'BPF_TARGET_MISSING' },
    )
  })
})

suite('what a kernel or a machine lacks', { skip: skipUnless('uprobe') }, () => {
  test('kprobes are told by feature and kernel', async () => {
    using object = openObject(await buildTestProgram('probes')).load()
    if (probeFeature('kprobe').supported) {
      using _link = object.attach('on_kernel_call')
      return
    }
    assert.throws(() => object.attach('on_kernel_call'), {
      code: 'BPF_TARGET_MISSING',
      feature: 'kprobe',
      minimumKernel: '4.1',
      message: /CONFIG_KPROBE_EVENTS/,
    })
  })

  test('classic tracepoints bring the cookie, or say that tracefs is not mounted', async () => {
    using object = await load('probes', { rodata: { target_tgid: process.pid } })
    if (!existsSync('/sys/kernel/tracing/events')) {
      assert.throws(() => object.attach('on_tracepoint'), {
        code: 'BPF_TARGET_MISSING',
        message: /tracefs is not mounted/,
      })
      return
    }
    {
      using _link = object.attach('on_tracepoint', { cookie: 5n })
      callGetppid(4)
    }
    callGetppid(4)
    const { calls, cookie } = seen(object, 3)
    assert.deepEqual([calls, cookie], [4n, 5n])
  })
})

suite('samples', { skip: skipUnless('perf_event', 'stack_trace') }, () => {
  test('show where a process computes, by the names of its functions', async () => {
    using target = await startTarget('pie')
    using object = await load('probes', { rodata: { target_tgid: target.pid } })
    using links = new DisposableStack()
    for (const cpu of onlineCpus())
      links.use(object.attach('on_sample', { sampling: { frequencyHz: 997, on: { cpu } } }))
    const stacks = object.map<number>('stacks')
    const samples = object.map<number, bigint>('samples')
    const names = processNames(target.pid)
    const found = new Set<string>()
    // On a busy machine the target may get little of a processor: until it was seen there.
    for (let tries = 0; tries < 50 && !found.has('spin'); tries++) {
      await target.tell('spin 200')
      for (const id of samples.keys())
        for (const address of stacks.stack(id) ?? []) {
          const name = names.find(address)
          if (name) found.add(name.name)
        }
    }
    assert.ok(found.has('spin'), [...found].join())
    assert.equal(names.find(1n), undefined)
  })

  test('of one thread only come while it runs', async () => {
    using target = await startTarget('pie')
    using object = await load('probes')
    const samples = object.map<number, bigint>('samples')
    {
      using _link = object.attach('on_sample', {
        sampling: { frequencyHz: 997, on: { threadId: target.pid } },
      })
      for (let tries = 0; tries < 50 && samples.keys().next().done === true; tries++)
        await target.tell('spin 100')
    }
    const total = (): bigint => samples.entries().reduce((sum, [, count]) => sum + count, 0n)
    const after = total()
    assert.ok(after > 0n)
    await target.tell('spin 100')
    assert.equal(total(), after, 'detached')
    assert.throws(
      () => object.attach('on_sample', { sampling: { frequencyHz: 0, on: { cpu: 0 } } }),
      { code: 'BPF_ARGUMENT' },
    )
    assert.throws(
      () => object.attach('on_sample', { sampling: { frequencyHz: 9, on: { cpu: 9999 } } }),
      { code: 'BPF_ATTACH_FAILED' },
    )
  })
})
