import { mutateText } from '../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../test/fuzz/target.ts'
import { imageUid, parseProcessUid, processUid } from './identity.ts'

const prefix = '0a1b2c3d4e5f-01234567'

export const target = defineTarget({
  name: 'process-uid',
  parser: 'parseProcessUid',
  seeds: () => [
    processUid(prefix, 1, 0n),
    processUid(prefix, 4_194_304, (1n << 63n) - 1n),
    imageUid(prefix, 4242, 123_456_789_012n, 7),
  ],
  mutator: mutateText(['-', '0', 'zzzzzzz', 'zzzzzzzzzzzzz', prefix]),
  property: 'A uid is refused, or its parts written again are numbers and give the same parts.',
  open: () => (input) => {
    const read = parseProcessUid(input)
    if (!read) return 'refused'
    const { pid, startNs, execNo } = read
    const uid =
      execNo === undefined
        ? processUid(`${read.sensor}-${read.boot}`, pid, startNs)
        : imageUid(`${read.sensor}-${read.boot}`, pid, startNs, execNo)
    const again = parseProcessUid(uid)
    must(
      again?.pid === pid && again.startNs === startNs && again.execNo === execNo,
      'the same parts come back',
    )
    return 'taken'
  },
})
