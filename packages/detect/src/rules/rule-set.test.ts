import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { activityBatchOf, type ActivityRow } from '@honeyguide/model'
import { plainCommandLine, type RowFacts } from './fields.ts'
import { interpret } from './interpreter.ts'
import { isRefusal, readRule } from './read-rule.ts'
import { compileRules, ruleSetOf } from './rule-set.ts'

/** CPU time of this thread, µs: what an input costs, however busy the machine is. */
const cpuUs = (): number => process.threadCpuUsage().user

const noFacts: RowFacts = { parentIsServer: () => false, ancestorImages: () => [] }

function rule(detection: string, more = ''): string {
  return `title: A test
id: test
logsource:
    category: process_creation
    product: linux
detection:
${detection}
${more}`
}

const launch = (row: Partial<ActivityRow>): ActivityRow => ({
  class_uid: 1007,
  activity_name: 'Launch',
  ...row,
})

function matches(detection: string, row: Partial<ActivityRow>, facts: RowFacts = noFacts): boolean {
  const set = compileRules([{ file: 'test.yml', text: rule(detection) }])
  assert.deepEqual(
    set.refused.map((one) => one.error.message),
    [],
  )
  let found = false
  const batch = activityBatchOf([launch(row)])
  set.match(batch, 0, facts, () => (found = true))
  const [only] = set.rules
  assert.ok(only)
  assert.equal(interpret(only, batch, 0, facts), found, 'the interpreter agrees')
  return found
}

const one = (line: string) => `    s:\n        ${line}\n    condition: s`
const command = (process_cmd_line: string) => ({ process_cmd_line })

suite('sigma values', () => {
  test('compare without case unless cased, and as a whole unless told otherwise', () => {
    assert.ok(matches(one("Image: '/BIN/Sh'"), { process_file_path: '/bin/sh' }))
    assert.ok(!matches(one("Image|cased: '/BIN/Sh'"), { process_file_path: '/bin/sh' }))
    assert.ok(!matches(one("Image: '/bin/sh'"), { process_file_path: '/usr/bin/sh' }))
    assert.ok(matches(one("Image|endswith: '/sh'"), { process_file_path: '/usr/bin/sh' }))
    assert.ok(matches(one("Image|startswith: '/usr'"), { process_file_path: '/usr/bin/sh' }))
    assert.ok(matches(one('CommandLine|contains: foo'), command('a FOO b')))
  })
  test('take * and ? as wildcards, and plain after a backslash', () => {
    assert.ok(matches(one("CommandLine: 'a*c?e'"), command('abbbcde')))
    assert.ok(!matches(one("CommandLine: 'a*c?e'"), command('abbbce')))
    assert.ok(matches(one("CommandLine|contains: '\\*'"), command('rm *')))
    assert.ok(!matches(one("CommandLine|contains: '\\*'"), command('rm x')))
    assert.ok(matches(one("CommandLine: 'a\\\\*'"), command('a\\bc')))
    assert.ok(matches(one("CommandLine|contains: 'a\\b'"), command('xa\\bx')))
  })
  test('of a list hold when one does, of |all when all do', () => {
    assert.ok(matches(one('CommandLine|contains: [x, b]'), command('abc')))
    assert.ok(!matches(one('CommandLine|contains|all: [x, b]'), command('abc')))
    assert.ok(matches(one('CommandLine|contains|all: [a, b]'), command('abc')))
  })
  test('null is an absent field, exists asks for it', () => {
    assert.ok(matches(one('ParentImage: null'), { process_file_path: '/x' }))
    assert.ok(!matches(one('Image: null'), { process_file_path: '/x' }))
    assert.ok(matches(one('Image|exists: true'), { process_file_path: '/x' }))
    assert.ok(matches(one('OriginalFileName|exists: false'), { process_file_path: '/x' }))
  })
  test('compare numbers and networks', () => {
    assert.ok(matches(one('ProcessId|lt: 10'), { process_pid: 9 }))
    assert.ok(!matches(one('ProcessId|gt: 10'), { process_pid: 10 }))
    assert.ok(matches(one('ProcessId: 10'), { process_pid: 10 }))
    assert.ok(matches(one("CommandLine|cidr: '10.0.0.0/8'"), command('10.1.2.3')))
    assert.ok(!matches(one("CommandLine|cidr: '10.0.0.0/9'"), command('10.200.2.3')))
    assert.ok(matches(one("CommandLine|cidr: 'fd00::/8'"), command('fd12::1')))
    assert.ok(!matches(one("CommandLine|cidr: '10.0.0.0/8'"), command('not an address')))
  })
  test('match regular expressions with case, and without when told', () => {
    assert.ok(matches(one("CommandLine|re: 'fo+\\sbar$'"), command('x fooo bar')))
    assert.ok(!matches(one("CommandLine|re: 'FO+'"), command('foo')))
    assert.ok(matches(one("CommandLine|re|i: 'FO+'"), command('foo')))
  })
  test('find what base64 makes of a text, at any offset', () => {
    const encoded = (prefix: string) => btoa(`${prefix}/bin/bash -i`)
    for (const prefix of ['', 'x', 'xy'])
      assert.ok(
        matches(one("CommandLine|base64offset|contains: '/bin/bash'"), command(encoded(prefix))),
      )
    assert.ok(matches(one("CommandLine|base64|contains: 'foobar'"), command('x Zm9vYmFy y')))
  })
  test('find an option written with another dash', () => {
    assert.ok(matches(one("CommandLine|windash|contains: ' -enc'"), command('x /enc')))
    assert.ok(matches(one("CommandLine|windash|contains: ' -enc'"), command('x \u2013enc')))
  })
  test('compare with another field', () => {
    const row = { process_file_path: '/bin/x', process_parent_process_file_path: '/bin/X' }
    assert.ok(matches(one('Image|fieldref: ParentImage'), row))
    assert.ok(!matches(one('Image|cased|fieldref: ParentImage'), row))
  })
  test('look for keywords in every text field', () => {
    assert.ok(matches('    k:\n        - foo\n        - bar\n    condition: k', command('a Bar b')))
    assert.ok(!matches('    k:\n        - foo\n    condition: k', command('nothing')))
  })
  test('hold for a script’s file and for its interpreter', () => {
    const row = { process_file_path: '/opt/x', process_interpreter: '/usr/bin/python3' }
    assert.ok(matches(one("Image|endswith: '/python3'"), row))
    assert.ok(matches(one("Image|endswith: '/x'"), row))
  })
  test('see a command line without the quotes that our column adds', () => {
    assert.equal(plainCommandLine(`sh -c 'echo '\\''hi'\\'' there'`), "sh -c echo 'hi' there")
    assert.ok(
      matches(one("CommandLine|contains: ' -c import os'"), command("python3 -c 'import os'")),
    )
  })
  test('know from the lineage who serves and who is above', () => {
    const facts: RowFacts = {
      parentIsServer: () => true,
      ancestorImages: () => ['/bin/a', '/usr/bin/dpkg'],
    }
    assert.ok(matches(one("ParentIsServer: 'true'"), {}, facts))
    assert.ok(matches(one("AncestorImage|endswith: '/dpkg'"), {}, facts))
  })
})

