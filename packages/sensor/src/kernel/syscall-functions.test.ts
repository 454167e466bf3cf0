import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { probes } from '../../gen/probes.ts'
import { functionsOfCompatCalls, functionsOfNativeCalls } from './syscall-functions.ts'

suite('functions of system calls', () => {
  test('there is a name for every call that a probe asks for', () => {
    for (const { name, syscallExits, better } of probes)
      for (const exit of [...syscallExits, ...(better?.syscallExits ?? [])]) {
        assert.doesNotThrow(() => functionsOfNativeCalls([exit]), `${name} ${exit.program}`)
        assert.doesNotThrow(() => functionsOfCompatCalls([exit]), `${name} ${exit.program}`)
      }
  })

  test('a call of x32 alone has a function of its own, a 32-bit one may have two', () => {
    assert.deepEqual(functionsOfNativeCalls([{ program: 'p', native: [59, 520], compat: [] }]), [
      '__x64_sys_execve',
      '__x64_compat_sys_execve',
    ])
    assert.deepEqual(functionsOfCompatCalls([{ program: 'p', native: [], compat: [11, 21] }]), [
      '__ia32_compat_sys_execve',
      '__ia32_sys_execve',
      '__ia32_compat_sys_mount',
      '__ia32_sys_mount',
    ])
  })

  test('a number without a name is an error, not a call that nobody sees', () => {
    assert.throws(
      () => functionsOfNativeCalls([{ program: 'p', native: [39], compat: [] }]),
      /system call 39 has no name here/,
    )
  })
})
