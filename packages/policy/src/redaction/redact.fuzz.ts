import { mutateTextBytes } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { createRedactor } from './redact.ts'

const argv = (...words: readonly string[]): Uint8Array =>
  new Uint8Array(Buffer.from(words.map((word) => `${word}\0`).join('')))

export const target = defineTarget({
  name: 'argv-secrets',
  parser: 'createRedactor().redact',
  seeds: () => [
    argv('curl', '-H', 'Authorization: Bearer abc.def', 'https://u:p@example.org/'),
    argv('env', 'PGPASSWORD=a b', 'mysql', '-phunter2', '--api-key=k', '--auth_token', 't'),
    argv('sh', '-c', 'sshpass -p \'x y\' ssh h; AWS_SECRET_ACCESS_KEY=y aws s3 ls | tee "a"'),
    argv('x', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P'),
  ],
  mutator: mutateTextBytes([
    '\0',
    '--password',
    'PASSWORD=',
    '-p',
    'mysql',
    'sshpass',
    'Authorization:',
    'Cookie:',
    'Bearer ',
    '://',
    '@',
    ':',
    '=',
    '"',
    "'",
    ';',
    '|',
    '&',
    ' ',
    'sk-',
    'AKIA',
    'ghp_',
    'eyJ',
    '-c',
    'TOKEN',
    '<redacted>',
  ]),
  property:
    'What is replaced stays replaced: a second look finds nothing. As many arguments come out as went in, and what is kept is in the order in which it was.',
  open: async () => {
    const redactor = await createRedactor()
    const nuls = (bytes: Uint8Array): number => {
      let count = 0
      for (const byte of bytes) if (byte === 0) count += 1
      return count
    }
    return (input) => {
      const out = redactor.redact(input)
      // Seeds of this parser are those that it finds something in.
      if (!out) return 'nothing found'
      must(redactor.redact(out) === undefined, 'a second look finds nothing')
      must(nuls(out) === nuls(input), 'as many arguments as before')
      const before = Buffer.from(input).toString('latin1')
      let at = 0
      for (const part of Buffer.from(out).toString('latin1').split('<redacted>')) {
        const found = before.indexOf(part, at)
        must(found >= 0, 'what is kept was there, in this order')
        at = found + part.length
      }
      return 'taken'
    }
  },
})
