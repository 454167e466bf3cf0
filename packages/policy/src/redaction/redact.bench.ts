/** What a typical argument list costs to look through: `bin/node packages/policy/src/redaction/redact.bench.ts`. */
import { createRedactor } from './redact.ts'

const lists = {
  'short, nothing in it': ['/bin/ls', '-la', '/tmp'],
  'typical, nothing in it': [
    '/usr/bin/node',
    '--max-old-space-size=64',
    '/srv/app/server.js',
    '--port',
    '8080',
    '--config=/etc/app/config.yaml',
  ],
  'a hint, no secret': ['/usr/bin/ssh-keygen', '-t', 'ed25519', '-f', '/root/.ssh/key'],
  'a secret': ['/usr/bin/psql', '--host=db', '--password=hunter2', '--command=select 1'],
}

const redactor = await createRedactor()
for (const [name, argv] of Object.entries(lists)) {
  const bytes = new TextEncoder().encode(argv.map((argument) => `${argument}\0`).join(''))
  const rounds = 100_000
  for (let i = 0; i < rounds; i++) redactor.redact(bytes)
  const began = performance.now()
  for (let i = 0; i < rounds; i++) redactor.redact(bytes)
  const us = ((performance.now() - began) * 1000) / rounds
  process.stdout.write(`${us.toFixed(2)} µs  ${bytes.length} bytes  ${name}\n`)
}
