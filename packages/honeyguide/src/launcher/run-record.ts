/**
 * What runs here, written by the launcher for `status`, `down` and a second `up`: a small JSON file that
 * is replaced as a whole at every change.
 *
 * A pid alone names nobody (pids are used again); with the start time of /proc/PID/stat it does.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const processSchema = z.object({
  pid: z.int().positive(),
  /** Field 22 of proc_pid_stat(5): clock ticks since boot. */
  startTicks: z.string(),
})

const recordSchema = z.object({
  version: z.string(),
  launcher: processSchema,
  since: z.string(),
  stateDir: z.string(),
  address: z.string().nullable(),
  isDemo: z.boolean(),
  daemons: z.array(
    z.object({
      name: z.enum(['sensor', 'hub']),
      state: z.enum(['starting', 'up', 'down']),
      process: processSchema.nullable(),
      restarts: z.int(),
      /** Why it last ended, in words; empty when it never did. */
      lastEnd: z.string(),
    }),
  ),
})

export type RunRecord = z.output<typeof recordSchema>
export type ProcessName = z.output<typeof processSchema>

/** Start time of a living process; undefined when there is none. */
export function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name is in parentheses and may hold anything, parentheses included.
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return words[0] === 'Z' ? undefined : words[19]
  } catch {
    return undefined
  }
}

/** A name for a process that lives now. */
export function processName(pid: number): ProcessName | null {
  const ticks = startTicks(pid)
  return ticks === undefined ? null : { pid, startTicks: ticks }
}

export function isAlive(process: ProcessName): boolean {
  return startTicks(process.pid) === process.startTicks
}

/** The record; undefined when there is none or it cannot be read as one. */
export function readRunRecord(file: string): RunRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

export function writeRunRecord(file: string, record: RunRecord): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, `${JSON.stringify(record)}\n`, { mode: 0o644 })
  renameSync(fresh, file)
}
