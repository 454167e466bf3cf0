/** Views that are no events: what was lost, and every process image. */
import { eventColumns, processColumns, processDetail, type OcsfColumn } from './column.ts'

export const losses = {
  host: { type: 'text', doc: 'Name of the host.', extension: true },
  device_uid: eventColumns.device_uid,
  hook: { type: 'text', doc: 'Which hook or queue.', extension: true },
  reason: { type: 'text', doc: 'Why; see the loss reasons.', extension: true },
  from_time: { type: 'time', doc: 'Begin of the interval.', extension: true },
  to_time: { type: 'time', doc: 'End of the interval.', extension: true },
  offered: { type: 'integer', doc: 'Events that there were.', extension: true },
  seen: { type: 'integer', doc: 'Events that are stored.', extension: true },
  lost: { type: 'integer', doc: 'Events that are not.', extension: true },
} as const satisfies Record<string, OcsfColumn>

export const processes = {
  device_hostname: eventColumns.device_hostname,
  device_uid: eventColumns.device_uid,
  ...processColumns('process', 'the process'),
  ...processDetail,
  process_parent_process_uid: {
    type: 'text',
    doc: 'Image uid of the parent when this image began.',
  },
  process_parent_process_pid: { type: 'integer', doc: 'Its pid.' },
  start_time: {
    type: 'time',
    doc: 'When this image began (exec, or fork when it never called exec).',
    extension: true,
  },
  end_time: { type: 'time', doc: 'When the process exited; null while it runs.', extension: true },
} as const satisfies Record<string, OcsfColumn>
