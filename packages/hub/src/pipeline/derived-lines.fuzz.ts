import { mutateJson } from '../../../../test/fuzz/mutate-json.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { decodeDerived } from './derived-lines.ts'

export const target = defineTarget({
  name: 'derived-lines',
  parser: 'decodeDerived',
  seeds: () => [
    '{"view":"incident_finding","uid":"i1","row":{"title":"x","severity":"high"}}',
    '{"view":"incident_finding","uid":"i2","row":null}',
    '{"view":"detection_finding","uid":"f1","row":{"rule_name":"a","time":"2026-11-24T14:00:00.000000Z"}}',
  ],
  mutator: mutateJson(['view', 'uid', 'row', 'incident_finding', 'detection_finding']),
  property:
    'A line is read with its view, uid and row, or counted as unreadable: none is passed over in silence.',
  open: () => (input) => {
    const { lines, unreadable } = decodeDerived(Buffer.from(`${input}\n${input}`))
    const given = `${input}\n${input}`.split('\n').filter((line) => line !== '').length
    must(lines.length + unreadable === given, 'every line is read or counted')
    return unreadable === 0 ? 'taken' : 'unreadable'
  },
})
