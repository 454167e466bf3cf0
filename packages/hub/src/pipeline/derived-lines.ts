/**
 * What the pipeline concludes, as the body of a `derived` record of the derived log: one JSON object per line.
 *
 * `view` names the store's view, `uid` the row in it (upsert), `row` its columns by OCSF name. The same input
 * gives the same lines, so that a replay after a crash writes over what is there.
 */
import type { DetectionFindingRow, views } from '@honeyguide/model'

type ColumnsOf<View extends keyof typeof views> = {
  readonly [Name in keyof (typeof views)[View]]: string | number | boolean | null
}

export type DerivedLine =
  | { readonly view: 'detection_finding'; readonly uid: string; readonly row: DetectionFindingRow }
  | {
      readonly view: 'incident_finding'
      readonly uid: string
      readonly row: ColumnsOf<'incident_finding'>
    }
  /** An incident that turned out to be part of another: its row goes. */
  | { readonly view: 'incident_finding'; readonly uid: string; readonly row: null }

export function encodeDerived(lines: readonly DerivedLine[]): Uint8Array {
  return Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'))
}

/** Lines that cannot be read are left out and counted. */
export function decodeDerived(body: Uint8Array): {
  readonly lines: readonly DerivedLine[]
  readonly unreadable: number
} {
  const lines: DerivedLine[] = []
  let unreadable = 0
  for (const text of Buffer.from(body).toString().split('\n')) {
    if (text === '') continue
    try {
      const line = JSON.parse(text) as Partial<DerivedLine> | null
      if (
        typeof line?.uid === 'string' &&
        (line.view === 'detection_finding' || line.view === 'incident_finding') &&
        typeof line.row === 'object'
      )
        lines.push(line as DerivedLine)
      else unreadable += 1
    } catch {
      unreadable += 1
    }
  }
  return { lines, unreadable }
}
