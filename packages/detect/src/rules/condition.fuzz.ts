import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must, takenOr } from '../../../../test/fuzz/target.ts'
import { parseCondition, type Condition } from './condition.ts'
import { RuleComplaint } from './rule-text.ts'

const names = ['selection', 'sel_a', 'sel_b', 'filter_one', '_hidden']

function namesIn(condition: Condition): readonly string[] {
  if (condition.kind === 'selection') return [condition.name]
  return condition.kind === 'not' ? namesIn(condition.part) : condition.parts.flatMap(namesIn)
}

export const target = defineTarget({
  name: 'sigma-condition',
  parser: 'parseCondition',
  seeds: () => [
    'selection and not 1 of filter_*',
    '(selection or all of sel_*) and not (filter_one)',
    'all of them or any of sel_*',
    'not not selection and _hidden',
  ],
  mutator: mutateText([
    'and',
    'or',
    'not',
    '(',
    ')',
    '|',
    '1',
    'of',
    'all',
    'any',
    'them',
    '*',
    '1 of ',
    'all of sel_*',
    'not ',
    'selection and ',
    ...names,
  ]),
  property:
    'A condition is refused with a place inside of the text, or names only selections that there are.',
  open: () => (input) =>
    takenOr(
      () => {
        for (const name of namesIn(parseCondition(input, 0, names)))
          must(names.includes(name), 'a condition names selections that there are')
      },
      (error) => {
        if (!(error instanceof RuleComplaint)) return undefined
        must(error.offset >= 0 && error.offset <= input.length, 'the place is in the text')
        return error.message
      },
    ),
})
