import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  configReference,
  formatBytes,
  parseBoundedYaml,
  parseBytes,
  resolveConfig,
  settings,
  yamlLimits,
  type ConfigFault,
  type ConfigSources,
  type ResolvedConfig,
} from './index.ts'

/** CPU time of this thread, µs: what an input costs, however busy the machine is. */
const cpuUs = (): number => process.threadCpuUsage().user

function resolved(sources: ConfigSources): ResolvedConfig {
  const found = resolveConfig(sources)
  if (!('config' in found))
    assert.fail(found.map(({ where, message }) => `${where}: ${message}`).join('\n'))
  return found
}

function faults(sources: ConfigSources): readonly ConfigFault[] {
  const found = resolveConfig(sources)
  if ('config' in found) assert.fail('no fault was found')
  return found
}

const file = (text: string) => ({ file: { path: 'hg.yaml', text } })
const originOf = (found: ResolvedConfig, name: string) =>
  found.values.find(({ setting }) => setting.name === name)?.origin

suite('configuration', () => {
  test('has a default for every setting, and says so', () => {
    const found = resolved({})
    assert.equal(found.config.hub.listen.port, 7461)
    assert.equal(found.config.sensor.rings.dataBytes, 8 * 2 ** 20)
    assert.ok(found.values.every(({ origin }) => origin.kind === 'default'))
    assert.ok(settings.every(({ doc, form }) => doc !== '' && form !== ''))
  })

  test('takes the file over the default, the environment over the file, a flag over both', () => {
    const sources = file('log: warn\nhub:\n  listen:\n    port: 8000\n')
    const one = resolved(sources)
    assert.equal(one.config.log, 'warn')
    assert.deepEqual(originOf(one, 'hub.listen.port'), { kind: 'file', file: 'hg.yaml', line: 4 })
    const two = resolved({
      ...sources,
      environment: { HONEYGUIDE_HUB_LISTEN_PORT: '8001', PATH: '/' },
    })
    assert.equal(two.config.hub.listen.port, 8001)
    assert.equal(originOf(two, 'hub.listen.port')?.kind, 'environment')
    const three = resolved({
      ...sources,
      environment: { HONEYGUIDE_HUB_LISTEN_PORT: '8001' },
      flags: [{ name: 'hub.listen.port', value: '8002', flag: '--port' }],
    })
    assert.equal(three.config.hub.listen.port, 8002)
    assert.deepEqual(originOf(three, 'hub.listen.port'), { kind: 'flag', flag: '--port' })
    assert.equal(three.config.log, 'warn')
  })

  test('names line and column of an unknown key and what was probably meant', () => {
    const [fault, ...more] = faults(file('log: info\nsensor:\n  spoolByte: 3\n'))
    assert.equal(more.length, 0)
    assert.equal(fault?.where, 'hg.yaml:3:3')
    assert.match(fault?.message ?? '', /unknown key `sensor.spoolByte`; did you mean `spoolBytes`/)
  })

  test('names line and column of a wrong value and what is needed', () => {
    const found = faults(
      file('sensor:\n  enabled: yes please\n  rings:\n    dataBytes: 3 MiB\nlog: loud\n'),
    )
    assert.deepEqual(
      found.map(({ where }) => where),
      ['hg.yaml:5:6', 'hg.yaml:2:12', 'hg.yaml:4:16'],
    )
    assert.match(found[0]?.message ?? '', /one of debug, info, warn, error/)
    assert.match(found[1]?.message ?? '', /`true` or `false` is needed, not string/)
    assert.match(found[2]?.message ?? '', /power of two/)
  })

  test('names the variable or flag that is wrong', () => {
    assert.equal(faults({ environment: { HONEYGUIDE_LOGG: 'info' } })[0]?.where, 'HONEYGUIDE_LOGG')
    assert.match(
      faults({ environment: { HONEYGUIDE_LOGG: 'x' } })[0]?.message ?? '',
      /HONEYGUIDE_LOG`/,
    )
    const [fault] = faults({ flags: [{ name: 'hub.listen.port', value: '70000', flag: '--port' }] })
    assert.equal(fault?.where, '--port')
    assert.match(fault?.message ?? '', /0 to 65535/)
  })

  test('reads lists, maps and sizes from the environment', () => {
    const { config } = resolved({
      environment: {
        HONEYGUIDE_SENSOR_LABELS: '{role: web}',
        HONEYGUIDE_SENSOR_PROBES: '[exec, exit]',
        HONEYGUIDE_SENSOR_SPOOL_BYTES: '64MiB',
      },
    })
    assert.deepEqual(config.sensor.labels, { role: 'web' })
    assert.deepEqual(config.sensor.probes, ['exec', 'exit'])
    assert.equal(config.sensor.spoolBytes, 64 * 2 ** 20)
  })

  test('takes folders, ends of paths and cgroups for files, and says what is none', () => {
    const { config } = resolved(
      file(
        'sensor:\n  file:\n    ignore: [/var/cache/, /tmp]\n    sensitive: [defaults, .ssh/id_work, /srv/keys/]\n    ignoreWorkloads: [/build.slice]\n',
      ),
    )
    assert.deepEqual(config.sensor.file.ignore, ['/var/cache/', '/tmp'])
    assert.deepEqual(config.sensor.file.sensitive, ['defaults', '.ssh/id_work', '/srv/keys/'])
    assert.deepEqual(config.sensor.file.watch, [])
    const wrong = [
      ['ignore', 'var/cache', /begins with one slash/],
      ['ignore', `/${'x'.repeat(62)}`, /at most 62 bytes/],
      ['sensitive', 'keys/', /a folder begins with a slash/],
      ['sensitive', `.ssh/${'x'.repeat(32)}`, /at most 31 bytes/],
      ['watchWorkloads', 'build.slice', /begins with a slash/],
    ] as const
    for (const [key, value, said] of wrong) {
      const [fault] = faults(file(`sensor:\n  file:\n    ${key}: ["${value}"]\n`))
      assert.match(fault?.message ?? '', said, value)
    }
  })

  test('refuses 20,000 keys, a long text, nesting and alias bombs, each in under a second', () => {
    const hostile = [
      Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n'),
      `a: ${'x'.repeat(yamlLimits.bytes)}`,
      '['.repeat(20_000),
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map(
          (key, index) => `${key}: &${key} [${`*${'abcdefghij'[index]},`.repeat(9).slice(0, -1)}]`,
        )
        .join('\n')}`,
      'a: b\na: c\n',
      '- log',
      '\u0000',
    ]
    for (const text of hostile) {
      const began = cpuUs()
      const [fault] = faults(file(text))
      assert.ok(cpuUs() - began < 1_000_000)
      assert.match(fault?.where ?? '', /^hg.yaml:\d+:\d+$/)
      assert.ok((fault?.message.length ?? 0) > 0 && (fault?.message.length ?? 0) < 1000)
    }
  })

  test('takes no setting from a prototype', () => {
    assert.match(faults(file('__proto__: {log: error}'))[0]?.message ?? '', /unknown key|map/)
    assert.equal(resolved({}).config.log, 'info')
  })

  test('never throws, whatever the text', () => {
    const word = fc.constantFrom(
      'log',
      'sensor',
      'hub',
      ':',
      ' ',
      '\n',
      '  ',
      '-',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&a',
      '*a',
      '|',
      '1',
      'true',
      '!!',
      '%',
      '\t',
      '#',
      'é',
      '\u2028',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
          fc.string({ unit: 'binary', maxLength: 60 }),
        ),
        (text) => {
          const found = resolveConfig(file(text))
          assert.ok('config' in found || found.length > 0)
          const yaml = parseBoundedYaml(text)
          if (!('message' in yaml)) assert.ok(yaml.placeOf(['hub', 'listen']).line >= 1)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test('writes every size so that it is read back', () => {
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), (bytes) => parseBytes(formatBytes(bytes)) === bytes))
    assert.equal(parseBytes('1.5 GiB'), 1.5 * 2 ** 30)
    assert.equal(parseBytes('5 parsecs'), undefined)
  })

  test('documents every setting', () => {
    const page = configReference()
    for (const { name, variable } of settings)
      assert.ok(page.includes(`\`${name}\``) && page.includes(variable))
  })
})
