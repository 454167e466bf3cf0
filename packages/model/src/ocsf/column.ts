/** What a column of a public view is, and the columns that several views have. */

/** `time` is a UTC timestamp (JSON: ISO 8601 with six decimals and Z; SQL: TIMESTAMP with µs), `long` may pass 2^53, and beyond it is text in JSON. */
export type ColumnType = 'text' | 'integer' | 'long' | 'time' | 'boolean'

export interface OcsfColumn {
  readonly type: ColumnType
  /** What it holds; unit in words. */
  readonly doc: string
  /** True when OCSF has no such attribute. */
  readonly extension?: true
}

/** Columns of every event. */
export const eventColumns = {
  time: {
    type: 'time',
    doc: "When it happened: the host's clock, from boot time and the offset sampled by the sensor.",
  },
  class_uid: {
    type: 'integer',
    doc: 'OCSF class, for example 1007 for Process Activity.',
  },
  activity_id: { type: 'integer', doc: 'OCSF activity of the class.' },
  activity_name: { type: 'text', doc: 'The same in words.' },
  severity_id: { type: 'integer', doc: 'OCSF severity: 1 informational to 5 critical.' },
  device_hostname: { type: 'text', doc: 'Name of the host.' },
  device_uid: { type: 'text', doc: "The sensor's id, 32 hex digits." },
  event_uid: {
    type: 'text',
    doc: 'Names the event for ever: sensor, boot, ring and sequence number.',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

/** Columns that describe one process image under a prefix. */
export function processColumns<const Prefix extends string>(prefix: Prefix, who: string) {
  const columns = {
    uid: { type: 'text', doc: `Image uid of ${who}: process and exec number.` },
    pid: { type: 'integer', doc: `Process id of ${who} in the initial pid namespace.` },
    name: { type: 'text', doc: `Base name of the executable of ${who}.` },
    cmd_line: {
      type: 'text',
      doc: `Command line of ${who}, quoted the way a shell reads it, secrets redacted.`,
    },
    file_path: {
      type: 'text',
      doc: `Executable of ${who} as the kernel resolved it; for a script, the script.`,
    },
    user_uid: { type: 'integer', doc: `Real user id of ${who}.` },
    user_name: {
      type: 'text',
      doc: `User name of ${who} on its host; the number when it has none.`,
    },
  } as const satisfies Record<string, OcsfColumn>
  type Columns = typeof columns
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [`${prefix}_${name}`, column]),
  ) as {
    readonly [Name in keyof Columns as `${Prefix}_${Name & string}`]: Columns[Name]
  }
}

/** What only views of processes say of one. */
export const processDetail = {
  process_file_name: { type: 'text', doc: 'File as the caller typed it.', extension: true },
  process_interpreter: {
    type: 'text',
    doc: 'For a script, the interpreter; empty otherwise.',
    extension: true,
  },
  process_working_directory: { type: 'text', doc: 'Working directory.' },
  process_euid: { type: 'integer', doc: 'Effective user id.', extension: true },
  process_gid: { type: 'integer', doc: 'Real group id.', extension: true },
  process_cap_effective: {
    type: 'text',
    doc: 'Effective capabilities, 16 hex digits.',
    extension: true,
  },
  process_session_uid: { type: 'integer', doc: 'Audit session id; -1 when unset.' },
  process_tty: { type: 'text', doc: 'Controlling terminal; empty when none.', extension: true },
  process_container_uid: { type: 'text', doc: 'Container id; empty when none.' },
  process_unit: { type: 'text', doc: 'systemd unit; empty when none.', extension: true },
  process_cgroup: { type: 'text', doc: 'Path of the cgroup.', extension: true },
  process_namespace_pid: { type: 'integer', doc: 'Process id in its own pid namespace.' },
  process_namespace_mnt: {
    type: 'integer',
    doc: 'Inode number of the mount namespace.',
    extension: true,
  },
  process_namespace_net: {
    type: 'integer',
    doc: 'Inode number of the network namespace.',
    extension: true,
  },
  process_created_time: { type: 'time', doc: 'When the process was created (not the image).' },
  process_flags: {
    type: 'text',
    doc: 'Words joined by commas: memfd, deleted, script, argv truncated, redacted, privileges raised, from snapshot, lineage incomplete, own ...',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

/** What is known of the workload of who acted. */
export const actorWorkload = {
  actor_process_container_uid: {
    type: 'text',
    doc: 'Container id of the process; empty when none.',
  },
  actor_process_unit: {
    type: 'text',
    doc: 'systemd unit of the process; empty when none.',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

/** Of rows that stand for several events: what a process does to a thing again is counted. */
export const repeatColumns = {
  count: {
    type: 'integer',
    doc: 'How many events the row stands for: 1, or those that followed the row before and were counted in the kernel. The sum is how many there were.',
  },
  start_time: { type: 'time', doc: 'When the first of them was.' },
  end_time: { type: 'time', doc: 'When the last of them was.' },
} as const satisfies Record<string, OcsfColumn>

/** A process beside who acted, of which a view says only which. */
export function namedProcess<const Prefix extends string>(prefix: Prefix, who: string) {
  const columns = {
    uid: { type: 'text', doc: `Image uid of ${who}; null when there is none.`, extension: true },
    pid: { type: 'integer', doc: 'Its pid.', extension: true },
    name: { type: 'text', doc: 'Base name of its executable.', extension: true },
  } as const satisfies Record<string, OcsfColumn>
  type Columns = typeof columns
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [`${prefix}_${name}`, column]),
  ) as {
    readonly [Name in keyof Columns as `${Prefix}_${Name & string}`]: Columns[Name]
  }
}

/** A file by what the kernel knows it by, under a prefix. */
export function fileIdentityColumns<const Prefix extends string>(prefix: Prefix) {
  const columns = {
    path: {
      type: 'text',
      doc: 'The file, seen from the root of the process; of a rename, the name of before.',
    },
    name: { type: 'text', doc: 'Its base name.' },
    inode: {
      type: 'long',
      doc: 'Inode number; null when only names are known.',
      extension: true,
    },
    device: { type: 'text', doc: 'Device as major:minor; null when not known.', extension: true },
    owner_uid: { type: 'integer', doc: 'Owning user id.', extension: true },
    owner_gid: { type: 'integer', doc: 'Owning group id.', extension: true },
    mode: { type: 'text', doc: 'Type and permission bits, octal.', extension: true },
    size: { type: 'integer', doc: 'Size in bytes when the event was told.' },
  } as const satisfies Record<string, OcsfColumn>
  type Columns = typeof columns
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [`${prefix}_${name}`, column]),
  ) as {
    readonly [Name in keyof Columns as `${Prefix}_${Name & string}`]: Columns[Name]
  }
}
