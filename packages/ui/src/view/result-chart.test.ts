import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { HuntAnswer } from '@honeyguide/model/api'
import { barOfTime, resultCharts, scaleOf } from './result-chart.ts'
import { resultColumns } from './result-table.ts'

function charts(
  columns: readonly (readonly [name: string, type: string])[],
  rows: HuntAnswer['rows'],
) {
  const answer = { columns: columns.map(([name, type]) => ({ name, type })), rows }
  return resultCharts(resultColumns(answer as unknown as HuntAnswer), rows)
}
const time = (minute: number) => new Date(Date.UTC(2026, 10, 24, 13, minute)).toISOString()

suite('chart of a result', () => {
  test('counts rows over time, also where none lies', () => {
    const [chart] = charts(
      [
        ['time', 'TIMESTAMP'],
        ['process_pid', 'INTEGER'],
      ],
      [
        [time(0), 7],
        [time(1), 8],
        [time(1), 9],
        [time(30), 10],
      ],
    )
    assert.ok(chart?.kind === 'time')
    assert.equal(chart.measure, 'rows', 'pids are not added up')
    assert.equal(
      chart.bars.reduce((sum, one) => sum + one, 0),
      4,
    )
    assert.deepEqual(chart.bars.slice(0, 4), [1, 2, 0, 0])
    assert.equal(barOfTime(chart, time(30)), chart.bars.length - 1)
    assert.equal(barOfTime(chart, 'no time'), -1)
  })

  test('draws the number of a query that grouped by time itself', () => {
    const [chart] = charts(
      [
        ['hour', 'TIMESTAMP'],
        ['n', 'BIGINT'],
      ],
      [
        [time(0), 120],
        [time(10), 80],
        [time(30), 5],
      ],
    )
    assert.ok(chart?.kind === 'time')
    assert.deepEqual([chart.measure, chart.bars], ['n', [120, 80, 0, 5]])
  })

  test('draws the number of each value when a value has one row, else counts rows', () => {
    const columns = [
      ['host', 'VARCHAR'],
      ['n', 'BIGINT'],
    ] as const
    const [own] = charts(columns, [
      ['a', 5],
      ['b', 900],
      ['c', 30],
    ])
    assert.ok(own?.kind === 'values')
    assert.deepEqual([own.measure, own.bars[0]], ['n', { value: 'b', count: 900 }])
    const [rows] = charts(columns, [
      ['a', 5],
      ['a', 900],
      ['a', 3],
      ['b', 30],
    ])
    assert.ok(rows?.kind === 'values')
    assert.deepEqual([rows.measure, rows.bars[0]], ['rows', { value: 'a', count: 3 }])
  })

  test('draws nothing where a chart would say nothing', () => {
    assert.deepEqual(charts([['cmd', 'VARCHAR']], [['a'], ['b'], ['c']]), [])
    assert.deepEqual(charts([['cmd', 'VARCHAR']], [['a'], ['a']]), [])
    assert.deepEqual(charts([['n', 'BIGINT']], [[1], [2]]), [])
    assert.deepEqual(charts([['time', 'TIMESTAMP']], []), [])
  })

  test('is bounded: ten values, the rest counted; years of times in sixty bars', () => {
    const many = Array.from({ length: 400 }, (_, at) => [`v${at}`, at + 1])
    const [values] = charts(
      [
        ['host', 'VARCHAR'],
        ['n', 'BIGINT'],
      ],
      many,
    )
    assert.ok(values?.kind === 'values')
    assert.deepEqual([values.bars.length, values.more], [10, 390])
    const [years] = charts(
      [
        ['time', 'TIMESTAMP'],
        ['a', 'VARCHAR'],
      ],
      [
        ['1990-01-01T00:00:00Z', 'x'],
        ['2026-01-01T00:00:00Z', 'y'],
      ],
    )
    assert.ok(years?.kind === 'time' && years.bars.length <= 61)
  })

  test('has a round scale with at most three lines', () => {
    assert.deepEqual(scaleOf(741), { top: 900, lines: [300, 600, 900] })
    assert.deepEqual(scaleOf(1), { top: 1, lines: [1] })
    for (const value of [2, 3, 4, 7, 9, 10, 99, 101, 12_345, 1e9]) {
      const { top, lines } = scaleOf(value)
      assert.ok(top >= value && lines.length <= 3, String(value))
    }
  })
})