suite('sigma conditions', () => {
  const selections = (condition: string) =>
    `    sel_a:\n        CommandLine|contains: a\n    sel_b:\n        CommandLine|contains: b\n    other:\n        CommandLine|contains: c\n    _hidden:\n        CommandLine|contains: d\n    condition: ${condition}`
  const cases: [string, string, boolean][] = [
    ['sel_a and sel_b', 'ab', true],
    ['sel_a and sel_b', 'a', false],
    ['sel_a or other and sel_b', 'a', true],
    ['(sel_a or other) and sel_b', 'a', false],
    ['not sel_a', 'b', true],
    ['not (sel_a or sel_b)', 'c', true],
    ['1 of sel_*', 'b', true],
    ['all of sel_*', 'b', false],
    ['all of sel_*', 'ba', true],
    ['1 of them', 'd', false],
    ['any of them', 'c', true],
    ['all of them', 'abc', true],
    ['sel_a and not 1 of other', 'ac', false],
    ['NOT sel_a AND other', 'c', true],
  ]
  for (const [condition, text, expected] of cases)
    test(`${condition} is ${expected} for "${text}"`, () => {
      assert.equal(matches(selections(condition), command(text)), expected)
    })
  test('a list of conditions holds when one does', () => {
    assert.ok(matches(selections('\n        - sel_a\n        - sel_b'), command('b')))
  })
  test('a list of mappings holds when one does', () => {
    const text =
      '    s:\n        - Image: /x\n        - CommandLine: y\n          User: root\n    condition: s'
    assert.ok(matches(text, { process_file_path: '/x' }))
    assert.ok(matches(text, { process_cmd_line: 'y', process_user_name: 'root' }))
    assert.ok(!matches(text, { process_cmd_line: 'y' }))
  })
})

