/**
 * The tactics and techniques of MITRE ATT&CK (Enterprise) that our rules speak of, with their own names.
 *
 * Ids and names are ATT&CK's; the order of tactics is that of its matrix. A technique that is not here is
 * shown by its id.
 */

export interface Tactic {
  readonly uid: string
  readonly name: string
  /** As in Sigma tags: attack.<tag>. */
  readonly tag: string
}

/** In the order of the matrix. */
export const tactics: readonly Tactic[] = [
  { uid: 'TA0043', name: 'Reconnaissance', tag: 'reconnaissance' },
  { uid: 'TA0042', name: 'Resource Development', tag: 'resource-development' },
  { uid: 'TA0001', name: 'Initial Access', tag: 'initial-access' },
  { uid: 'TA0002', name: 'Execution', tag: 'execution' },
  { uid: 'TA0003', name: 'Persistence', tag: 'persistence' },
  { uid: 'TA0004', name: 'Privilege Escalation', tag: 'privilege-escalation' },
  { uid: 'TA0005', name: 'Defense Evasion', tag: 'defense-evasion' },
  { uid: 'TA0006', name: 'Credential Access', tag: 'credential-access' },
  { uid: 'TA0007', name: 'Discovery', tag: 'discovery' },
  { uid: 'TA0008', name: 'Lateral Movement', tag: 'lateral-movement' },
  { uid: 'TA0009', name: 'Collection', tag: 'collection' },
  { uid: 'TA0011', name: 'Command and Control', tag: 'command-and-control' },
  { uid: 'TA0010', name: 'Exfiltration', tag: 'exfiltration' },
  { uid: 'TA0040', name: 'Impact', tag: 'impact' },
]

/** Names of techniques by uid, with the tactic under which our steps show them. */
const techniques: Readonly<Record<string, readonly [name: string, tactic: string]>> = {
  T1003: ['OS Credential Dumping', 'TA0006'],
  'T1003.008': ['/etc/passwd and /etc/shadow', 'TA0006'],
  T1014: ['Rootkit', 'TA0005'],
  T1016: ['System Network Configuration Discovery', 'TA0007'],
  T1018: ['Remote System Discovery', 'TA0007'],
  T1021: ['Remote Services', 'TA0008'],
  'T1021.004': ['SSH', 'TA0008'],
  T1027: ['Obfuscated Files or Information', 'TA0005'],
  T1033: ['System Owner/User Discovery', 'TA0007'],
  T1036: ['Masquerading', 'TA0005'],
  T1046: ['Network Service Discovery', 'TA0007'],
  T1048: ['Exfiltration Over Alternative Protocol', 'TA0010'],
  T1049: ['System Network Connections Discovery', 'TA0007'],
  T1053: ['Scheduled Task/Job', 'TA0003'],
  'T1053.003': ['Cron', 'TA0003'],
  T1057: ['Process Discovery', 'TA0007'],
  T1059: ['Command and Scripting Interpreter', 'TA0002'],
  'T1059.004': ['Unix Shell', 'TA0002'],
  'T1059.006': ['Python', 'TA0002'],
  T1068: ['Exploitation for Privilege Escalation', 'TA0004'],
  T1070: ['Indicator Removal', 'TA0005'],
  'T1070.002': ['Clear Linux or Mac System Logs', 'TA0005'],
  'T1070.003': ['Clear Command History', 'TA0005'],
  'T1070.004': ['File Deletion', 'TA0005'],
  T1071: ['Application Layer Protocol', 'TA0011'],
  T1082: ['System Information Discovery', 'TA0007'],
  T1083: ['File and Directory Discovery', 'TA0007'],
  T1087: ['Account Discovery', 'TA0007'],
  T1095: ['Non-Application Layer Protocol', 'TA0011'],
  T1098: ['Account Manipulation', 'TA0003'],
  'T1098.004': ['SSH Authorized Keys', 'TA0003'],
  T1105: ['Ingress Tool Transfer', 'TA0011'],
  T1136: ['Create Account', 'TA0003'],
  T1140: ['Deobfuscate/Decode Files or Information', 'TA0005'],
  T1190: ['Exploit Public-Facing Application', 'TA0001'],
  T1204: ['User Execution', 'TA0002'],
  'T1204.002': ['Malicious File', 'TA0002'],
  T1222: ['File and Directory Permissions Modification', 'TA0005'],
  T1505: ['Server Software Component', 'TA0003'],
  'T1505.003': ['Web Shell', 'TA0003'],
  T1543: ['Create or Modify System Process', 'TA0003'],
  'T1543.002': ['Systemd Service', 'TA0003'],
  T1546: ['Event Triggered Execution', 'TA0003'],
  'T1546.004': ['Unix Shell Configuration Modification', 'TA0003'],
  T1548: ['Abuse Elevation Control Mechanism', 'TA0004'],
  'T1548.001': ['Setuid and Setgid', 'TA0004'],
  T1552: ['Unsecured Credentials', 'TA0006'],
  'T1552.001': ['Credentials In Files', 'TA0006'],
  'T1552.004': ['Private Keys', 'TA0006'],
  T1564: ['Hide Artifacts', 'TA0005'],
  'T1564.001': ['Hidden Files and Directories', 'TA0005'],
  T1571: ['Non-Standard Port', 'TA0011'],
  'T1574.006': ['Dynamic Linker Hijacking', 'TA0003'],
  T1620: ['Reflective Code Loading', 'TA0005'],
}

