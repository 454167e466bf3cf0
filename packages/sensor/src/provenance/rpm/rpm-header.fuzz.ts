import { mutateBytes } from '../../../../../test/fuzz/mutate-bytes.ts'
import { defineTarget, must } from '../../../../../test/fuzz/target.ts'
import { readRpmHeader } from './header.ts'
import { writeRpmHeader } from './fixture/write-header.ts'

const text = (tag: number, ...values: string[]) => ({ tag, type: 'string', values }) as const
const texts = (tag: number, ...values: string[]) => ({ tag, type: 'array', values }) as const
const numbers = (tag: number, ...values: number[]) => ({ tag, type: 'int32', values }) as const
const entries = [
  text(1000, 'tool'),
  text(1001, '1'),
  text(1002, '2'),
  text(1022, 'noarch'),
  texts(1035, 'ab', 'cd'),
  numbers(1037, 1, 64),
  numbers(1116, 0, 1),
  texts(1117, 'tool', 'other'),
  texts(1118, '/usr/bin/', '/etc/'),
]

export const target = defineTarget({
  name: 'rpm-header',
  parser: 'readRpmHeader of the sensor',
  seeds: () =>
    [entries, [...entries, numbers(1003, 7), numbers(5011, 8)]].map(
      (wanted) => new Uint8Array(writeRpmHeader(wanted)),
    ),
  mutator: mutateBytes({ headBytes: 8 + 16 * 12 }),
  property:
    'Whatever the bytes, a package has a name and a file that is found has the name that was asked for.',
  open: () => (input) => {
    const header = readRpmHeader(input)
    if (!header) return 'no header'
    must(header.package.name !== '', 'a package has a name')
    let folders = 0
    const found = header.find('tool', () => {
      folders += 1
      return folders > 3 || folders === 1
    })
    must(found === undefined || found.path.endsWith('tool'), 'the file has the name')
    must(found === undefined || /^[^A-Z]*$/.test(found.digest), 'digests are in small letters')
    return 'taken'
  },
})