suite('a rule that cannot be loaded', () => {
  const refusals: [what: string, text: string, where: string, why: RegExp][] = [
    ['broken YAML', 'title: x\nbad: [', '2:', /correct the YAML/],
    ['an unknown modifier', rule(one('Image|sounds: x')), '8:9', /"sounds" is not known/],
    ['expand', rule(one("Image|expand: '%x%'")), '8:9', /write the values out/],
    ['an unknown field', rule(one('Imphash: x')), '8:9', /no field "Imphash"/],
    ['a timeframe', rule(`${one('Image: x')}\n    timeframe: 5m`), '10:5', /timeframe/],
    ['a correlation', 'title: x\ncorrelation:\n    type: event_count', '2:1', /correlations/],
    [
      'an aggregation',
      rule('    s:\n        Image: x\n    condition: s | count() > 3'),
      '9:18',
      /aggregations/,
    ],
    [
      'a missing selection',
      rule('    s:\n        Image: x\n    condition: s and t'),
      '9:22',
      /no selection "t"/,
    ],
    [
      'an open parenthesis',
      rule('    s:\n        Image: x\n    condition: (s'),
      '9:18',
      /not closed/,
    ],
    ['a look-ahead', rule(one("Image|re: 'a(?=b)'")), '8:19', /linear time/],
    ['a back reference', rule(one("Image|re: '(a)\\1'")), '8:19', /linear time/],
    ['a wrong network', rule(one('Image|cidr: 10.0.0.0/40')), '8:21', /not a network/],
    [
      'a log that is not read',
      'title: x\nlogsource:\n    product: linux\n    service: auditd\ndetection: {}',
      '4:14',
      /auditd/,
    ],
    [
      'another system',
      'title: x\nlogsource:\n    product: windows\n    category: process_creation',
      '3:14',
      /windows/,
    ],
    [
      'a sentence with a place for nothing',
      rule(one('Image: x'), "sentence: '{parent} wrote {path}'"),
      '10',
      /\{path\}; \{parent\}, \{process\}/,
    ],
    ['no condition', rule('    s:\n        Image: x'), '6:1', /no condition/],
    ['two documents', `${rule(one('Image: x'))}\n---\ntitle: y`, '1', /several YAML documents/],
    [
      '20,000 keys',
      Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n'),
      '1:1',
      /split it/,
    ],
    ['300 KiB', `title: ${'x'.repeat(300 * 1024)}`, '1:1', /split it/],
    ['an alias', 'title: &a x\ndescription: *a', '2:14', /aliases/],
  ]
  for (const [what, text, where, why] of refusals)
    test(`because of ${what} says where and what to do`, () => {
      const good = { file: 'good.yml', text: rule(one('Image: /bin/true')) }
      const before = cpuUs()
      const set = compileRules([{ file: 'bad.yml', text }, good])
      assert.ok(cpuUs() - before < 1_000_000)
      assert.equal(set.rules.length, 1, 'the others are loaded')
      const [refused] = set.refused
      assert.equal(refused?.error.code, 'HG_RULE_INVALID')
      assert.match(refused?.error.detail ?? '', why)
      assert.ok(
        refused?.error.detail.startsWith(`bad.yml:${where}`),
        `${refused?.error.detail} is not at ${where}`,
      )
    })

  test('never throws and never takes long, whatever its text', () => {
    const base = rule(
      `    s:\n        Image|endswith: ['/sh', '/b*sh']\n        CommandLine|re: 'a+b'\n    f:\n        - x\n    condition: s and not 1 of f*`,
      'level: high\ntags: [attack.t1059.004, attack.execution]',
    )
    const words = [
      '|',
      ':',
      '- ',
      '\n',
      '    ',
      '[',
      ']',
      '{',
      '}',
      "'",
      '"',
      '*',
      '&a ',
      '*a',
      '!!',
      '?',
      '#',
      '---\n',
      'condition',
      'not ',
      '(',
      ')',
      '1 of ',
      'them',
      '|re',
      '|all',
      '|cidr',
      'null',
      '\\',
      '\t',
      '\0',
      '\u2028',
      '<<: ',
      '%',
    ]
    let slowest = 0
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(base.length),
            fc.nat(12),
            fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 6 })),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        (edits) => {
          let text = base
          for (const [at, remove, insert] of edits)
            text = text.slice(0, at) + insert + text.slice(at + remove)
          const before = cpuUs()
          const read = readRule({ file: 'x.yml', text })
          if (isRefusal(read)) {
            assert.ok(read.line >= 1 && read.column >= 1)
            assert.match(read.error.detail, /^x\.yml:\d+:\d+: /)
          } else {
            ruleSetOf([read]).match(
              activityBatchOf([launch({ process_file_path: '/bin/sh', process_cmd_line: 'aab' })]),
              0,
              noFacts,
              () => {},
            )
          }
          slowest = Math.max(slowest, cpuUs() - before)
        },
      ),
      { numRuns: 10_000 },
    )
    assert.ok(slowest < 500_000, `${slowest} µs`)
  })

  test('survives nesting that would end the stack', () => {
    for (const text of [
      `a: ${'['.repeat(4000)}`,
      `title: x\ndetection: ${'{a: '.repeat(2000)}`,
      rule(`    s:\n        Image: x\n    condition: ${'('.repeat(5000)}s`),
      rule(`    s:\n        Image: x\n    condition: ${'not '.repeat(5000)}s`),
      rule(one(`Image|re: '${'('.repeat(3000)}'`)),
    ])
      assert.ok(isRefusal(readRule({ file: 'x.yml', text })))
  })
})

