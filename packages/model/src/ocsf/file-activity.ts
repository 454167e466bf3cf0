/** File System Activity: what was done to files, and the opens that matter. */
import {
  actorWorkload,
  eventColumns,
  fileIdentityColumns,
  processColumns,
  repeatColumns,
  type OcsfColumn,
} from './column.ts'
import { defineEventClass } from './event-class.ts'

export const fileActivity = {
  ...eventColumns,
  ...processColumns('actor_process', 'the process that did it'),
  ...actorWorkload,
  actor_process_namespace_mnt: {
    type: 'integer',
    doc: 'Inode number of the mount namespace of the process.',
    extension: true,
  },
  ...fileIdentityColumns('file'),
  file_result_path: {
    type: 'text',
    doc: 'Of a rename or hard link, the new name; of a symbolic link, what it holds; empty otherwise.',
  },
  open_flags: {
    type: 'integer',
    doc: 'Of opens, the O_ flags of x86-64 Linux as the kernel keeps them; of those that failed, as asked for.',
    extension: true,
  },
  ...repeatColumns,
  status_code: {
    type: 'integer',
    doc: 'Error number of an open that was refused; null otherwise.',
  },
  file_flags: {
    type: 'text',
    doc: 'Words joined by commas: as typed, path partial, truncated, directory, sensitive, deleted, repeats, exchanged ...',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

const group = 'file'
const object = ['file_path']
const both = ['file_path', 'file_result_path']

export const fileClass = defineEventClass({
  view: 'file_activity',
  uid: 1001,
  doc: 'Files made, opened for writing, renamed, linked, removed, changed; sensitive files read.',
  columns: fileActivity,
  subject: 'actor_process',
  kinds: {
    file_create: {
      activity: { id: 1, name: 'Create' },
      group,
      object,
      look: { pictogram: '📝', word: 'create' },
      doc: 'A file or a directory was made.',
    },
    file_read: {
      activity: { id: 2, name: 'Read' },
      group,
      object,
      look: { pictogram: '📚', word: 'read' },
      doc: 'A sensitive file was opened for reading, or somebody was refused it.',
    },
    file_write: {
      activity: { id: 14, name: 'Open' },
      group,
      object,
      look: { pictogram: '📝', word: 'write' },
      doc: 'A file was opened for writing, or somebody was refused it.',
    },
    file_rename: {
      activity: { id: 5, name: 'Rename' },
      group,
      object: both,
      look: { pictogram: '🏷️', word: 'rename' },
      doc: 'A file has another name or place.',
    },
    file_link: {
      activity: { id: 99, name: 'Link' },
      group,
      object: both,
      look: { pictogram: '🔗', word: 'link' },
      doc: 'A file has one more name.',
    },
    file_symlink: {
      activity: { id: 99, name: 'Symlink' },
      group,
      object: both,
      look: { pictogram: '🔗', word: 'symlink' },
      doc: 'A symbolic link was made.',
    },
    file_delete: {
      activity: { id: 4, name: 'Delete' },
      group,
      object,
      look: { pictogram: '🗑️', word: 'delete' },
      doc: 'A name of a file, or a directory, was removed.',
    },
    file_mknod: {
      activity: { id: 99, name: 'Make Node' },
      group,
      object,
      look: { pictogram: '📝', word: 'mknod' },
      doc: 'A device, a fifo or a socket was made in the file system.',
    },
    file_chmod: {
      activity: { id: 6, name: 'Set Attributes' },
      group,
      object: ['file_path', 'file_mode'],
      look: { pictogram: '🔧', word: 'chmod' },
      doc: 'The permissions of a file were changed.',
    },
    file_chown: {
      activity: { id: 7, name: 'Set Security' },
      group,
      object: ['file_path', 'file_owner_uid'],
      look: { pictogram: '🔧', word: 'chown' },
      doc: 'The owner of a file was changed.',
    },
    file_truncate: {
      activity: { id: 3, name: 'Update' },
      group,
      object,
      look: { pictogram: '✂️', word: 'cut' },
      doc: 'A file was cut or lengthened.',
    },
  },
  textColumns: ['file_path', 'file_result_path'],
  short: {
    file: { type: 'text', doc: 'Path of a file, of before or after.', columns: both },
  },
})
