/**
 * Who last wrote to a file, by the rows of `file`: the process that opened it for writing, made or cut it. Bounded:
 * of many files the ones that were written longest ago are forgotten; a hub has the rows themselves. Pure.
 */
import type { BatchBuilder } from '@honeyguide/model/batch'
import { fileOperations } from '@honeyguide/model/tables/file'

export interface Writer {
  readonly pid: number
  readonly startNs: bigint
  readonly execNo: number
  /** ns since boot. */
  readonly atNs: bigint
}

export interface Writers {
  /** Takes note of the rows of this batch; whether it had some. */
  note(builder: BatchBuilder): boolean
  of(device: number, inode: bigint): Writer | undefined
}

const { write, create, truncate } = fileOperations

export function createWriters(capacity: number): Writers {
  /** In the order of the last writes. */
  const known = new Map<string, Writer>()
  return {
    note(builder) {
      if (!builder.names.includes('file')) return false
      let isNews = false
      const { columns, rows } = builder.table('file')
      for (let row = 0; row < rows; row++) {
        const operation = columns.operation[row]
        if (operation !== write && operation !== create && operation !== truncate) continue
        const inode = columns.inode[row] ?? 0n
        if (inode === 0n || columns.errno[row] !== 0) continue
        const key = `${columns.device[row]} ${inode}`
        isNews = true
        known.delete(key)
        known.set(key, {
          pid: columns.pid[row] ?? 0,
          startNs: columns.startNs[row] ?? 0n,
          execNo: columns.execNo[row] ?? 0,
          atNs: columns.lastNs[row] || (columns.bootNs[row] ?? 0n),
        })
        if (known.size > capacity)
          for (const oldest of known.keys()) {
            known.delete(oldest)
            break
          }
      }
      return isNews
    },
    of: (device, inode) => known.get(`${device} ${inode}`),
  }
}
