/** The causal graph as a table: every node in order of time, with what caused it. Also for graphs too large to draw. */
import { useMemo } from 'react'
import type { Incident } from '@honeyguide/model/incident'
import { addressOf } from '../state/route.ts'
import { grouped } from '../view/number-words.ts'
import { middle, shown } from '../view/shorten.ts'
import { clockMs } from '../view/time-words.ts'
import { Icon } from './icon.tsx'
import { Link } from './link.tsx'
import { timelineSpan } from './story-timeline.tsx'

const icons = { process: 'proc', file: 'file', socket: 'net' } as const
/** Rows that are drawn; the rest is counted and in the export. */
const page = 500

export function StoryTable({
  incident,
  chosen,
  onChoose,
  why,
}: {
  incident: Incident
  chosen: string | null
  onChoose: (id: string | null) => void
  /** Why there is a table and no drawing; empty when it was asked for. */
  why: string
}) {
  const rows = useMemo(() => {
    const byId = new Map(incident.nodes.map((node) => [node.id, node]))
    const causes = new Map<string, { readonly words: string; readonly from: string }>()
    for (const edge of incident.edges)
      if (!causes.has(edge.to))
        causes.set(edge.to, {
          words: [edge.verb, edge.detail].filter(Boolean).join(', '),
          from: byId.get(edge.from)?.label ?? '',
        })
    return [...incident.nodes]
      .sort((a, b) => a.step - b.step || (a.firstTime < b.firstTime ? -1 : 1))
      .map((node) => ({ node, cause: causes.get(node.id) }))
  }, [incident])
  const { fromMs, toMs } = timelineSpan(incident)
  const [host = ''] = incident.hosts
  return (
    <div className="stt" role="region" aria-label="Nodes of the incident">
      {why === '' ? null : (
        <p className="t2 small">
          {why}{' '}
          <Link
            to={addressOf(
              { screen: 'processes' },
              {
                host,
                incident: incident.uid,
                from: new Date(fromMs).toISOString(),
                to: new Date(toMs).toISOString(),
              },
            )}
            className="link"
          >
            Open the process tree
          </Link>
        </p>
      )}
      <table className="tbl">
        <thead>
          <tr>
            <th scope="col" className="num">
              Step
            </th>
            <th scope="col" className="nomob">
              Time, UTC
            </th>
            <th scope="col">Node</th>
            <th scope="col" className="nomob">
              Detail
            </th>
            <th scope="col" className="nomob">
              Host
            </th>
            <th scope="col">Caused by</th>
            <th scope="col" className="num">
              Reason
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, page).map(({ node, cause }) => (
            <tr key={node.id} className={node.id === chosen ? 'on' : ''}>
              <td className="num t3">{node.step}</td>
              <td className="mono t2 nomob">{clockMs(node.firstTime)}</td>
              <td>
                <button
                  type="button"
                  className="e"
                  aria-pressed={node.id === chosen}
                  title={shown(node.full, 400)}
                  onClick={() => onChoose(node.id === chosen ? null : node.id)}
                >
                  <Icon name={icons[node.kind]} size={12} />
                  <span className="tele">{middle(shown(node.label, 200), 28)}</span>
                </button>
                {node.count > 1 ? <span className="t3"> ×{grouped(node.count)}</span> : null}
              </td>
              <td className="mono t2 tele nomob">{middle(shown(node.detail, 200), 28)}</td>
              <td className="mono t2 tele nomob">{middle(shown(node.host, 200), 20)}</td>
              <td className="t2">
                {cause === undefined ? (
                  <span className="t3">{node.step === 1 ? 'the first' : '—'}</span>
                ) : (
                  <>
                    <span className="mono tele">{middle(shown(cause.from, 200), 20)}</span>{' '}
                    <span className="t3">{shown(cause.words, 60)}</span>
                  </>
                )}
              </td>
              <td className="num">
                {node.reasonNo === null ? '' : <b className="wn">{node.reasonNo}</b>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > page ? (
        <p className="t3 small">
          {grouped(rows.length - page)} more; the export of the incident has all.
        </p>
      ) : null}
    </div>
  )
}
