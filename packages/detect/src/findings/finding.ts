/** What one rule says of one process: stored as OCSF detection findings, and the evidence that incidents are made of. */
import {
  classUid,
  type DetectionFindingRow,
  type SentencePart,
  type Severity,
} from '@honeyguide/model'

export interface Finding {
  /** `FND-` and 12 base-36 digits of a hash of rule and subject: the same in a replay. */
  readonly uid: string
  readonly ruleUid: string
  readonly ruleTitle: string
  readonly severity: Severity
  /** 0 informational, 1 low, 2 medium, 4 high, 10 critical: what it adds to the evidence of its lineage. */
  readonly weight: number
  /** µs since 1970. */
  readonly timeUs: number
  /** `namePrefix` of sensor and boot. */
  readonly host: string
  readonly deviceUid: string
  readonly hostname: string
  /** Uid of the image that the rule matched. */
  readonly imageUid: string
  /** ATT&CK techniques and tactics as uids (T1105, TA0011), most telling first. */
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly statement: readonly SentencePart[]
  readonly eventUids: readonly string[]
  /**
   * How many of its rule, program and host it stands for: 1, or with those since the one before that were not told; 0
   * when it is told only for its incident and stands in the count of another. Over all it is how many there were.
   */
  readonly count: number
  /** The matched process, for output. */
  readonly process: FindingProcess
  /** Empty when the evidence of its lineage is (still) below the threshold. */
  readonly incidentUid: string
}

export interface FindingProcess {
  readonly uid: string
  readonly pid: number
  readonly name: string
  readonly cmdLine: string
  readonly file: string
  readonly userId: number
  readonly userName: string
}

const severityId = { low: 2, medium: 3, high: 4, critical: 5 } as const

/** The sentence as one line of text. */
export function sentenceText(parts: readonly SentencePart[]): string {
  return parts.map((part) => part.text).join('')
}

/** A finding as the store's view has it. `tacticName` names a tactic uid. */
export function findingRow(
  finding: Finding,
  tacticName: (uid: string) => string,
): DetectionFindingRow {
  const { process } = finding
  return {
    time: new Date(Math.floor(finding.timeUs / 1000)).toISOString(),
    class_uid: classUid.detectionFinding,
    activity_id: 1,
    activity_name: 'Create',
    severity_id: finding.weight === 0 ? 1 : severityId[finding.severity],
    device_hostname: finding.hostname,
    device_uid: finding.deviceUid,
    event_uid: finding.eventUids[0] ?? '',
    finding_info_uid: finding.uid,
    finding_info_title: finding.ruleTitle,
    finding_info_analytic_uid: finding.ruleUid,
    attacks_technique_uid: finding.techniques.join(','),
    attacks_tactic_name: finding.tactics.map(tacticName).join(','),
    message: sentenceText(finding.statement),
    count: finding.count,
    actor_process_uid: process.uid,
    actor_process_pid: process.pid,
    actor_process_name: process.name,
    actor_process_cmd_line: process.cmdLine,
    actor_process_file_path: process.file,
    actor_process_user_uid: process.userId,
    actor_process_user_name: process.userName,
    incident_uid: finding.incidentUid,
  }
}
