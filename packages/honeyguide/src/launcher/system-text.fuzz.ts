import { readFileSync } from 'node:fs'
import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { parseMountinfo } from './mounts.ts'
import { parsePasswd } from './users.ts'

export const target = defineTarget({
  name: 'system-text',
  parser: 'parseMountinfo, parsePasswd of the launcher',
  seeds: () => [
    readFileSync('/proc/self/mountinfo', 'latin1').split('\n').slice(0, 6).join('\n'),
    '25 30 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:4 - cgroup2 cgroup2 rw\n26 30 0:24 / /mnt/a\\040b rw - bpf bpf rw\n',
    'honeyguide:x:998:998:Honeyguide daemon (made by honeyguide up):/nonexistent:/usr/sbin/nologin',
  ],
  mutator: mutateText([
    ' ',
    '-',
    ' - ',
    '\n',
    ':',
    '\\040',
    '\\777',
    'cgroup2',
    'bpf',
    '/',
    'x',
    '0',
  ]),
  property:
    'A mount has a target and a type, a user a name and two numbers; other lines are passed over.',
  open: () => (input) => {
    for (const { target: place, type } of parseMountinfo(input))
      must(
        typeof place === 'string' && typeof type === 'string' && !type.includes(' '),
        'a mount has a target and a type',
      )
    const user = parsePasswd(input.split('\n')[0] ?? '')
    if (user)
      must(
        user.name !== '' && !Number.isNaN(user.uid) && !Number.isNaN(user.gid),
        'a user has a name and numbers',
      )
    return 'taken'
  },
})
