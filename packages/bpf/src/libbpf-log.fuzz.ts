import { mutateText } from '../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../test/fuzz/target.ts'
import { digestLog } from './libbpf-log.ts'

export const target = defineTarget({
  name: 'libbpf-log',
  parser: 'digestLog',
  seeds: () => [
    "libbpf: prog 'on_exec': BPF program load failed: Permission denied\nlibbpf: prog 'on_exec': -- BEGIN PROG LOAD LOG --\n0: r0 = 1\n1: exit\nR0 invalid mem access 'scalar'\nprocessed 101 insns (limit 1000000) max_states_per_insn 0\n-- END PROG LOAD LOG --\nlibbpf: failed to load program 'on_exec'\n",
    'of a line\nreason\n-- END PROG LOAD LOG --\n',
  ],
  mutator: mutateText([
    'libbpf: ',
    "prog 'a': ",
    '-- BEGIN PROG LOAD LOG --',
    '-- END PROG LOAD LOG --',
    '\n',
    'processed ',
    ' insns',
    "'",
    ':',
  ]),
  property: 'Whatever libbpf and the verifier say, a bounded number of lines is kept.',
  open: () => (input) => {
    const digest = digestLog([
      { text: input.slice(0, input.length >> 1) },
      { text: input.slice(input.length >> 1) },
    ])
    must(
      digest.log.length <= 40 && digest.verifier.length <= 20 && digest.verifierOmitted >= 0,
      'lines are bounded',
    )
    return 'taken'
  },
})
