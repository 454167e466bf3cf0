import { mutateTextBytes } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { parsePasswd } from './host-users.ts'

export const target = defineTarget({
  name: 'passwd',
  parser: 'parsePasswd of the sensor',
  seeds: () =>
    [
      'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n',
      'a:x:4294967295:0::/:/bin/sh\nb::1000:1000:,,,:/home/b:\n+::::::\n',
    ].map((text) => new Uint8Array(Buffer.from(text))),
  mutator: mutateTextBytes([
    ':',
    '\n',
    '::',
    ':x:',
    '0',
    '4294967295',
    '4294967296',
    '+',
    '\0',
    '\xff',
  ]),
  property:
    'Whatever the file holds, users have ids of 32 bits, no two the same, and names of 1 to 256 bytes.',
  open: () => (input) => {
    const users = parsePasswd(input)
    const ids = new Set<number>()
    for (const { uid, name } of users) {
      must(Number.isInteger(uid) && uid >= 0 && uid <= 0xffff_ffff, 'ids have 32 bits')
      must(!ids.has(uid), 'ids are distinct')
      must(
        name.length > 0 && name.length <= 256 && !name.includes(0x0a) && !name.includes(0x3a),
        'names are bounded',
      )
      ids.add(uid)
    }
    return users.length > 0 ? 'taken' : 'no user'
  },
})
