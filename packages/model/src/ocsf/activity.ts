/**
 * The columns of every public edge: SQL views, the live stream, filters, rules, exports.
 *
 * Names are OCSF attribute paths (schema 1.3 and later) joined with `_`; what OCSF has no attribute for
 * is marked `extension`. One row shape everywhere: a rule, a hunt and the page speak of the same names.
 * The store's views and docs/reference/events.md are checked against this table.
 */

/** `time` is a UTC timestamp (JSON: ISO 8601 with six decimals and Z; SQL: TIMESTAMP with µs), `long` may pass 2^53 and is a string in JSON. */
export type ColumnType = 'text' | 'integer' | 'long' | 'time' | 'boolean'

export interface OcsfColumn {
  readonly type: ColumnType
  /** What it holds; unit in words. */
  readonly doc: string
  /** True when OCSF has no such attribute. */
  readonly extension?: true
}

const base = {
  time: {
    type: 'time',
    doc: "When it happened: the host's clock, from boot time and the offset sampled by the sensor.",
  },
  class_uid: {
    type: 'integer',
    doc: 'OCSF class: 1007 process, 4001 network, 2004 detection, 2005 incident.',
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
function processColumns<const Prefix extends string>(prefix: Prefix, who: string) {
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

const processDetail = {
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

export const processActivity = {
  ...base,
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

export const networkActivity = {
  ...base,
  ...processColumns('actor_process', 'the process at this end'),
  actor_process_container_uid: {
    type: 'text',
    doc: 'Container id of the process; empty when none.',
  },
  actor_process_unit: {
    type: 'text',
    doc: 'systemd unit of the process; empty when none.',
    extension: true,
  },
  connection_info_uid: {
    type: 'text',
    doc: 'Names the connection at this end: the same in Open and Close.',
  },
  connection_info_direction: {
    type: 'text',
    doc: 'Outbound for connect, Inbound for accept, Unknown otherwise.',
  },
  connection_info_protocol_name: { type: 'text', doc: 'tcp.' },
  src_endpoint_ip: { type: 'text', doc: 'Address that opened the connection.' },
  src_endpoint_port: { type: 'integer', doc: 'Its port.' },
  dst_endpoint_ip: { type: 'text', doc: 'Address that was connected to.' },
  dst_endpoint_port: { type: 'integer', doc: 'Its port.' },
  traffic_bytes_out: {
    type: 'integer',
    doc: 'Bytes that this end sent and the other acknowledged, at Close.',
  },
  traffic_bytes_in: { type: 'integer', doc: 'Bytes that this end received, at Close.' },
  duration_ms: { type: 'integer', doc: 'Life of the connection in ms, at Close.' },
  status_code: { type: 'integer', doc: 'Error number of a failed connect; null otherwise.' },
  connection_flags: {
    type: 'text',
    doc: 'Words joined by commas: inherited, process uncertain, reset, own.',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

export const detectionFinding = {
  ...base,
  finding_info_uid: {
    type: 'text',
    doc: 'Names the finding: a hash of rule and event, the same in a replay.',
  },
  finding_info_title: { type: 'text', doc: 'Title of the rule.' },
  finding_info_analytic_uid: { type: 'text', doc: 'Id of the rule.' },
  attacks_technique_uid: {
    type: 'text',
    doc: 'ATT&CK technique, for example T1059.004; several joined by commas.',
  },
  attacks_tactic_name: { type: 'text', doc: 'ATT&CK tactic in words; several joined by commas.' },
  message: { type: 'text', doc: 'What was seen, as a sentence.' },
  count: {
    type: 'integer',
    doc: 'How many findings of this rule, program and host it stands for: 1, or, of one that keeps coming, those since the one before; 0 for one that an incident tells and another counts already. The sum is how many there were.',
  },
  ...processColumns('actor_process', 'the process that the rule matched'),
  incident_uid: {
    type: 'text',
    doc: 'Incident that it belongs to; empty when none.',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

export const incidentFinding = {
  time: { type: 'time', doc: 'When the incident was last changed.' },
  class_uid: base.class_uid,
  activity_id: base.activity_id,
  activity_name: base.activity_name,
  severity_id: base.severity_id,
  incident_uid: {
    type: 'text',
    doc: 'Names the incident: a hash of its root process and first step.',
    extension: true,
  },
  finding_info_title: { type: 'text', doc: 'Who did what, to what, where.' },
  status: {
    type: 'text',
    doc: 'new, acknowledged, in_progress, true_positive, false_positive, suppressed.',
  },
  start_time: { type: 'time', doc: 'First step.' },
  end_time: { type: 'time', doc: 'Last step so far.' },
  device_hostname: { type: 'text', doc: 'Hosts, joined by commas.' },
  attacks_technique_uid: {
    type: 'text',
    doc: 'ATT&CK techniques in order of their first step, joined by commas.',
  },
  step_count: { type: 'integer', doc: 'Number of steps.', extension: true },
  finding_count: { type: 'integer', doc: 'Number of findings.', extension: true },
  complete: {
    type: 'boolean',
    doc: 'Whether nothing was lost on its hosts between first and last step.',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

export const losses = {
  host: { type: 'text', doc: 'Name of the host.', extension: true },
  device_uid: base.device_uid,
  hook: { type: 'text', doc: 'Which hook or queue.', extension: true },
  reason: { type: 'text', doc: 'Why; see the loss reasons.', extension: true },
  from_time: { type: 'time', doc: 'Begin of the interval.', extension: true },
  to_time: { type: 'time', doc: 'End of the interval.', extension: true },
  offered: { type: 'integer', doc: 'Events that there were.', extension: true },
  seen: { type: 'integer', doc: 'Events that are stored.', extension: true },
  lost: { type: 'integer', doc: 'Events that are not.', extension: true },
} as const satisfies Record<string, OcsfColumn>

export const processes = {
  device_hostname: base.device_hostname,
  device_uid: base.device_uid,
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

/** Every view that people may ask, by name. */
export const views = {
  process_activity: processActivity,
  network_activity: networkActivity,
  detection_finding: detectionFinding,
  incident_finding: incidentFinding,
  losses,
  processes,
} as const satisfies Record<string, Record<string, OcsfColumn>>
export type ViewName = keyof typeof views

type ValueOf<Type extends ColumnType> = Type extends 'integer'
  ? number
  : Type extends 'boolean'
    ? boolean
    : string
type RowOf<View extends Record<string, OcsfColumn>> = {
  readonly [Name in keyof View]: ValueOf<View[Name]['type']> | null
}

export type ProcessActivityRow = RowOf<typeof processActivity>
export type NetworkActivityRow = RowOf<typeof networkActivity>
export type DetectionFindingRow = RowOf<typeof detectionFinding>

/** One event as JSON: what the live stream, the event list and rules' samples hold. `class_uid` tells which. */
export type ActivityRow = Partial<ProcessActivityRow> &
  Partial<NetworkActivityRow> & { readonly class_uid: number | null }

export const classUid = {
  processActivity: 1007,
  networkActivity: 4001,
  detectionFinding: 2004,
  incidentFinding: 2005,
} as const

/** Activity names and ids per class (OCSF 1.3; 99 Other with our own name where OCSF has none). */
export const processActivities = {
  exec: { id: 1, name: 'Launch' },
  exit: { id: 2, name: 'Terminate' },
  fork: { id: 99, name: 'Fork' },
  exec_failed: { id: 99, name: 'Launch Failed' },
} as const
export const networkActivities = {
  connect: { id: 1, name: 'Open' },
  accept: { id: 1, name: 'Open' },
  close: { id: 2, name: 'Close' },
  reset: { id: 3, name: 'Reset' },
  connectFailed: { id: 4, name: 'Fail' },
  listen: { id: 7, name: 'Listen' },
} as const
