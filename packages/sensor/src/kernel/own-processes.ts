/**
 * Names Honeyguide's own processes to the programs, so that it does not watch itself: their forks and
 * connections are counted, not reported. Children inherit it (in fork.bpf.c) until they run a program
 * that is none of ours (exec.ts), so that nobody hides by being started by us.
 */
import { readFileSync } from 'node:fs'
import type { BpfMap } from '@honeyguide/bpf'

/** Start time of a process in clock ticks (10 ms) since boot, from /proc; undefined when it is gone. */
export function startTicks(pid: number): bigint | undefined {
  let stat
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The name in parentheses may hold anything: count fields from its end.
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return ticks === undefined ? undefined : BigInt(ticks)
}

/** `hg_own` and `hg_own_marks` (bpf/base/record.h). */
export interface OwnProcesses {
  readonly own: BpfMap
  readonly ownMarks: BpfMap
}

/** As HG_OWN_MARKS in bpf/base/record.h. */
const marks = 4096

/** Puts `pids` among the own processes; those that are gone are left out. */
export function markOwn({ own, ownMarks }: OwnProcesses, pids: readonly number[]): void {
  const mark = new Uint8Array(new ArrayBuffer(8))
  mark[0] = 1
  const key = new Uint8Array(4)
  const value = new Uint8Array(new ArrayBuffer(8))
  for (const pid of pids) {
    const ticks = startTicks(pid)
    if (ticks === undefined) continue
    new DataView(key.buffer).setUint32(0, pid % marks, true)
    ownMarks.setBytes(key, mark)
    new DataView(key.buffer).setUint32(0, pid, true)
    new DataView(value.buffer).setBigUint64(0, ticks, true)
    own.setBytes(key, value)
  }
}

/** Takes a process out again. */
export function unmarkOwn(own: BpfMap, pid: number): void {
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, pid, true)
  own.deleteBytes(key)
}
