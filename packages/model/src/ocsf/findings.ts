/** Detection Finding and Incident Finding: what the hub says of events. */
import { eventColumns, processColumns, type OcsfColumn } from './column.ts'

export const detectionFinding = {
  ...eventColumns,
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
  class_uid: eventColumns.class_uid,
  activity_id: eventColumns.activity_id,
  activity_name: eventColumns.activity_name,
  severity_id: eventColumns.severity_id,
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
