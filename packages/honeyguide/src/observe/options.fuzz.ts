import { mutateJson, readJson } from '../../../../test/fuzz/mutate-json.ts'
import { defineTarget, must, takenOr, withCode } from '../../../../test/fuzz/target.ts'
import { sinceTime } from '../command/duration.ts'
import { ipPrefix } from './ip-prefix.ts'
import { createSelection, type SelectionOptions } from './selection.ts'

const row = {
  class_uid: 4001,
  activity_name: 'Open',
  connection_info_direction: 'Outbound',
  connection_info_protocol_name: 'tcp',
  time: '2026-11-24T14:00:00.000000Z',
  src_endpoint_ip: '10.0.0.1',
  dst_endpoint_ip: '2001:db8::1',
  dst_endpoint_port: 443,
}
const names = [
  'eventTypes',
  'process',
  'pid',
  'parent',
  'user',
  'ip',
  'fromIp',
  'toIp',
  'port',
  'fromPort',
  'toPort',
  'protocol',
  'container',
  'unit',
]

const textsOf = (values: unknown[]): string[] =>
  values.filter((one) => typeof one === 'string' || typeof one === 'number').map(String)

/** Lists of texts by the names of options, as the command line gives them. */
function optionsOf(value: unknown): SelectionOptions {
  const given = Object(value) as Record<string, unknown>
  const options: Record<string, unknown> = {}
  for (const name of names)
    if (Array.isArray(given[name])) options[name] = textsOf(given[name] as unknown[])
  if (typeof given['filter'] === 'string') options['filter'] = given['filter']
  return options
}

export const target = defineTarget({
  name: 'observe-options',
  parser: 'createSelection, ipPrefix, sinceTime: the options of observe and hunt',
  seeds: () => [
    '{"fromIp":["10.0.0.0/8","::1"],"toIp":["2001:db8::/32"],"port":["443"]}',
    '{"eventTypes":["process_exec,tcp"],"process":["^/usr/.*curl$"],"pid":["42"],"protocol":["tcp"]}',
    '{"filter":"type = exec","unit":["a.service"],"user":["root"],"since":"5m"}',
  ],
  mutator: mutateJson([
    ...names,
    'since',
    'filter',
    '10.0.0.0/33',
    '::ffff:1.2.3.4',
    '1::2::3',
    '/',
    '::',
    '0.0.0.0/0',
    '256.1.1.1',
    '(',
    '[a-',
    '65536',
    '4194305',
    '999999999d',
    'Infinity',
    '2026-01-31T12:00:00Z',
    '+275760-09-13',
  ]),
  property:
    'Options are refused with a code for wrong usage, or choose rows; an address is inside of itself.',
  open: () => (input) => {
    const value = readJson(input)
    return takenOr(
      () => {
        createSelection(optionsOf(value))(row)
        const { since, toIp } = Object(value) as { since?: unknown; toIp?: unknown }
        if (typeof since === 'string') sinceTime(since, 1_700_000_000_000)
        for (const one of Array.isArray(toIp) ? textsOf(toIp) : []) {
          const [address = ''] = one.split('/')
          must(ipPrefix(one)(address), 'an address is inside of its prefix')
        }
      },
      withCode('HG_USAGE', 'HG_FILTER_INVALID'),
    )
  },
})
