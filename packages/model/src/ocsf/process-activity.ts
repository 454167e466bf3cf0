/** Process Activity: a process begins, runs something else, ends; or a start that failed. */
import { eventColumns, processColumns, processDetail, type OcsfColumn } from './column.ts'
import { defineEventClass } from './event-class.ts'

export const processActivity = {
  ...eventColumns,
  ...processColumns('process', 'the process'),
  ...processDetail,
  ...processColumns('process_parent_process', 'its parent'),
  ...processColumns(
    'actor_process',
    'who acted: for Launch and Fork the parent or the image that called exec, for Terminate the process itself',
  ),
  exit_code: { type: 'integer', doc: 'Exit status 0 to 255 at Terminate; null otherwise.' },
  exit_signal: { type: 'integer', doc: 'Signal that ended it; null when none.', extension: true },
  run_ms: { type: 'integer', doc: 'Life of the process in ms, at Terminate.', extension: true },
  cpu_ms: {
    type: 'integer',
    doc: 'CPU time of the process in ms (user and system), at Terminate.',
    extension: true,
  },
  peak_rss_bytes: {
    type: 'integer',
    doc: 'Largest resident set in bytes, at Terminate.',
    extension: true,
  },
  status_code: { type: 'integer', doc: 'Error number of a failed exec; null otherwise.' },
} as const satisfies Record<string, OcsfColumn>

export const processClass = defineEventClass({
  view: 'process_activity',
  uid: 1007,
  doc: 'Process starts, forks, ends and failed starts, one row each.',
  columns: processActivity,
  subject: 'process',
  kinds: {
    exec: {
      activity: { id: 1, name: 'Launch' },
      group: 'process',
      look: { pictogram: '🚀', word: 'process' },
      doc: 'A process has begun to run a program.',
    },
    exec_failed: {
      activity: { id: 99, name: 'Launch Failed' },
      group: 'process',
      look: { pictogram: '🚫', word: 'failed' },
      doc: 'A program could not be started.',
    },
    fork: {
      activity: { id: 99, name: 'Fork' },
      group: 'process',
      look: { pictogram: '🌱', word: 'fork' },
      doc: 'A new process, still what its parent is.',
    },
    exit: {
      activity: { id: 2, name: 'Terminate' },
      group: 'process',
      look: { pictogram: '💥', word: 'exit' },
      doc: 'A process is gone.',
    },
  },
  textColumns: [],
  short: {},
})