const byUid = new Map(tactics.map((tactic, order) => [tactic.uid, { tactic, order }]))
const byTag = new Map(tactics.map((tactic) => [tactic.tag.replaceAll('-', ''), tactic.uid]))

/** Name of a tactic uid; the uid itself when unknown. */
export function tacticName(uid: string): string {
  return byUid.get(uid)?.tactic.name ?? uid
}

/** Place in the matrix, from 0; after all others when unknown. */
export function tacticOrder(uid: string): number {
  return byUid.get(uid)?.order ?? tactics.length
}

/** Uid of a Sigma tag's tactic ("command-and-control", older "command_and_control"); undefined when it is none. */
export function tacticOfTag(tag: string): string | undefined {
  return byTag.get(tag.toLowerCase().replaceAll(/[-_]/g, ''))
}

/** Name of a technique; the name of its parent, or the uid, when unknown. */
export function techniqueName(uid: string): string {
  return (techniques[uid] ?? techniques[uid.split('.')[0] ?? ''])?.[0] ?? uid
}

/** Tactic of a technique as our steps show it; empty when unknown. */
export function techniqueTactic(uid: string): string {
  return (techniques[uid] ?? techniques[uid.split('.')[0] ?? ''])?.[1] ?? ''
}

/** What a step of a story is called, by technique: short, as under a column of the graph. */
const stepNames: Readonly<Record<string, string>> = {
  T1190: 'Initial access',
  'T1505.003': 'Web shell',
  T1059: 'Execution',
  'T1059.004': 'Shell',
  'T1059.006': 'Script',
  T1105: 'Tool transfer',
  'T1204.002': 'Dropped file run',
  T1204: 'Dropped file run',
  T1620: 'Run from memory',
  T1071: 'Call back',
  T1095: 'Call back',
  T1571: 'Call back',
  'T1564.001': 'Hidden file',
  'T1053.003': 'Cron',
  'T1543.002': 'Service',
  'T1003.008': 'Password hashes',
  'T1552.004': 'Private key',
  T1552: 'Credentials',
  'T1548.001': 'Set-uid',
  T1548: 'Privileges',
  T1140: 'Decoding',
  'T1070.002': 'Logs cleared',
  'T1070.003': 'History cleared',
  'T1070.004': 'Files deleted',
  'T1021.004': 'SSH',
}

/** Name of a step with this technique; techniques of discovery share one. */
export function stepName(technique: string): string {
  const own = stepNames[technique]
  if (own !== undefined) return own
  if (techniqueTactic(technique) === 'TA0007') return 'Discovery'
  return stepNames[technique.split('.')[0] ?? ''] ?? techniqueName(technique)
}
