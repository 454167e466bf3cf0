import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { compileRules } from './rule-set.ts'

const rule = (detection: string, category = 'process_creation'): string =>
  `title: t\nlogsource: {category: ${category}}\ndetection:\n${detection}`

export const target = defineTarget({
  name: 'sigma-rule',
  parser: 'compileRules: YAML, selections, modifiers, condition, patterns',
  seeds: () => [
    rule('  a: {Image|endswith: [/sh, /b*h]}\n  condition: a\n'),
    rule('  a:\n    CommandLine|re: ^cu?rl\n  condition: not a\n'),
    rule('  a: [x, "y*z"]\n  b: {User: null}\n  condition: all of them\n'),
    rule('  a: {DestinationIp|cidr: 10.0.0.0/8}\n  condition: a\n', 'network_connection'),
  ],
  mutator: mutateText([
    '\n',
    '\n  ',
    '\n    ',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '|',
    '|contains',
    '|startswith',
    '|endswith',
    '|re',
    '|cidr',
    '|all',
    '|base64offset',
    '|windash',
    '|exists',
    '|i',
    '|lt',
    '*',
    '?',
    '\\',
    '(',
    ')',
    '(?=a)',
    '{1000}',
    'a{2,}',
    '[^',
    '::/0',
    '/33',
    'Image',
    'ParentImage',
    'CommandLine',
    'User',
    'DestinationPort',
    'condition',
    'and',
    'or',
    'not',
    '1 of',
    'all of',
    'them',
    '&a',
    '*a',
    '<<',
    '!!binary',
    '---\n',
    'timeframe',
    'correlation',
    'sentence',
    '{process}',
  ]),
  property:
    'A rule compiles, or is refused with HG_RULE_INVALID and a place inside of the text; the others are never touched.',
  open: () => (input) => {
    const set = compileRules([{ file: 'r.yml', text: input }])
    must(set.rules.length + set.refused.length === 1, 'one rule gives one rule or one refusal')
    const [refused] = set.refused
    if (!refused) return 'taken'
    must(refused.error.code === 'HG_RULE_INVALID', 'the code is that of rules')
    // What a person could do nothing about: an error of ours in a rule's clothes.
    must(
      !/it cannot be read: (Type|Reference|Range)Error/.test(refused.error.detail),
      refused.error.detail,
    )
    const lines = input.split(/\r\n|\n|\r/).length
    must(
      refused.line >= 1 && refused.line <= lines && refused.column >= 1,
      'the place is in the text',
    )
    return refused.error.detail.replace(/^r\.yml:\d+:\d+: /, '')
  },
})
