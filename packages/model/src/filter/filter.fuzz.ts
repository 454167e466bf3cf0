import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must, takenOr, withCode } from '../../../../test/fuzz/target.ts'
import { activityViews } from '../ocsf/activity.ts'
import { compileFilter } from './compile.ts'
import { filterFields } from './field.ts'
import { parseFilter } from './parse.ts'
import { printFilter } from './print.ts'
import { filterToSql } from './sql.ts'

const row = {
  class_uid: 1007,
  activity_name: 'Launch',
  event_uid: 'e1',
  time: '2026-11-24T14:00:00.000000Z',
  process_cmd_line: "curl -o '/tmp/a b' http://10.0.0.1/",
  process_pid: 4242,
}

export const target = defineTarget({
  name: 'filter',
  parser: 'parseFilter, printFilter, compileFilter, filterToSql',
  seeds: () =>
    [
      'type = exec and user = root',
      'not (process ~ "*/curl" or command ~ \'*wget ?\') and pid in (1, 2, 30)',
      'time >= 2026-11-24T14:00:00Z and time < 2026-11-24T14:05:11.204Z',
      'port < 1024 or port >= 8080 or container exists',
      'curl "a \\" quoted\\u{1f600} one" not not ssh',
      'type in (connect, accept) and address ~ 10.0.*',
    ].filter((text) => {
      // Fields are named in one place: what is no field any more is no seed.
      try {
        return parseFilter(text).kind !== 'all'
      } catch {
        return false
      }
    }),
  mutator: mutateText([
    'and',
    'or',
    'not',
    'in',
    'exists',
    '(',
    ')',
    '"',
    "'",
    '=',
    '!=',
    '~',
    '<',
    '<=',
    '>',
    '>=',
    ',',
    '*',
    '?',
    '\\u{10ffff}',
    '\\u{d800}',
    '2026-11-24T14:00:00Z',
    'exec',
    ...filterFields.keys(),
  ]),
  property:
    'A filter is refused with HG_FILTER_INVALID and a column inside of the text, or its printed form reads as the same filter, and its SQL has every text in quotes that close.',
  open: () => (input) =>
    takenOr(
      () => {
        const filter = parseFilter(input)
        const printed = printFilter(filter)
        must(
          printFilter(parseFilter(printed)) === printed,
          'the printed form reads as the same filter',
        )
        compileFilter(filter).matches(row)
        for (const view of activityViews) {
          const sql = filterToSql(filter, view)
          const outside = sql.replaceAll(/'(?:[^']|'')*'/g, '')
          must(!/['";\\\0]|--|\/\*/.test(outside), 'text is only inside of quotes')
        }
      },
      (error) => {
        const said = withCode('HG_FILTER_INVALID')(error)
        const { column } = error as { column?: number }
        if (said !== undefined)
          must(
            column !== undefined && column >= 1 && column <= input.length + 1,
            'the place is in the text',
          )
        return said?.replace(/Column \d+: /, '')
      },
    ),
})