suite('compiled rules and the interpreter', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    'A',
    '/',
    ' ',
    '-',
    '.',
    'ab',
    '*',
    '?',
    '\\*',
    'ö',
    'K',
    '1',
    'bash',
  )
  const value = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
  const field = fc.constantFrom('Image', 'CommandLine', 'ParentImage', 'User', 'ProcessId')
  const modifier = fc.constantFrom(
    '',
    '|contains',
    '|startswith',
    '|endswith',
    '|cased',
    '|contains|cased',
    '|contains|all',
    '|endswith|windash',
    '|base64',
    '|base64offset|contains',
  )
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  const test1 = fc
    .tuple(field, modifier, fc.array(value, { minLength: 1, maxLength: 3 }))
    .map(([name, how, values]) => `${name}${how}: [${values.map(quoted).join(', ')}]`)
  const regex = fc
    .tuple(
      field,
      fc.constantFrom(
        'a+b',
        '^/a',
        'b$',
        '[ab]+-',
        '(a|b)c',
        'a.b',
        'ba?sh',
        'a{2}',
        '\\.a',
        'ab*c',
        '(?i)BASH',
        'x{0}a',
        '[[:alpha:]]b',
      ),
    )
    .map(([name, source]) => `${name}|re: ${quoted(source)}`)
  const nothing = fc.constantFrom(
    'User: null',
    'Image|exists: true',
    'ProcessId|gte: 5',
    'Image|fieldref: ParentImage',
    'CommandLine|fieldref|contains: User',
    'CommandLine|contains: K',
  )
  const line = fc.oneof({ weight: 5, arbitrary: test1 }, { weight: 2, arbitrary: regex }, nothing)
  const names = ['one', 'two', 'three']
  const condition: fc.Arbitrary<string> = fc.letrec<{ node: string; leaf: string }>((tie) => ({
    leaf: fc.constantFrom('one', 'two', 'three', '1 of t*', 'all of them'),
    node: fc.oneof(
      { maxDepth: 3 },
      tie('leaf'),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a} and ${b})`),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a} or ${b})`),
      tie('node').map((a) => `not ${a}`),
    ),
  })).node
  const selection = fc.uniqueArray(line, {
    minLength: 1,
    maxLength: 2,
    selector: (text) => text.split(':')[0] ?? '',
  })
  const detection = fc
    .tuple(fc.array(selection, { minLength: 3, maxLength: 3 }), condition)
    .map(
      ([selections, text]) =>
        `${selections.map((lines, i) => `    ${names[i]}:\n${lines.map((one) => `        ${one}`).join('\n')}`).join('\n')}\n    condition: ${text}`,
    )
  const cell = fc.oneof(
    fc.constant(null),
    fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
  )
  const row = fc.record({
    process_file_path: cell,
    process_interpreter: cell,
    process_cmd_line: cell,
    process_parent_process_file_path: cell,
    process_user_name: cell,
    process_pid: fc.oneof(fc.constant(null), fc.nat(9)),
  })

  test('agree on random rules and events', () => {
    let rules = 0
    let hits = 0
    fc.assert(
      fc.property(
        fc.array(detection, { minLength: 1, maxLength: 6 }),
        fc.array(row, { minLength: 1, maxLength: 6 }),
        (detections, rows) => {
          const set = compileRules(
            detections.map((text, i) => ({ file: `${i}.yml`, text: rule(text) })),
          )
          rules += set.rules.length
          const batch = activityBatchOf(rows.map(launch))
          for (let at = 0; at < rows.length; at++) {
            const found = new Set<string>()
            set.match(batch, at, noFacts, (one) => found.add(one.file))
            hits += found.size
            for (const one of set.rules)
              assert.equal(
                found.has(one.file),
                interpret(one, batch, at, noFacts),
                JSON.stringify(rows[at]),
              )
          }
        },
      ),
      { numRuns: 2000 },
    )
    assert.ok(rules > 3000, `${rules} rules were compiled`)
    assert.ok(hits > 3000, `${hits} hits`)
  })
})

