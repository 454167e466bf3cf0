import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTap } from './tap.ts'

test('TAP output is read test by test, without counting suites twice', () => {
  const tests = readTap([
    'FILE a.test.ts',
    '# Subtest: suite',
    '    ok 1 - works # SKIP needs BPF LSM (Linux 5.7)',
    '    not ok 2 - fails',
    '      ---',
    "      type: 'test'",
    '      error: boom',
    '      ...',
    'not ok 1 - suite',
    '  ---',
    "  type: 'suite'",
    '  ...',
    'FILE b.test.ts',
  ])
  assert.deepEqual(
    tests.map(({ file, name, state }) => [file, name, state]),
    [
      ['a.test.ts', 'works', 'skipped'],
      ['a.test.ts', 'fails', 'failed'],
      ['b.test.ts', 'has tests', 'failed'],
    ],
  )
  assert.equal(tests[0]?.detail, 'needs BPF LSM (Linux 5.7)')
})
