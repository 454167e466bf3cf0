import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { compileFilter, parseFilter } from '@honeyguide/model/filter'
import {
  bothFilters,
  completeFilter,
  hostsFilter,
  readFilter,
  withCondition,
  withoutChip,
} from './filter-draft.ts'

const none = () => []

suite('filter draft', () => {
  test('shows the parts of an and as chips', () => {
    const reading = readFilter('name = curl and kind != exit and 203.0.113.77')
    assert.equal(reading.kind, 'good')
    assert.deepEqual(
      reading.kind === 'good'
        ? reading.chips.map((chip) => [chip.field, chip.operator, chip.value, chip.not])
        : [],
      [
        ['name', '=', 'curl', false],
        ['kind', '!=', 'exit', true],
        ['', '', '203.0.113.77', false],
      ],
    )
  })

  test('says where a text cannot be read', () => {
    const reading = readFilter('name = = x')
    assert.equal(reading.kind, 'bad')
  })

  test('a clicked value is added once, and its opposite replaces it', () => {
    const once = withCondition('', 'host', 'web-03', 'only')
    assert.equal(once, 'host = web-03')
    assert.equal(withCondition(once, 'host', 'web-03', 'only'), once)
    assert.equal(withCondition(once, 'host', 'web-03', 'not'), 'host != web-03')
    assert.equal(withCondition('', 'pid', '48213', 'only'), 'pid = 48213')
    assert.equal(withCondition(once, 'no_such_field', 'x', 'only'), once)
  })

  test('any value of a host, however hostile, gives a filter that matches it and only it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), (value) => {
        const text = withCondition('', 'process_name', value, 'only')
        if (value.includes('\0')) {
          assert.equal(text, '')
          return
        }
        const filter = compileFilter(parseFilter(text))
        const row = { class_uid: 1007, activity_name: 'Launch', process_name: value }
        assert.ok(filter.matches(row))
        assert.ok(!filter.matches({ ...row, process_name: `${value}x` }))
        assert.equal(withoutChip(text, 0), '')
      }),
      { numRuns: 300 },
    )
  })

  test('a value too long for a filter leaves it as it is', () => {
    assert.equal(withCondition('pid = 1', 'cmd', 'x'.repeat(5000), 'only'), 'pid = 1')
  })

  test('joins the scope with the filter', () => {
    assert.equal(
      bothFilters('kind = exec', hostsFilter(['a', 'b'])),
      'kind = exec and host in (a, b)',
    )
    assert.equal(bothFilters('', hostsFilter([])), '')
  })

  test('completes fields, operators and values', () => {
    assert.equal(completeFilter('process.n', none)[0]?.label, 'process_name')
    assert.deepEqual(
      completeFilter('name !', none).map((one) => one.label),
      ['!='],
    )
    assert.equal(
      completeFilter('user = ro', () => [{ value: 'root', count: 3 }])[0]?.draft,
      'user = root',
    )
    assert.ok(completeFilter('kind = ', none).some((one) => one.label === 'exec'))
  })

  test('never throws while typing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        completeFilter(text, none)
        readFilter(text)
        withCondition(text, 'host', 'x', 'not')
      }),
      { numRuns: 2000 },
    )
  })
})
