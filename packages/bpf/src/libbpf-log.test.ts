import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { BpfError, bpfErrors } from './error.ts'
import { digestLog } from './libbpf-log.ts'

suite('log digest', () => {
  test('keeps the last useful lines of a verifier log and counts the rest', () => {
    const lines = Array.from({ length: 100 }, (_, i) => `${i}: r0 = ${i}`)
    const digest = digestLog([
      { text: "libbpf: prog 'on_exec': BPF program load failed: Permission denied\n" },
      {
        text:
          "libbpf: prog 'on_exec': -- BEGIN PROG LOAD LOG --\n" +
          `${lines.join('\n')}\nR0 invalid mem access 'scalar'\n` +
          'processed 101 insns (limit 1000000) max_states_per_insn 0\n-- END PROG LOAD LOG --\n',
      },
      { text: "libbpf: failed to load program 'on_exec'\n" },
    ])
    assert.equal(digest.program, 'on_exec')
    assert.equal(digest.verifier.length, 20)
    assert.equal(digest.verifier.at(-1), "R0 invalid mem access 'scalar'")
    assert.equal(digest.verifierOmitted, 81)
    assert.equal(digest.log.length, 2)
  })

  test('works on a log whose beginning was cut off', () => {
    const digest = digestLog([{ text: 'of a line\nreason\n-- END PROG LOAD LOG --\n' }])
    assert.deepEqual(digest.verifier, ['of a line', 'reason'])
  })

  test('leaves out the hint that libbpf gives for every refusal', () => {
    const digest = digestLog([
      {
        text: "libbpf: Couldn't load trivial BPF program. Make sure your kernel supports BPF (CONFIG_BPF_SYSCALL=y) and/or that RLIMIT_MEMLOCK is set to big enough value.\n",
      },
      {
        text: "libbpf: permission error while running as root; try raising 'ulimit -l'? current value: 64 MB\n",
      },
    ])
    assert.equal(digest.log.length, 1)
  })
})

suite('errors', () => {
  test('carry code, errno by name, and what to do', () => {
    const cause = new Error('first')
    const error = new BpfError('BPF_LOAD_FAILED', 'cannot load x', {
      errno: 524,
      cause,
      log: ['a', 'b'],
    })
    assert.equal(error.message, 'cannot load x (ENOTSUPP)\n  libbpf: a\n  libbpf: b')
    assert.equal(error.cause, cause)
    assert.equal(error.what, bpfErrors.BPF_LOAD_FAILED.what)
    assert.ok(error.fix)
  })
})
