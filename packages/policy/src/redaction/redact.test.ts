import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HoneyguideError } from '@honeyguide/model/errors'
import { createRedactor } from './redact.ts'

/** CPU time of this thread, µs: what an input costs, however busy the machine is. */
const cpuUs = (): number => process.threadCpuUsage().user

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const redactor = await createRedactor()

function bytes(argv: readonly string[]): Uint8Array {
  return encoder.encode(argv.map((argument) => `${argument}\0`).join(''))
}

function redact(argv: readonly string[], by = redactor): string[] {
  const out = by.redact(bytes(argv))
  return out === undefined ? [...argv] : decoder.decode(out).split('\0').slice(0, -1)
}

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P'
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['an option with =', ['x', '--password=hunter2'], ['x', '--password=<redacted>']],
  [
    'an option with its value apart',
    ['x', '--password', 'hunter2', 'y'],
    ['x', '--password', '<redacted>', 'y'],
  ],
  ['a value with spaces', ['x', '--db-password=a b c'], ['x', '--db-password=<redacted>']],
  [
    'other names',
    ['x', '--api-key=k', '--auth_token', 't'],
    ['x', '--api-key=<redacted>', '--auth_token', '<redacted>'],
  ],
  [
    'a Java property',
    ['java', '-Dspring.datasource.password=p'],
    ['java', '-Dspring.datasource.password=<redacted>'],
  ],
  ['a variable', ['env', 'PGPASSWORD=a b', 'psql'], ['env', 'PGPASSWORD=<redacted>', 'psql']],
  [
    'variables of any prefix',
    ['env', 'MY_TOKEN=x', 'AWS_SECRET_ACCESS_KEY=y'],
    ['env', 'MY_TOKEN=<redacted>', 'AWS_SECRET_ACCESS_KEY=<redacted>'],
  ],
  [
    'mysql',
    ['/usr/bin/mysql', '-u', 'root', '-phunter2', 'db'],
    ['/usr/bin/mysql', '-u', 'root', '-p<redacted>', 'db'],
  ],
  ['mysql behind sudo', ['sudo', 'mysqldump', '-phunter2'], ['sudo', 'mysqldump', '-p<redacted>']],
  [
    'sshpass',
    ['sshpass', '-p', 'hunter2', 'ssh', 'h'],
    ['sshpass', '-p', '<redacted>', 'ssh', 'h'],
  ],
  [
    'a header',
    ['curl', '-H', 'Authorization: Bearer abc.def', 'h'],
    ['curl', '-H', 'Authorization: <redacted>', 'h'],
  ],
  [
    'a URL',
    ['git', 'clone', 'https://u:p%40w@host/x'],
    ['git', 'clone', 'https://u:<redacted>@host/x'],
  ],
  ['a JWT', ['x', jwt], ['x', '<redacted>']],
  [
    'token shapes',
    [
      'x',
      'AKIAIOSFODNN7EXAMPLE',
      `a=ghp_${'a'.repeat(36)}`,
      `glpat-${'b'.repeat(20)}`,
      `xoxb-${'1'.repeat(12)}`,
      `sk-${'c'.repeat(30)}`,
    ],
    ['x', '<redacted>', 'a=<redacted>', '<redacted>', '<redacted>', '<redacted>'],
  ],
  [
    'words of a script',
    [
      'sh',
      '-c',
      `mysql -psecret -e 'select 1'; PASSWORD=x curl -H "Authorization: Basic abc" --token 'a b' https://u:p@h/`,
    ],
    [
      'sh',
      '-c',
      `mysql -p<redacted> -e 'select 1'; PASSWORD=<redacted> curl -H "Authorization: <redacted>" --token '<redacted>' https://u:<redacted>@h/`,
    ],
  ],
  [
    'a quoted value within a script',
    ['bash', '-c', `x --password="a b" y`],
    ['bash', '-c', `x --password="<redacted>" y`],
  ],
]

const untouched: readonly (readonly string[])[] = [
  ['ls', '-p', '-la'],
  ['ssh', '-p2222', 'host'],
  ['cp', '-pr', 'a', 'b'],
  ['passwd', 'root'],
  ['x', '--password-file=/etc/secret', '--token-ttl', '30', '--no-password'.slice(0, 4)],
  ['x', '--password', '--verbose'],
  ['mysql', '-p', 'db'],
  ['git', 'clone', 'ssh://git@github.com:22/x'],
  ['curl', 'http://host:80/a@b'],
  ['x', 'keyboard=us', 'monkey=1', 'task-aaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ['/usr/lib/jvm/bin/java', '-Xmx1g', '-cp', 'a:b', 'Main'],
  [],
  ['', ''],
]

suite('redaction', () => {
  for (const [name, argv, wanted] of cases)
    test(`replaces ${name}`, () => {
      assert.deepEqual(redact(argv), wanted)
    })
  test('leaves alone what is no secret', () => {
    for (const argv of untouched)
      assert.equal(redactor.redact(bytes(argv)), undefined, argv.join(' '))
  })
  test('counts what it replaces', async () => {
    const own = await createRedactor()
    redact(['x', '--password=a', '--token', 'b'], own)
    redact(['x', '--password=<redacted>'], own)
    assert.equal(own.count, 2)
  })
  test('takes patterns of its own, of which a group is what is replaced', async () => {
    const own = await createRedactor({ patterns: ['--pin[ =](\\d+)', 'S[0-9]{4}'] })
    assert.deepEqual(redact(['x', '--pin=1234', 'S0815', '--password=a'], own), [
      'x',
      '--pin=<redacted>',
      '<redacted>',
      '--password=<redacted>',
    ])
    await assert.rejects(
      createRedactor({ patterns: ['(a)\\1'] }),
      (error) => error instanceof HoneyguideError && error.code === 'HG_CONFIG_INVALID',
    )
  })
  test('reads 128 KiB of the worst in a time that grows linearly', () => {
    for (const unit of [
      'eyJ',
      'u:p@://',
      'authorization:',
      'a ',
      "'",
      '--password ',
      'sk-',
      'AKIA',
      'PASSWORD=',
      'mysql -p ',
      `"'`,
    ]) {
      const argv = encoder.encode(unit.repeat(Math.floor(131_072 / unit.length)))
      const began = cpuUs()
      redactor.redact(argv)
      // Quadratic work would take minutes.
      assert.ok(cpuUs() - began < 2_000_000, unit)
    }
  })
})
