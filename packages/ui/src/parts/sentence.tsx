/** A sentence in parts: names in mono and clickable, figures in strong, all of it text nodes. */
import { useContext } from 'react'
import type { SentencePart } from '@honeyguide/model/incident'
import { parseFilter } from '@honeyguide/model/filter'
import { addressOf } from '../state/route.ts'
import { middle, shown } from '../view/shorten.ts'
import { Link } from './link.tsx'
import { createContext } from 'react'

/** What clicking a name that is a node of the graph does. */
export const NodeActs = createContext<((nodeId: string) => void) | null>(null)

function isFilter(text: string): boolean {
  try {
    parseFilter(text)
    return true
  } catch {
    return false
  }
}

export function Sentence({
  parts,
  mono = false,
}: {
  parts: readonly SentencePart[]
  mono?: boolean
}) {
  const toNode = useContext(NodeActs)
  return parts.map((part, at) => {
    const key = `${at}`
    // Names wrap as long as they are names; what is longer is cut in the middle, the node tells it in full.
    const text = part.kind === 'entity' ? middle(shown(part.text, 600), 80) : shown(part.text, 600)
    switch (part.kind) {
      case 'text':
        return <span key={key}>{text}</span>
      case 'figure':
        return <b key={key}>{text}</b>
      case 'entity': {
        const className = `${mono ? 'mono' : ''} tele u wrapany`
        if (part.nodeId !== undefined && toNode !== null) {
          const { nodeId } = part
          return (
            <a
              key={key}
              href={`?node=${encodeURIComponent(nodeId)}`}
              className={className}
              onClick={(event) => {
                event.preventDefault()
                toNode(nodeId)
              }}
            >
              {text}
            </a>
          )
        }
        if (part.filter !== undefined && isFilter(part.filter))
          return (
            <Link
              key={key}
              to={addressOf({ screen: 'live' }, { filter: part.filter })}
              className={className}
            >
              {text}
            </Link>
          )
        return (
          <span key={key} className={`${mono ? 'mono' : ''} tele wrapany`}>
            {text}
          </span>
        )
      }
    }
  })
}
