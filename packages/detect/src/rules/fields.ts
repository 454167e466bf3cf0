/**
 * The fields that rules may test, and where in an event their values are.
 *
 * Sigma's names (taxonomy of process_creation and network_connection) and our OCSF column names. A field may
 * have several values (a script's file and its interpreter are both its Image): a test holds when it holds for
 * one. No value means null. `CommandLine` is the argument list joined with spaces, as rules expect it; the
 * column quotes words the way a shell reads them.
 */
import {
  networkActivity,
  processActivity,
  type ActivityBatch,
  type ActivityRow,
} from '@honeyguide/model'
import type { RuleCategory } from './rule.ts'

type Column = keyof ActivityRow & string

/** What only the lineage knows of an event. Values as text; none when not known. */
export interface RowFacts {
  /** Whether the parent (or what it was forked from) had accepted connections before. */
  parentIsServer(row: number): boolean
  /** Executables of all ancestors, nearest first. */
  ancestorImages(row: number): readonly string[]
}

export interface RuleField {
  /** Columns whose values are the field's. */
  readonly columns: readonly Column[]
  /** Values that are few (paths, users) and worth remembering from batch to batch. */
  readonly isRepetitive: boolean
  readonly read: (batch: ActivityBatch, row: number, facts: RowFacts, out: string[]) => void
}

/** Undoes the quoting of `commandLine` of model: the words joined by spaces. */
export function plainCommandLine(quoted: string): string {
  if (!quoted.includes("'")) return quoted
  let out = ''
  for (let at = 0; at < quoted.length;) {
    const char = quoted[at] ?? ''
    if (char === "'") {
      const end = quoted.indexOf("'", at + 1)
      if (end < 0) return out + quoted.slice(at + 1)
      out += quoted.slice(at + 1, end)
      at = end + 1
    } else if (char === '\\') {
      out += quoted[at + 1] ?? ''
      at += 2
    } else {
      out += char
      at += 1
    }
  }
  return out
}

function columns(names: readonly Column[], isRepetitive = true): RuleField {
  return {
    columns: names,
    isRepetitive,
    read(batch, row, _, out) {
      for (const name of names) {
        const value = batch.value(row, name)
        if (value !== null && value !== '') out.push(String(value))
      }
    },
  }
}

function command(name: Column): RuleField {
  return {
    columns: [name],
    isRepetitive: false,
    read(batch, row, _, out) {
      const value = batch.value(row, name)
      if (typeof value === 'string' && value !== '') out.push(plainCommandLine(value))
    },
  }
}

/** Fields that exist in Sigma's taxonomy and are never known here. */
const absent: RuleField = { columns: [], isRepetitive: true, read() {} }

const derived: Readonly<Record<string, RuleField>> = {
  ParentIsServer: {
    columns: [],
    isRepetitive: false,
    read: (_, row, facts, out) => void out.push(String(facts.parentIsServer(row))),
  },
  AncestorImage: {
    columns: [],
    isRepetitive: false,
    read: (_, row, facts, out) => void out.push(...facts.ancestorImages(row)),
  },
}

/** Whether a field is worked out from the lineage, which costs more than to read a column. */
export function isDerived(field: string): boolean {
  return Object.hasOwn(derived, field)
}

function direct(view: Readonly<Record<string, unknown>>): Record<string, RuleField> {
  return Object.fromEntries(
    Object.keys(view).map((name) => [
      name,
      name.endsWith('cmd_line') ? command(name as Column) : columns([name as Column]),
    ]),
  )
}

const processFields: Readonly<Record<string, RuleField>> = {
  ...direct(processActivity),
  ...derived,
  Image: columns(['process_file_path', 'process_interpreter']),
  CommandLine: command('process_cmd_line'),
  ParentImage: columns(['process_parent_process_file_path']),
  ParentCommandLine: command('process_parent_process_cmd_line'),
  User: columns(['process_user_name']),
  ParentUser: columns(['process_parent_process_user_name']),
  CurrentDirectory: columns(['process_working_directory']),
  ProcessId: columns(['process_pid'], false),
  ParentProcessId: columns(['process_parent_process_pid'], false),
  ProcessGuid: columns(['process_uid'], false),
  ParentProcessGuid: columns(['process_parent_process_uid'], false),
  LogonId: columns(['process_session_uid']),
  TerminalSessionId: columns(['process_session_uid']),
  ComputerName: columns(['device_hostname']),
  OriginalFileName: absent,
  Product: absent,
  Company: absent,
  Description: absent,
}

const networkFields: Readonly<Record<string, RuleField>> = {
  ...direct(networkActivity),
  Image: columns(['actor_process_file_path']),
  CommandLine: command('actor_process_cmd_line'),
  User: columns(['actor_process_user_name']),
  ProcessId: columns(['actor_process_pid'], false),
  ProcessGuid: columns(['actor_process_uid'], false),
  Protocol: columns(['connection_info_protocol_name']),
  SourceIp: columns(['src_endpoint_ip']),
  SourcePort: columns(['src_endpoint_port'], false),
  DestinationIp: columns(['dst_endpoint_ip']),
  DestinationPort: columns(['dst_endpoint_port']),
  SourceHostname: absent,
  DestinationHostname: absent,
  ComputerName: columns(['device_hostname']),
  Initiated: {
    columns: ['connection_info_direction'],
    isRepetitive: true,
    read: (batch, row, _, out) =>
      void out.push(String(batch.value(row, 'connection_info_direction') === 'Outbound')),
  },
}

export const ruleFields: Readonly<Record<RuleCategory, Readonly<Record<string, RuleField>>>> = {
  process_creation: processFields,
  network_connection: networkFields,
}

/** Fields in which keywords without a field are looked for. */
export const keywordFields: Readonly<Record<RuleCategory, readonly string[]>> = {
  process_creation: ['CommandLine', 'Image', 'ParentCommandLine', 'User', 'CurrentDirectory'],
  network_connection: ['CommandLine', 'Image', 'User', 'SourceIp', 'DestinationIp'],
}
