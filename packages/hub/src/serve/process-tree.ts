/**
 * What a process tree has beside the store's rows: marks of connections, incidents, and bounded text.
 *
 * Marks come from the newest events of the interval; a process with many keeps its first twenty.
 */
import type { ActivityRow, ProcessNode } from '@honeyguide/model'

type Mark = ProcessNode['marks'][number]

const mostMarks = 20
const mostText = 4096

function markLabel(row: ActivityRow): string {
  const isInbound = row.connection_info_direction === 'Inbound'
  const ip = isInbound ? row.src_endpoint_ip : row.dst_endpoint_ip
  const port = isInbound ? row.src_endpoint_port : row.dst_endpoint_port
  const end = ip?.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
  if (row.activity_name === 'Listen') return `listens on ${end}`
  return `${isInbound ? '←' : '→'} ${end}`
}

/** Marks by image uid, oldest first. `network` is newest first. */
export function marksByProcess(network: readonly ActivityRow[]): Map<string, Mark[]> {
  const marks = new Map<string, Mark[]>()
  for (const row of network.toReversed()) {
    const uid = row.actor_process_uid
    if (!uid) continue
    const list = marks.get(uid) ?? []
    if (list.length >= mostMarks) continue
    list.push({
      time: String(row.time),
      kind: 'network',
      label: markLabel(row),
      eventUid: String(row.event_uid),
    })
    marks.set(uid, list)
  }
  return marks
}

export function completeNodes(
  nodes: readonly ProcessNode[],
  marks: ReadonlyMap<string, readonly Mark[]>,
  incidentOf: (processUid: string) => string | undefined,
): ProcessNode[] {
  return nodes.map((node) => ({
    ...node,
    cmdLine:
      node.cmdLine.length > mostText ? `${node.cmdLine.slice(0, mostText - 1)}…` : node.cmdLine,
    incidentUid: incidentOf(node.uid) ?? null,
    marks: marks.get(node.uid) ?? [],
  }))
}
