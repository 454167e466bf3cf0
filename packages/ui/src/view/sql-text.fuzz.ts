import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { completeSql, sqlTokens } from './sql-text.ts'

const schema = {
  views: [
    {
      name: 'process_activity',
      doc: '',
      columns: [{ name: 'process_pid', type: 'INTEGER', doc: '' }],
    },
  ],
  functions: ['count'],
}

export const target = defineTarget({
  name: 'page-sql',
  parser: 'sqlTokens, completeSql: what is typed into the editor',
  seeds: () => [
    "SELECT count(*) FROM process_activity -- all\nWHERE process_cmd_line = 'it''s' /* x */ AND time > 1.5e3",
    'WITH a AS (SELECT 1) SELECT * FROM a WHERE x',
  ],
  mutator: mutateText([
    "'",
    "''",
    '--',
    '/*',
    '*/',
    '\n',
    '-',
    '(',
    'from ',
    'join ',
    'select',
    'count',
    '1e',
    'process_activity',
    '.',
  ]),
  property: 'Tokens are the text, cut; what completes begins inside of it.',
  open: () => {
    const views = new Set(['process_activity'])
    return (input) => {
      must(
        sqlTokens(input, views)
          .map(({ text }) => text)
          .join('') === input,
        'tokens are the text',
      )
      const found = completeSql(input, input.length, schema)
      must(
        found === undefined || (found.from >= 0 && found.from <= input.length),
        'what completes begins in the text',
      )
      return 'taken'
    }
  },
})
