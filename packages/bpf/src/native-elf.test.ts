import assert from 'node:assert/strict'
import { execPath } from 'node:process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lastAtOrBelow, openNativeElf } from './native-elf.ts'
import { findBinary, parseUprobeTarget } from './uprobe.ts'
import { parseKprobeTarget, expandPatterns } from './kprobe.ts'
import { kernelNames, parseMappings } from './symbols.ts'
import { parseCpuList } from './sampling.ts'

suite('functions of a file', () => {
  test('of libc are found by name and by place', () => {
    const libc = openNativeElf(findBinary('libc.so.6'))
    const malloc = libc.findFunction('malloc')
    assert.ok(malloc && malloc.fileOffset > 0 && malloc.sizeBytes > 0)
    assert.equal(libc.functionAt(malloc.fileOffset + 1)?.fileOffset, malloc.fileOffset)
    assert.equal(libc.findFunction('no_such_function'), undefined)
    assert.equal(libc.functionAt(0), undefined)
    assert.ok(libc.namesLike('getaddrinf', 5).includes('getaddrinfo'))
    assert.equal(libc.namesLike('a', 3).length, 3)
  })

  test('of Node, whose file is large, are read without reading all of it', () => {
    const before = process.memoryUsage().arrayBuffers
    const main = openNativeElf(execPath).findFunction('main')
    assert.ok(main && main.fileOffset > 0)
    assert.ok(process.memoryUsage().arrayBuffers - before < 100 << 20)
  })

  test('that share a name are told apart, or refused', () => {
    const fixture = openNativeElf(fileURLToPath(new URL('fixtures/functions.so', import.meta.url)))
    assert.equal(fixture.findFunction('first')?.name, 'first')
    // Static in one source, exported by the other.
    const second = fixture.findFunction('second')
    assert.ok(second && second.fileOffset === fixture.findFunction('alias')?.fileOffset)
    assert.throws(() => fixture.findFunction('twice'), {
      code: 'BPF_ARGUMENT',
      message: /several functions are called twice/,
    })
  })

  test('what is no program is named', () => {
    assert.throws(() => openNativeElf('/etc/passwd'), {
      code: 'BPF_ELF_INVALID',
      message: /\/etc\/passwd: /,
    })
    assert.throws(() => openNativeElf('/nonexistent'), { code: 'BPF_NOT_FOUND' })
    assert.throws(() => openNativeElf('/'), { code: 'BPF_ELF_INVALID' })
  })

  test('a place is looked up among ascending ones', () => {
    const sorted = Float64Array.of(10, 20, 20, 30)
    assert.deepEqual(
      [5, 10, 15, 20, 29, 30, 99].map((value) => lastAtOrBelow(sorted, value)),
      [-1, 0, 0, 2, 2, 3, 3],
    )
    assert.equal(lastAtOrBelow([], 1), -1)
  })
})

suite('targets of probes', () => {
  test('in sections are read as libbpf reads them', () => {
    assert.deepEqual(parseUprobeTarget('/bin/bash:readline'), {
      binary: '/bin/bash',
      function: 'readline',
    })
    assert.deepEqual(parseUprobeTarget('libc.so.6:malloc+0x10'), {
      binary: 'libc.so.6',
      function: 'malloc',
      offset: 16,
    })
    assert.deepEqual(parseUprobeTarget('/bin/x:0x40+2'), { binary: '/bin/x', offset: 66 })
    assert.equal(parseUprobeTarget('malloc'), undefined)
    assert.deepEqual(parseKprobeTarget('tcp_connect+8'), { function: 'tcp_connect', offset: 8 })
    assert.equal(parseKprobeTarget(''), undefined)
  })

  test('of many functions are patterns', () => {
    const names = ['tcp_send', 'tcp_recv', 'tcp', 'udp_send', 'tcp_send']
    assert.deepEqual(expandPatterns(['tcp_*'], names), ['tcp_send', 'tcp_recv'])
    assert.deepEqual(expandPatterns(['?dp_send', 'tcp'], names), ['tcp', 'udp_send'])
    assert.deepEqual(expandPatterns(['tcp.*'], names), [])
  })
})

suite('names of addresses', () => {
  test('of the kernel come from its list of symbols, where it shows addresses', () => {
    const names = kernelNames(
      'ffffffff81000000 T start\nffffffff81000100 t next\nffffffff81000050 D data\n0000000000000000 T hidden\n',
    )
    assert.deepEqual(names.find(0xffffffff81000080n), {
      name: 'start',
      offset: 0x80n,
      module: '[kernel]',
    })
    assert.equal(names.find(0xffffffff80ffffffn), undefined)
    assert.equal(kernelNames('0000000000000000 T hidden\n').find(1n), undefined)
  })

  test('of a process lie in its executable mappings', () => {
    const text =
      '55d0-55e0 r--p 00000000 fe:01 12 /bin/a b\n' +
      '55e0-55f0 r-xp 00001000 fe:01 12   /bin/a b\n' +
      '7f00-7f10 r-xp 00000000 00:00 0 \n'
    assert.deepEqual(parseMappings(text), [
      { start: 0x55e0n, end: 0x55f0n, fileOffset: 0x1000n, path: '/bin/a b' },
      { start: 0x7f00n, end: 0x7f10n, fileOffset: 0n, path: '' },
    ])
  })

  test('lists of CPUs are as the kernel writes them', () => {
    assert.deepEqual(parseCpuList('0-2,5\n'), [0, 1, 2, 5])
    assert.deepEqual(parseCpuList('0\n'), [0])
    assert.deepEqual(parseCpuList('\n'), [])
  })
})
