/** Module Activity: what a process takes in as code besides its own program. */
import {
  actorWorkload,
  eventColumns,
  fileIdentityColumns,
  namedProcess,
  processColumns,
  repeatColumns,
  type OcsfColumn,
} from './column.ts'
import { defineEventClass } from './event-class.ts'

export const moduleActivity = {
  ...eventColumns,
  ...processColumns('actor_process', 'the process that it was loaded into'),
  ...actorWorkload,
  actor_process_namespace_mnt: {
    type: 'integer',
    doc: 'Inode number of the mount namespace of the process.',
    extension: true,
  },
  ...fileIdentityColumns('module_file'),
  ...repeatColumns,
  ...namedProcess('writer_process', 'the process that last opened the file for writing'),
  module_flags: { type: 'text', doc: 'Words as in `file_flags`.', extension: true },
} as const satisfies Record<string, OcsfColumn>

export const moduleClass = defineEventClass({
  view: 'module_activity',
  uid: 1005,
  doc: 'Files that were written while the sensor watched, mapped as code into a process.',
  columns: moduleActivity,
  subject: 'actor_process',
  kinds: {
    library_load: {
      activity: { id: 1, name: 'Load' },
      group: 'file',
      object: ['module_file_path', 'writer_process_name'],
      look: { pictogram: '📦', word: 'load' },
      doc: 'A file that was written at run time is mapped executable.',
    },
  },
  textColumns: ['module_file_path'],
  short: { file: { type: 'text', doc: 'Path of a file.', columns: ['module_file_path'] } },
})
