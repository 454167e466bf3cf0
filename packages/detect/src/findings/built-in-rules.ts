/**
 * What our streaming detectors look for, described as rules are.
 *
 * They need several events or the lineage, which a Sigma rule of one event cannot say; everything else is in
 * the rules' folder.
 */
import type { RuleLevel } from '../rules/rule.ts'

export interface FindingRule {
  readonly uid: string
  readonly title: string
  readonly level: RuleLevel
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly falsePositives: readonly string[]
}

export const survey: FindingRule = {
  uid: 'hg-survey',
  title: 'Several ways to look around within a minute',
  level: 'medium',
  techniques: ['T1082', 'T1033', 'T1057', 'T1049', 'T1016', 'T1087'],
  tactics: ['TA0007'],
  falsePositives: ['Administrators who look into a problem', 'Inventory and support scripts'],
}

export const beacon: FindingRule = {
  uid: 'hg-beacon',
  title: 'Connections to one endpoint at regular intervals',
  level: 'medium',
  techniques: ['T1071'],
  tactics: ['TA0011'],
  falsePositives: ['Health checks, pollers and metrics collectors'],
}

export const droppedBeacon: FindingRule = {
  uid: 'hg-dropped-beacon',
  title: 'A program in a temporary place calls back at regular intervals',
  level: 'high',
  techniques: ['T1071'],
  tactics: ['TA0011'],
  falsePositives: ['Long tests of network programs that were built below /tmp'],
}

export const ranDownload: FindingRule = {
  uid: 'hg-ran-download',
  title: 'A program ran that had just been downloaded',
  level: 'high',
  techniques: ['T1204.002', 'T1105'],
  tactics: ['TA0002', 'TA0011'],
  falsePositives: ['Installers that administrators fetch and run'],
}

/** Told on the first connection, as the shell may be older than it; what a shell is started for tells the rest. */
export const keptShell: FindingRule = {
  uid: 'hg-kept-shell',
  title: 'A network service has a shell to tell what to do',
  level: 'high',
  techniques: ['T1059.004', 'T1190'],
  tactics: ['TA0001'],
  falsePositives: ['Build and job servers that drive a shell'],
}

export const builtInRules: readonly FindingRule[] = [
  keptShell,
  survey,
  beacon,
  droppedBeacon,
  ranDownload,
]
