/** Batches as events with OCSF names, with the lineage that the observer builds up itself; losses beside them. Pure. */
import { createLineage } from '@honeyguide/detect'
import type { ActivityBatch, Batch } from '@honeyguide/model'
import { normalise } from '@honeyguide/hub/normalise'
import type { LossFacts } from './compact.ts'

export interface ObservedEvents {
  readonly rows: ActivityBatch
  readonly losses: readonly LossFacts[]
}

export interface EventReader {
  read(batch: Batch): ObservedEvents
}

/** ISO time of a moment in ns since boot. */
function wallTime(bootNs: bigint, wallOffsetNs: bigint): string {
  return new Date(Number((bootNs + wallOffsetNs) / 1_000_000n)).toISOString()
}

/** `localUser` names a user id of this machine, undefined when it has no name: observers are sent no table of users. */
export function createEventReader(
  hostname: string,
  localUser: (id: number) => string | undefined = () => undefined,
): EventReader {
  const lineage = createLineage()
  const named = {
    image: lineage.image,
    parent: lineage.parent,
    connection: lineage.connection,
    userName(host: string, id: number): string {
      const name = lineage.userName(host, id)
      return name === String(id) ? (localUser(id) ?? name) : name
    },
  }
  return {
    read(batch) {
      lineage.apply(batch)
      const rows = normalise(batch, named, hostname)
      const losses: LossFacts[] = []
      const table = batch.table('loss')
      for (let row = 0; table && row < table.rows; row++) {
        const { hook, reason, offered, lost, fromNs, toNs } = table.columns
        losses.push({
          host: hostname,
          hook: batch.text(hook[row] ?? 0),
          reason: batch.text(reason[row] ?? 0),
          offered: Number(offered[row] ?? 0n),
          lost: Number(lost[row] ?? 0n),
          from: wallTime(fromNs[row] ?? 0n, batch.wallOffsetNs),
          to: wallTime(toNs[row] ?? 0n, batch.wallOffsetNs),
        })
      }
      return { rows, losses }
    },
  }
}
