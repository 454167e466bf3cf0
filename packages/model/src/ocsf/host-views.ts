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
  process_file_package: {
    type: 'text',
    doc: 'Package that owns the executable, with its version; empty when none does, null when it is not known yet.',
    extension: true,
  },
  process_file_integrity: {
    type: 'text',
    doc: 'What the package database says of the executable: as packaged, differs, not compared, unpackaged or unknown; null when it is not known yet.',
    extension: true,
  },
  process_file_sha256: {
    type: 'text',
    doc: 'SHA-256 of the executable; empty where it was not computed, null when it is not known yet.',
    extension: true,
  },
  start_time: {
    type: 'time',
    doc: 'When this image began (exec, or fork when it never called exec).',
    extension: true,
  },
  end_time: { type: 'time', doc: 'When the process exited; null while it runs.', extension: true },
} as const satisfies Record<string, OcsfColumn>

/** Where files come from that ran or were mapped executable: the newest that is known of each. */
export const provenanceView = {
  time: { type: 'time', doc: 'When it was found out.' },
  device_hostname: eventColumns.device_hostname,
  device_uid: eventColumns.device_uid,
  file_path: {
    type: 'text',
    doc: 'Path as seen from the root of the process; of a script as it was typed.',
  },
  file_inode: {
    type: 'long',
    doc: 'Inode number; null where only the path is known.',
    extension: true,
  },
  file_device: { type: 'text', doc: 'Device as major:minor.', extension: true },
  file_role: {
    type: 'text',
    doc: 'As what it was seen first: image, interpreter or library.',
    extension: true,
  },
  file_integrity: {
    type: 'text',
    doc: 'as packaged, differs, not compared, unpackaged or unknown.',
    extension: true,
  },
  file_reason: {
    type: 'text',
    doc: 'Why it says no more than it does; empty otherwise.',
    extension: true,
  },
  package_manager: {
    type: 'text',
    doc: 'dpkg or rpm; empty when no package owns it.',
    extension: true,
  },
  package_name: { type: 'text', doc: 'Package that owns it.' },
  package_version: { type: 'text', doc: 'Its version.' },
  package_architecture: { type: 'text', doc: 'Its architecture.' },
  package_path: {
    type: 'text',
    doc: 'The path as the package spells it where that differs.',
    extension: true,
  },
  package_digest: {
    type: 'text',
    doc: 'What the package says the content is, as algorithm:hex; empty without one.',
    extension: true,
  },
  file_digest: { type: 'text', doc: 'The same digest of the content as found.', extension: true },
  file_sha256: {
    type: 'text',
    doc: 'SHA-256 of the content; empty where it was not computed.',
    extension: true,
  },
  file_size: { type: 'integer', doc: 'Length in bytes.' },
  file_modified_time: { type: 'time', doc: 'Last change of the content.' },
  file_changed_time: { type: 'time', doc: 'Last change of the inode.', extension: true },
  file_created_time: {
    type: 'time',
    doc: 'When the inode was made; null where the file system does not say.',
  },
  file_owner_uid: { type: 'integer', doc: 'Owning user id.', extension: true },
  file_owner_gid: { type: 'integer', doc: 'Owning group id.', extension: true },
  file_mode: { type: 'text', doc: 'Type and permission bits, octal.', extension: true },
  writer_process_uid: {
    type: 'text',
    doc: 'Image uid of the process that the sensor last saw write to it; null when it saw none.',
    extension: true,
  },
  written_time: { type: 'time', doc: 'When; null when it saw none.', extension: true },
  file_flags: {
    type: 'text',
    doc: 'Words joined by commas: configuration, deleted, memfd, by path, foreign database, provisional.',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>
