import assert from 'node:assert/strict'
import { chmodSync, existsSync, lchownSync, linkSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { BpfError } from './error.ts'
import { findKernelFunctions } from './kernel-function.ts'
import { buildTestProgram, mountPinFolder, skipUnless } from './kernel-test.ts'
import { openObject } from './object.ts'
import { openPinnedLink } from './link.ts'
import { unpin } from './pin.ts'

const fails = (call: () => void): void => assert.throws(call, { code: 'ENOENT' })
const missing = '/nonexistent/file'

suite('functions of the kernel', { skip: skipUnless('fentry') }, () => {
  test('are found by name, with what they have in common', () => {
    const found = findKernelFunctions(['vfs_read', 'no_such_function', 'vfs_write', 'ksys_read'])
    const names = found.map(({ name }) => name)
    assert.deepEqual(names.slice(0, 2), ['vfs_read', 'vfs_write'])
    assert.ok(!names.includes('no_such_function'))
    assert.ok(found.every(({ typeId, prototypeId }) => typeId > 0 && prototypeId > 0))
    // The buffer of one is const.
    assert.notEqual(found[0]?.prototypeId, found[1]?.prototypeId)
  })

  test('a program of a tracepoint runs at the ends of many, on the maps of another object', async () => {
    using pins = mountPinFolder()
    const path = await buildTestProgram('calls')
    const rodata = { target_tgid: process.pid }
    using first = openObject(path, {
      rodata,
      programs: { count_end: { autoload: true, fexit: '__x64_sys_link' } },
    }).load()
    const [chmod, lchown] = findKernelFunctions(['__x64_sys_chmod', '__x64_sys_lchown'])
    assert.ok(chmod && lchown)
    using atChmod = first.copyTo('count_end', chmod)
    const pin = join(pins.path, 'lchown')
    {
      using atLchown = first.copyTo('count_end', lchown)
      using _link = atLchown.attach({ pin })
      assert.equal(atLchown.info().name, 'count_end')
      assert.equal(atLchown.target.name, '__x64_sys_lchown')
    }
    // Another object on the same map, with constants of its own.
    using second = openObject(path, {
      rodata: { ...rodata, step: 100n },
      maps: { ends: { reuse: first.map('ends') } },
      programs: { count_end: { autoload: true, fexit: '__x64_sys_link' } },
    }).load()
    {
      using _chmod = atChmod.attach()
      using _link = second.attach('count_end')
      fails(() => chmodSync(missing, 0o600))
      fails(() => chmodSync(missing, 0o600))
      fails(() => lchownSync(missing, 0, 0))
      fails(() => linkSync(missing, `${missing}2`))
      assert.ok(existsSync('/proc/self/stat'))
    }
    fails(() => chmodSync(missing, 0o600))
    assert.ok(openPinnedLink(pin).info.programId > 0)
    unpin(pin)
    const ends = new Map(first.map<number, bigint>('ends').entries())
    assert.deepEqual(
      [...ends].toSorted(([a], [b]) => a - b),
      [
        [86, 100n],
        [90, 2n],
        [94, 1n],
      ],
    )
  })

  test('what is not loaded, or a function that the kernel does not have, is refused with the reason', async () => {
    const path = await buildTestProgram('calls')
    using object = openObject(path, {
      programs: { count_end: { autoload: true, fexit: '__x64_sys_link' } },
    })
    const [target] = findKernelFunctions(['__x64_sys_chmod'])
    assert.ok(target)
    assert.throws(() => object.copyTo('count_end', target), { code: 'BPF_CLOSED' })
    assert.throws(() => object.copyTo('no_such', target), { code: 'BPF_NOT_FOUND' })
    object.load()
    // Beyond the types of any kernel.
    const [other] = findKernelFunctions(['__x64_sys_chmod']).map((found) => ({
      ...found,
      typeId: found.typeId + 100_000_000,
    }))
    assert.ok(other)
    assert.throws(() => object.copyTo('count_end', other), { code: 'BPF_LOAD_FAILED' })
    assert.throws(
      () => openObject(path, { programs: { count_end: { autoload: true, fexit: 'no_such' } } }),
      (cause) => cause instanceof BpfError && cause.code === 'BPF_TARGET_MISSING',
    )
  })
})