suite('categories', () => {
  const source = (category: string, line: string) => ({
    file: 'test.yml',
    text: `title: A test\nid: test\nlogsource:\n    category: ${category}\n    product: linux\ndetection:\n    s:\n        ${line}\n    condition: s\n`,
  })
  const found = (category: string, line: string, row: ActivityRow): boolean => {
    const set = compileRules([source(category, line)])
    assert.deepEqual(
      set.refused.map((one) => one.error.message),
      [],
    )
    const batch = activityBatchOf([row])
    let hits = 0
    set.match(batch, 0, noFacts, () => (hits += 1))
    const [only] = set.rules
    assert.ok(only)
    assert.equal(interpret(only, batch, 0, noFacts), hits > 0)
    if (hits > 0) assert.ok(set.asks(batch.kind(0)), 'who asks first asks rightly')
    return hits > 0
  }
  const file = (activity_name: string, file_path: string): ActivityRow => ({
    class_uid: 1001,
    activity_name,
    file_path,
    actor_process_file_path: '/usr/bin/tee',
  })
  test('of files look at what was done to which file', () => {
    const cron = "TargetFilename|startswith: '/etc/cron.d/'"
    assert.ok(found('file_event', cron, file('Create', '/etc/cron.d/x')))
    assert.ok(found('file_event', cron, file('Open', '/etc/cron.d/x')))
    assert.ok(!found('file_event', cron, file('Create', '/etc/passwd')))
    assert.ok(!found('file_event', cron, file('Delete', '/etc/cron.d/x')))
    assert.ok(found('file_delete', cron, file('Delete', '/etc/cron.d/x')))
    assert.ok(found('file_access', "Image|endswith: '/tee'", file('Read', '/etc/shadow')))
    assert.ok(
      found('file_rename', cron, {
        ...file('Rename', '/tmp/x'),
        file_result_path: '/etc/cron.d/x',
      }),
      'a rename has two names',
    )
  })
  test('of DNS look at question and answers', () => {
    const row = {
      class_uid: 4003,
      activity_name: 'Response',
      query_hostname: 'a.example.org',
      answers: 'A 192.0.2.1',
    }
    assert.ok(found('dns_query', "QueryName|endswith: '.example.org'", row))
    assert.ok(found('dns_query', "QueryResults|contains: '192.0.2.'", row))
    assert.ok(!found('dns_query', "QueryName: 'other'", row))
  })
})

const archive = new URL('../../../../../shared/data/sigma-linux-rules.tar.gz', import.meta.url)

suite('the recorded set of public rules', () => {
  test(
    'is compiled, or refused for a reason that is named',
    { skip: existsSync(archive) ? false : 'needs shared/data/sigma-linux-rules.tar.gz' },
    (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'hg-rules-'))
      t.after(() => rmSync(folder, { recursive: true }))
      spawnSync('tar', ['xzf', archive.pathname, '-C', folder])
      const sources = globSync('**/*.yml', { cwd: folder }).map((file) => ({
        file,
        text: readFileSync(join(folder, file), 'utf8'),
      }))
      assert.equal(sources.length, 210)
      const set = compileRules(sources)
      assert.equal(set.rules.length + set.refused.length, 210)
      const why = new Map<string, number>()
      for (const { error } of set.refused) {
        assert.match(error.detail, /not recorded|is not read|has no category/)
        const reason = error.detail.replace(/^\S+ /, '').replace(/[;(].*/, '')
        why.set(reason, (why.get(reason) ?? 0) + 1)
      }
      t.diagnostic(`${set.rules.length} compiled, ${set.refused.length} refused`)
      for (const [reason, count] of why) t.diagnostic(`${count}: ${reason}`)
      for (const one of set.alwaysEvaluated) t.diagnostic(`without a literal: ${one.file}`)
      assert.equal(set.rules.length, 135)
    },
  )
})
