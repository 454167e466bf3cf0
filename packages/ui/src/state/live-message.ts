/** The messages of the live stream, read: what is none of ours is left out, and nothing after it needs to doubt. */
import type { Gap, LiveMessage } from '@honeyguide/model/api'
import type { ActivityRow } from '@honeyguide/model/ocsf'

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isCount = (value: unknown): value is number => Number.isFinite(value)
const isText = (value: unknown): value is string => typeof value === 'string'

function isGap(value: unknown): value is Gap & Fields {
  return (
    isFields(value) &&
    ['host', 'hook', 'reason', 'from', 'to', 'mayHide'].every((name) => isText(value[name])) &&
    isCount(value['offered']) &&
    isCount(value['lost'])
  )
}

/** A column of a row is a text, a number, or not there. */
function isRow(value: unknown): value is ActivityRow & Fields {
  return (
    isFields(value) &&
    Object.values(value).every(
      (column) => column === null || ['string', 'number', 'boolean'].includes(typeof column),
    )
  )
}

function isLiveMessage(value: unknown): value is LiveMessage {
  if (!isFields(value)) return false
  switch (value['kind']) {
    case 'events': {
      const { rows, incidentOf } = value
      return (
        Array.isArray(rows) &&
        rows.every((row) => isRow(row)) &&
        isFields(incidentOf) &&
        Object.values(incidentOf).every((uid) => isText(uid)) &&
        ['notDrawn', 'matched', 'total', 'lagMs'].every((name) => isCount(value[name]))
      )
    }
    case 'gap':
      return isGap(value['gap'])
    case 'incident':
      return ['uid', 'severity', 'title'].every((name) => isText(value[name]))
    case 'status':
      return isCount(value['sensors']) && isCount(value['sensorsUp'])
    default:
      return false
  }
}

/** The data of one server-sent event; undefined for what is no message of this version. Never throws. */
export function readLiveMessage(data: string): LiveMessage | undefined {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return undefined
  }
  return isLiveMessage(value) ? value : undefined
}
