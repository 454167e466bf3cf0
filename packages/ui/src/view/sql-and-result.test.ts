import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { HuntAnswer } from '@honeyguide/model/api'
import { csvCell, csvOf } from './export-rows.ts'
import {
  listNumbers,
  readConditions,
  resultColumns,
  resultRows,
  writeConditions,
} from './result-table.ts'
import { completeSql, foldedSql, huntName, placeIndex, sqlTokens } from './sql-text.ts'

/** CPU time of this thread, µs: what an input costs, however busy the machine is. */
const cpuUs = (): number => process.threadCpuUsage().user

const schema = {
  views: [
    {
      name: 'process_activity',
      doc: '',
      columns: [{ name: 'process_name', type: 'text', doc: '' }],
    },
    { name: 'losses', doc: '', columns: [{ name: 'lost', type: 'integer', doc: '' }] },
  ],
  functions: ['count', 'contains'],
}

suite('SQL text', () => {
  test('folds a query to what it looks at', () => {
    assert.equal(
      foldedSql('SELECT a,\n  b\nFROM losses\nWHERE x = 1\n   AND y = 2\nGROUP BY a LIMIT 5'),
      'FROM losses\nWHERE x = 1\nAND y = 2',
    )
    assert.equal(foldedSql(' SELECT 1 '), 'SELECT 1')
  })

  test('tokens give the text back, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        assert.equal(
          sqlTokens(text, new Set())
            .map((token) => token.text)
            .join(''),
          text,
        )
      }),
      { numRuns: 2000 },
    )
  })

  test('takes 100,000 characters in no time', () => {
    const before = cpuUs()
    sqlTokens("select '".repeat(12_500), new Set())
    assert.ok(cpuUs() - before < 500_000)
  })

  test('tells keywords, functions, views, strings and comments apart', () => {
    assert.deepEqual(
      sqlTokens('SELECT count(*) FROM losses -- x', new Set(['losses']))
        .filter((token) => token.kind !== 'plain')
        .map((token) => [token.kind, token.text]),
      [
        ['keyword', 'SELECT'],
        ['function', 'count'],
        ['keyword', 'FROM'],
        ['view', 'losses'],
        ['comment', '-- x'],
      ],
    )
  })

  test('completes views after FROM, columns of the named view elsewhere, nothing in strings', () => {
    const words = (text: string) =>
      completeSql(text, text.length, schema).words.map((one) => one.word)
    assert.deepEqual(words('SELECT * FROM pro'), ['process_activity'])
    assert.equal(words('SELECT proc FROM process_activity WHERE proc')[0], 'process_name')
    assert.ok(!words('SELECT lo FROM process_activity WHERE lo').includes('lost'))
    assert.deepEqual(words("SELECT 'pro"), [])
    assert.deepEqual(words('-- pro'), [])
  })

  test('finds a place by line and column, clamped', () => {
    assert.equal(placeIndex('ab\ncd', 2, 2), 4)
    assert.equal(placeIndex('ab\ncd', 9, 9), 5)
  })

  test('names a hunt by its first comment', () => {
    assert.equal(huntName('-- keys read\nSELECT 1'), 'keys read')
    assert.equal(huntName('SELECT * FROM losses'), 'From losses')
  })
})

const answer: HuntAnswer = {
  columns: [
    { name: 'host', type: 'VARCHAR' },
    { name: 'runs', type: 'BIGINT' },
    { name: 'per_hour', type: 'BIGINT[]' },
  ],
  rows: [
    ['a', 2, '[1,2,3]'],
    ['b', 10, '[4]'],
    ['a', null, '[5]'],
  ],
  truncated: false,
  elapsedMs: 1,
  rowsRead: 3,
  from: null,
  to: null,
  evidence: { complete: true, offered: 1, lost: 0, gaps: [], gapCount: 0 },
}

suite('result table', () => {
  test('knows numbers, lists and text', () => {
    assert.deepEqual(
      resultColumns(answer).map((column) => column.kind),
      ['text', 'number', 'list'],
    )
    assert.deepEqual(listNumbers('[1, 2]'), [1, 2])
    assert.equal(listNumbers('["a"]'), undefined)
  })

  test('filters and orders, absent values last', () => {
    assert.deepEqual(
      resultRows(answer, [{ column: 'host', value: 'a', not: false }], {
        column: 'runs',
        down: false,
      }).map((row) => row[1]),
      [2, null],
    )
    assert.deepEqual(
      resultRows(answer, [], { column: 'runs', down: true }).map((row) => row[1]),
      [10, 2, null],
    )
  })

  test('conditions survive the address', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record(
            { column: fc.string(), value: fc.string(), not: fc.boolean() },
            { noNullPrototype: true },
          ),
        ),
        (conditions) => {
          assert.deepEqual(readConditions(writeConditions(conditions)), conditions)
        },
      ),
    )
    assert.deepEqual(readConditions('{'), [])
  })
})

suite('export', () => {
  test('quotes, and disarms what a spreadsheet would run', () => {
    assert.equal(csvCell('a,"b"'), '"a,""b"""')
    assert.equal(csvCell('=cmd()'), "'=cmd()")
    assert.equal(csvCell(null), '')
    assert.equal(csvCell(-4), '-4')
    assert.equal(csvOf([{ a: 1 }, { b: 'x' }]), 'a,b\r\n1,\r\n,x\r\n')
  })
})
