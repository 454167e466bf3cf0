import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { createDaemonLog } from './daemon-log.ts'

export const target = defineTarget({
  name: 'daemon-log',
  parser: 'createDaemonLog: what a daemon writes, in pieces',
  seeds: () => [
    '{"ready":true,"component":"hub","address":"http://127.0.0.1:7461","pid":4242}\n',
    '{"time":"2026-11-24T14:00:00.000Z","level":"warn","component":"hub","msg":"A rule could not be loaded"}\nSegmentation fault\n',
    '{"level":30,"message":"x"}\n{"level":30,"message":"x"}\n(node:1) Warning: y\n    at z',
  ],
  mutator: mutateText([
    '\n',
    '{',
    '}',
    '"',
    ':',
    ',',
    '"level"',
    '"msg"',
    '"message"',
    '"ready"',
    'true',
    '50',
    '[',
    ']',
    '\\u0000',
    '"__proto__"',
    '"toJSON"',
    '"component"',
  ]),
  property:
    'Every line comes out as one JSON object with a component, however the output is cut; none makes the launcher fail.',
  open: () => (input) => {
    const log = createDaemonLog({
      component: 'hub',
      now: () => 0,
      onReady: () => undefined,
      onLine: ({ json, message }) => {
        must(typeof message === 'string' && !json.includes('\n'), 'a line is a line')
        must('component' in (JSON.parse(json) as object), 'a line says of what component it is')
      },
    })
    for (let at = 0; at < input.length; at += 1 + (input.charCodeAt(at) % 61))
      log.push(input.slice(at, at + 1 + (input.charCodeAt(at) % 61)))
    log.end()
    return 'taken'
  },
})
