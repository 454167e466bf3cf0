/** Memory Activity: memory that becomes code, and the memory of other processes. */
import {
  actorWorkload,
  eventColumns,
  namedProcess,
  processColumns,
  repeatColumns,
  type OcsfColumn,
} from './column.ts'
import { defineEventClass } from './event-class.ts'

export const memoryActivity = {
  ...eventColumns,
  ...processColumns('actor_process', 'the process that did it'),
  ...actorWorkload,
  memory_operation: {
    type: 'text',
    doc: 'What was done: map anonymous, protect written, memfd create, process write ...',
    extension: true,
  },
  memory_size: { type: 'integer', doc: 'Bytes, the sum over the events of the row.' },
  memory_address: {
    type: 'text',
    doc: 'Where, hexadecimal: in the process itself, or in the target when its memory is read or written.',
    extension: true,
  },
  memory_protection: {
    type: 'text',
    doc: 'What may be done with it: r, w and x; empty where nothing is asked.',
    extension: true,
  },
  call_flags: { type: 'long', doc: 'Flags of the call.', extension: true },
  ...namedProcess('target_process', 'the process whose memory it is'),
  file_path: {
    type: 'text',
    doc: 'The file behind the memory, or the file of /proc; empty when none.',
  },
  file_inode: { type: 'long', doc: 'Its inode number.', extension: true },
  file_device: { type: 'text', doc: 'Its device as major:minor.', extension: true },
  ...repeatColumns,
  status_code: { type: 'integer', doc: 'Error number; null when it worked.' },
  memory_flags: {
    type: 'text',
    doc: 'Words joined by commas: path partial, text truncated ...',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

const group = 'kernel'

export const memoryClass = defineEventClass({
  view: 'memory_activity',
  uid: 1004,
  doc: 'Memory that became code, and memory of other processes that was read or written.',
  columns: memoryActivity,
  subject: 'actor_process',
  kinds: {
    memory_execute: {
      activity: { id: 1, name: 'Allocate Page' },
      also: [
        { id: 2, name: 'Modify Page' },
        { id: 9, name: 'Map View' },
      ],
      group,
      object: ['memory_operation', 'file_path'],
      look: { pictogram: '⚡', word: 'code' },
      doc: 'Memory that a process filled itself may be executed.',
    },
    memory_file: {
      activity: { id: 99, name: 'Create File' },
      group,
      object: ['file_path'],
      look: { pictogram: '👻', word: 'memfd' },
      doc: 'A file was made that lives in memory only.',
    },
    process_read: {
      activity: { id: 7, name: 'Read' },
      group,
      object: ['target_process_name', 'target_process_pid'],
      look: { pictogram: '🔬', word: 'peek' },
      doc: 'Memory of another process was read.',
    },
    process_write: {
      activity: { id: 8, name: 'Write' },
      group,
      object: ['target_process_name', 'target_process_pid'],
      look: { pictogram: '💉', word: 'poke' },
      doc: 'Memory of another process was written.',
    },
    process_open: {
      activity: { id: 99, name: 'Open' },
      group,
      object: ['file_path'],
      look: { pictogram: '🔬', word: 'open' },
      doc: 'The memory of a process was opened to be written.',
    },
    userfault: {
      activity: { id: 99, name: 'Handle Faults' },
      group,
      object: [],
      look: { pictogram: '⏸️', word: 'fault' },
      doc: 'A process handles its own page faults.',
    },
  },
  textColumns: ['memory_operation', 'file_path', 'target_process_name'],
  short: { file: { type: 'text', doc: 'Path of a file.', columns: ['file_path'] } },
})
