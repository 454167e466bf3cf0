import type { LiveMessage } from '@honeyguide/model/api'
import { mutateJson } from '../../../../test/fuzz/mutate-json.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { createLiveWindow, type LiveWindow } from '../view/live-window.ts'
import { readLiveMessage } from './live-message.ts'

const nowMs = Date.parse('2026-11-24T14:05:00.000Z')
const most = { rows: 50, seconds: 30 } as const

const seeds: readonly LiveMessage[] = [
  {
    kind: 'events',
    rows: [
      {
        time: '2026-11-24T14:04:59.000Z',
        class_uid: 1007,
        activity_name: 'Launch',
        event_uid: 'e1',
        process_name: 'curl',
        process_pid: 7,
      },
      { time: '2026-11-24T14:04:58.000Z', class_uid: 4001, event_uid: 'e2' },
    ],
    incidentOf: { e1: 'INC-0123456789' },
    notDrawn: 3,
    matched: 5,
    total: 9,
    lagMs: 40,
  },
  {
    kind: 'gap',
    gap: {
      host: 'web-1',
      hook: 'exec',
      reason: 'ring_full',
      from: '2026-11-24T14:04:50.000Z',
      to: '2026-11-24T14:04:51.000Z',
      offered: 100,
      lost: 7,
      mayHide: 'Programs that ran.',
    },
  },
  { kind: 'incident', uid: 'INC-0123456789', severity: 'high', title: 'curl ran x' },
  { kind: 'status', sensors: 2, sensorsUp: 1 },
]

export const target = defineTarget({
  name: 'live-message',
  parser: "readLiveMessage: a message of the page's event stream, and the window that takes it",
  seeds: () => seeds.map((message) => JSON.stringify(message)),
  mutator: mutateJson(),
  property: 'A message is left out, or the window takes it: bounded, its sums finite numbers.',
  open: () => {
    let window: LiveWindow = createLiveWindow(most)
    let taken = 0
    return (input) => {
      const message = readLiveMessage(input)
      if (!message) return 'left out'
      // Sums of the largest numbers are not finite any more: not of one message's making.
      if (++taken % 20 === 0) window = createLiveWindow(most)
      window.accept(message, nowMs)
      const { entries, seconds, gaps } = window.snapshot(nowMs)
      must(entries.length <= most.rows, 'as many rows as are kept')
      must(seconds.length <= most.seconds, 'as many seconds as are counted')
      must(gaps.length <= 100, 'as many gaps as are kept')
      must(
        seconds.every(({ at }, index) => index === 0 || at > (seconds[index - 1]?.at ?? 0)),
        'seconds in order',
      )
      return 'taken'
    }
  },
})
