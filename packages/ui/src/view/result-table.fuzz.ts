import type { HuntAnswer } from '@honeyguide/model/api'
import { mutateJson } from '../../../../test/fuzz/mutate-json.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { listNumbers, readConditions, resultRows, writeConditions } from './result-table.ts'

const answer = {
  columns: [
    { name: 'pid', type: 'INTEGER' },
    { name: 'name', type: 'VARCHAR' },
  ],
  rows: [
    [1, 'a'],
    [null, 'b'],
    [2, '[1, 2]'],
  ],
} as unknown as HuntAnswer

export const target = defineTarget({
  name: 'page-conditions',
  parser: 'readConditions, listNumbers: state of a table in the address, lists in cells',
  seeds: () => ['[["pid","1"],["name","b",1]]', '[1, 2.5, -3]', ''],
  mutator: mutateJson(['pid', 'name', '1']),
  property:
    'Any text is conditions that can be written and read again, and that some rows meet or none.',
  open: () => (input) => {
    const conditions = readConditions(input)
    must(
      writeConditions(readConditions(writeConditions(conditions))) === writeConditions(conditions),
      'the same conditions come back',
    )
    must(
      resultRows(answer, conditions, { column: 'pid', down: true }).length <= 3,
      'rows are those of the answer',
    )
    must(listNumbers(input)?.every((one) => typeof one === 'number') ?? true, 'a list has numbers')
    return 'taken'
  },
})
