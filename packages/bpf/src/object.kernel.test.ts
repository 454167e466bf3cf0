import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { generateDecoders } from './decoder-source.ts'
import { BpfError } from './error.ts'
import { probeFeature } from './feature.ts'
import { takeInventory } from './kernel-info.ts'
import { buildTestProgram, callGetppid, mountPinFolder, skipUnless } from './kernel-test.ts'
import { readObjectLayout } from './layout.ts'
import { openPinnedLink } from './link.ts'
import { openPinnedMap } from './map.ts'
import { openObject } from './object.ts'
import { unpin } from './pin.ts'
import { openPinnedProgram } from './pinned-program.ts'

function thrown(call: () => unknown): BpfError {
  try {
    call()
  } catch (error) {
    assert.ok(error instanceof BpfError, `${String(error)} is a BpfError`)
    return error
  }
  assert.fail('nothing was thrown')
}

suite('object', { skip: skipUnless('tp_btf', 'ringbuf') }, () => {
  test('loads, attaches, and brings events', async () => {
    using object = openObject(await buildTestProgram('events'), {
      rodata: { target_tgid: process.pid, negative_setting: -9n },
    })
    object.load()
    using ring = object.ring('events')
    using _link = object.attach('on_call')
    callGetppid(40)
    const drained = ring.drain(() => undefined)
    assert.equal(drained.records, 38)
    assert.equal(drained.discarded, 2, 'every 16th is discarded by the program')
    assert.deepEqual(object.map('counters').get(0), { sequence: 40n, lost: 0n })
  })

  test('refuses a read-only variable that does not exist or fit, with the known names', async () => {
    const path = await buildTestProgram('events')
    const unknown = thrown(() => openObject(path, { rodata: { no_such: 1 } }))
    assert.equal(unknown.code, 'BPF_NOT_FOUND')
    assert.match(unknown.message, /target_tgid/)
    const wide = thrown(() => openObject(path, { rodata: { target_tgid: 2 ** 32 } }))
    assert.equal(wide.code, 'BPF_ARGUMENT')
  })

  test('shows the last useful lines of the verifier', async () => {
    using object = openObject(await buildTestProgram('refused'))
    const error = thrown(() => object.load())
    assert.equal(error.code, 'BPF_VERIFIER_REFUSED')
    assert.equal(error.program, 'unchecked')
    assert.equal(error.errnoName, 'EACCES')
    assert.match(error.verifier.join('\n'), /R0 invalid mem access 'map_value_or_null'/)
    assert.match(error.message, /map_value_or_null/)
    assert.ok(error.fix.length > 0)
  })

  test('names the hook that the kernel lacks, and loads the rest without it', async () => {
    const path = await buildTestProgram('missing-target')
    {
      using object = openObject(path)
      const error = thrown(() => object.load())
      assert.equal(error.code, 'BPF_TARGET_MISSING')
      assert.match(error.message, /no_such_tracepoint/)
    }
    using object = openObject(path, { programs: { never: { autoload: 'if-supported' } } })
    object.load()
    assert.deepEqual(object.unsupported.get('never'), {
      supported: false,
      minimumKernel: '5.5',
      reason: 'the kernel has no tracepoint no_such_tracepoint',
    })
    assert.equal(object.program('never').isLoaded, false)
    using links = object.attachAll()
    assert.deepEqual([...links.links.keys()], ['always'])
  })

  test('loads only programs that are named, when the rest is to stay out', async () => {
    const path = await buildTestProgram('missing-target')
    using object = openObject(path, {
      programs: { always: { autoload: 'if-supported' } },
      autoload: false,
    })
    object.load()
    assert.equal(object.program('always').isLoaded, true)
    assert.equal(object.program('never').isLoaded, false)
    assert.equal(object.unsupported.size, 0)
  })

  test('refuses what is no object file', () => {
    assert.equal(thrown(() => openObject('/etc/passwd')).code, 'BPF_ELF_INVALID')
    assert.equal(thrown(() => openObject('/nonexistent')).code, 'BPF_ELF_INVALID')
    assert.equal(thrown(() => openObject(new Uint8Array(0))).code, 'BPF_ELF_INVALID')
    const native = thrown(() => openObject(process.execPath))
    assert.match(native.message, /machine/)
  })

  test('verifies the layout hash of generated decoders', async () => {
    const path = await buildTestProgram('events')
    using object = openObject(path)
    const { hash } = readObjectLayout(object.btf, ['event'])
    assert.match(
      generateDecoders(readFileSync(path), { structs: [{ name: 'event' }] }),
      new RegExp(hash),
    )
    using _same = openObject(path, { layout: { hash, structs: ['event'] } })
    const other = thrown(() =>
      openObject(path, { layout: { hash: '0'.repeat(16), structs: ['event'] } }),
    )
    assert.equal(other.code, 'BPF_LAYOUT_MISMATCH')
    const lacking = thrown(() => openObject(path, { layout: { hash, structs: ['nothing'] } }))
    assert.equal(lacking.code, 'BPF_LAYOUT_MISMATCH')
  })

  test('counts runs and verified instructions', async () => {
    using object = openObject(await buildTestProgram('events'), { rodata: { target_tgid: 1 } })
    object.load()
    const info = object.program('on_call').info()
    assert.equal(info.name, 'on_call')
    assert.equal(info.recursionMisses, 0n)
    assert.ok(info.verifiedInstructions === undefined || info.verifiedInstructions > 10)
    assert.equal(info.mapIds.length, 3, 'ring, counters, .rodata')
  })

  test('runs a program once on request', async () => {
    using object = openObject(await buildTestProgram('maps')).load()
    const program = object.program('count_run')
    assert.equal(program.testRun().returnValue, 7)
    program.testRun()
    assert.equal(object.map('array').get(0), 2n)
    const perCpu = object.map<number, number[]>('per_cpu').get(0) ?? []
    assert.equal(
      perCpu.reduce((sum, value) => sum + value, 0),
      2,
    )
  })

  test('leaves nothing behind', async () => {
    const path = await buildTestProgram('events')
    const before = takeInventory()
    {
      using object = openObject(path, { rodata: { target_tgid: process.pid } }).load()
      using _ring = object.ring('events')
      using _link = object.attach('on_call')
      callGetppid(10)
      assert.ok(
        takeInventory()
          .programs.values()
          .some(({ name }) => name === 'on_call'),
      )
    }
    const refused = await buildTestProgram('refused')
    thrown(() => {
      using object = openObject(refused)
      object.load()
    })
    // The kernel frees programs and maps after a grace period.
    for (let tries = 0; ; tries++) {
      const after = takeInventory()
      const left = [...after.programs.values(), ...after.maps.values()].filter(
        ({ id, name }) =>
          ['on_call', 'events', 'counters'].includes(name) &&
          !before.programs.has(id) &&
          !before.maps.has(id),
      )
      if (left.length === 0) break
      assert.ok(tries < 50, `left behind: ${left.map(({ name }) => name).join(', ')}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })

  test('a library that is disposed says so', async () => {
    const object = openObject(await buildTestProgram('events'))
    assert.equal(thrown(() => object.map('counters')).code, 'BPF_CLOSED', 'before load')
    object[Symbol.dispose]()
    assert.equal(thrown(() => object.load()).code, 'BPF_CLOSED')
  })
})

suite('pins', { skip: skipUnless('tp_btf', 'ringbuf') }, () => {
  test('a pinned map is used again, and one of another shape is refused', async () => {
    using folder = mountPinFolder()
    const path = await buildTestProgram('events')
    const maps = { counters: { pin: 'counters' }, events: { pin: 'events', maxEntries: 1 << 16 } }
    {
      using object = openObject(path, { pinRoot: folder.path, maps }).load()
      object.map('counters').set(0, { sequence: 5n, lost: 1n })
    }
    {
      using object = openObject(path, { pinRoot: folder.path, maps }).load()
      assert.deepEqual(object.map('counters').get(0), { sequence: 5n, lost: 1n })
    }
    using object = openObject(path, {
      pinRoot: folder.path,
      maps: { ...maps, events: { pin: 'events', maxEntries: 1 << 17 } },
    })
    assert.equal(thrown(() => object.load()).code, 'BPF_PIN_MISMATCH')
    using raw = openPinnedMap<Uint8Array, Uint8Array>(join(folder.path, 'counters'))
    assert.equal(raw.get(new Uint8Array(4))?.[0], 5)
    assert.equal(unpin(join(folder.path, 'counters')), true)
    assert.equal(unpin(join(folder.path, 'counters')), false)
    assert.equal(thrown(() => openPinnedMap(join(folder.path, 'counters'))).errnoName, 'ENOENT')
  })

  test('a pinned link goes on without its object, until it is unpinned', async () => {
    using folder = mountPinFolder()
    const pinned = join(folder.path, 'link')
    const maps = { counters: { pin: join(folder.path, 'counters') } }
    {
      using object = openObject(await buildTestProgram('events'), {
        maps,
        rodata: { target_tgid: process.pid },
      }).load()
      using _link = object.attach('on_call', { pin: pinned })
    }
    callGetppid(3)
    using counters = openPinnedMap<Uint8Array, Uint8Array>(maps.counters.pin)
    assert.equal(counters.get(new Uint8Array(4))?.[0], 3)
    {
      using link = openPinnedLink(pinned)
      assert.ok(link.info.programId > 0)
      unpin(pinned)
    }
    callGetppid(3)
    assert.equal(counters.get(new Uint8Array(4))?.[0], 3, 'detached with its last holder')
  })

  test('a pin is opened as what it is, and nothing else', async () => {
    using folder = mountPinFolder()
    const at = (name: string): string => join(folder.path, name)
    using object = openObject(await buildTestProgram('events'), {
      rodata: { target_tgid: 1 },
    }).load()
    object.program('on_call').pin(at('program'))
    object.map('counters').pin(at('map'))
    using link = object.attach('on_call', { pin: at('link') })
    using program = openPinnedProgram(at('program'))
    assert.equal(program.info().id, object.program('on_call').info().id)
    using again = openPinnedLink(at('link'))
    assert.equal(again.info.id, link.info.id)
    assert.equal(thrown(() => openPinnedMap(at('link'))).code, 'BPF_PIN_FAILED')
    assert.match(thrown(() => openPinnedLink(at('map'))).message, /no link but .*bpf.map/)
    assert.equal(thrown(() => openPinnedProgram(at('map'))).errnoName, 'EINVAL')
    assert.equal(thrown(() => object.map('counters').pin(at('map'))).errnoName, 'EEXIST')
  })

  test('says that no bpf filesystem is there', async () => {
    using object = openObject(await buildTestProgram('events')).load()
    const error = thrown(() => object.map('counters').pin('/tmp/not-a-bpffs'))
    assert.equal(error.code, 'BPF_FS_MISSING')
    const path = await buildTestProgram('events')
    assert.equal(thrown(() => openObject(path, { pinRoot: '/tmp' })).code, 'BPF_FS_MISSING')
  })
})

suite('feature probes', { skip: skipUnless() }, () => {
  test('answer with a value, and the same one twice', () => {
    const answer = probeFeature('lsm')
    assert.equal(probeFeature('lsm'), answer)
    if (!answer.supported) {
      assert.equal(answer.minimumKernel, '5.7')
      assert.ok(answer.reason.length > 10)
    }
    const never = probeFeature('tracepoint/no_such_thing')
    assert.equal(never.supported, false)
  })
})
