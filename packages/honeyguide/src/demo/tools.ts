/** What this machine has of the programs that a demonstration may use. */
import { accessSync, constants } from 'node:fs'
import type { Tools } from './seeded-chain.ts'

const folders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']

/** Full path of a program, undefined when it is not here. */
export function which(name: string): string | undefined {
  for (const folder of folders) {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK)
      return `${folder}/${name}`
    } catch {
      // Not in this one.
    }
  }
  return undefined
}

/** Ways to look around: read only, quick, and without output that matters. */
const looks: readonly (readonly [program: string, command: string])[] = [
  ['id', 'id'],
  ['whoami', 'whoami'],
  ['uname', 'uname -a'],
  ['hostname', 'hostname'],
  ['ps', 'ps aux'],
  ['ss', 'ss -tln'],
  ['ip', 'ip addr'],
  ['cat', 'cat /etc/passwd'],
  ['cat', 'cat /etc/os-release'],
  ['cat', 'cat /proc/net/tcp'],
  ['ls', 'ls -la /home'],
  ['df', 'df -h'],
  ['mount', 'mount'],
  ['env', 'env'],
  ['getent', 'getent group'],
  ['w', 'w'],
  ['uptime', 'uptime'],
  ['lscpu', 'lscpu'],
]

export function findTools(): Tools {
  const has = (name: string): boolean => which(name) !== undefined
  const hasPerl = has('perl')
  const downloaders = (['curl', 'wget', 'perl'] as const).filter(has)
  return {
    // Every Debian has perl; one of the usual two is taken where there is one.
    downloaders:
      downloaders.length > 1 ? downloaders.filter((name) => name !== 'perl') : downloaders,
    servers: hasPerl ? ['node', 'perl'] : ['node'],
    payloads: [
      ...(has('bash') ? (['script', 'bash'] as const) : []),
      ...(hasPerl ? (['perl'] as const) : []),
    ],
    looks: looks.filter(([program]) => has(program)).map(([, command]) => command),
  }
}
