import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { downloadsOf } from './download.ts'

suite('what a command downloads', () => {
  for (const [what, name, argv, expected] of [
    ['curl with -o', 'curl', ['curl', '-fsSo', 'x', 'http://h/y'], ['http://h/y', '/tmp/x']],
    [
      'curl with the name of its own',
      'curl',
      ['curl', '-sSO', 'http://h/y'],
      ['http://h/y', '/tmp/y'],
    ],
    ['curl that sends', 'curl', ['curl', '-XPOST', 'http://h/y'], undefined],
    [
      'curl that asks a program of this host',
      'curl',
      ['curl', '-s', '--unix-socket', '/run/x/api.sock', 'http://localhost/status'],
      undefined,
    ],
    ['wget by its address', 'wget', ['wget', 'http://h/a/y'], ['http://h/a/y', '/tmp/y']],
    [
      'perl without any tool',
      'perl',
      ['perl', '-MHTTP::Tiny', '-e', 'HTTP::Tiny->new->mirror("http://h/y", "/tmp/x/y")'],
      ['http://h/y', '/tmp/x/y'],
    ],
    [
      'python with a relative file',
      'python3.11',
      ['python3', '-c', "import urllib.request as r; r.urlretrieve('http://h/y', 'y')"],
      ['http://h/y', '/tmp/y'],
    ],
    ['a script in a file, whose text is not seen', 'perl', ['perl', 'fetch.pl'], undefined],
    [
      'code whose file is not a plain text',
      'perl',
      ['perl', '-e', 'mirror("http://h/y", $file)'],
      undefined,
    ],
  ] as const)
    test(`is told of ${what}`, () => {
      assert.deepEqual(
        downloadsOf(name, argv, '/tmp'),
        expected === undefined ? [] : [{ url: expected[0], path: expected[1] }],
      )
    })
})
