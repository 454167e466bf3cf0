/** User and system time as the kernel itself reports it to getrusage. Pure. */

export interface CpuTime {
  readonly userNs: bigint
  readonly systemNs: bigint
}

/**
 * The scheduler knows exactly how long a process ran (`runNs`), but which part was user and which
 * system only by ticks: the ticks give the proportion (cputime_adjust in kernel/sched/cputime.c).
 */
export function splitCpuTime(userTicksNs: bigint, systemTicksNs: bigint, runNs: bigint): CpuTime {
  if (systemTicksNs === 0n) return { userNs: runNs, systemNs: 0n }
  if (userTicksNs === 0n) return { userNs: 0n, systemNs: runNs }
  const systemNs = (runNs * systemTicksNs) / (userTicksNs + systemTicksNs)
  return { userNs: runNs - systemNs, systemNs }
}
