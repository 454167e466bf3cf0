/** Rows of `feature`: what this kernel lets the sensor see, and what is missed without it. */
import { probeFeature, type FeatureName } from '@honeyguide/bpf'
import type { BatchBuilder } from '@honeyguide/model/batch'
import type { Shortfall } from '../pump/kernel-port.ts'
import { unifiedMount } from './unified-mount.ts'

/** What is missed where programs for packets cannot run. */
const packetCost = 'DNS messages and UDP flows cannot be seen.'

/** What cannot be seen or done without each feature. */
const costs: Readonly<Partial<Record<FeatureName, string>>> = {
  tp_btf: 'Nothing can be seen: every probe needs it.',
  ringbuf: 'Nothing can be seen: every probe needs it.',
  bpf_loop: 'Nothing can be seen: paths are walked with it.',
  'iter/task': 'Processes that ran before the sensor are not known.',
  'iter/task_file': 'Connections that are older than the sensor are not known.',
  lsm: 'No policy can deny an action before it happens.',
  fentry:
    'Kernel functions without a tracepoint cannot be watched. Renames, deletions and changes of mode or owner are told with the words of the caller, and those through io_uring not at all. What credentials were before a change is remembered, not read; one that no system call stands for is noticed at the next fork, exec or end. Every system call of the machine pays for a look at its end (50 to 90 ns), and not only those that are asked for.',
  kprobe: 'Kernel functions without a tracepoint cannot be watched on kernels without fentry.',
  task_storage: 'Per-process state is kept in bounded maps.',
  cgroup_skb: packetCost,
  'tracepoint/io_uring_complete': 'How requests of io_uring end cannot be seen.',
}

/**
 * Asks the kernel by loading small programs. `shortfalls` are as in `Kernel`.
 * Returns the number of rows.
 */
export function writeFeatures(
  builder: BatchBuilder,
  shortfalls: readonly Shortfall[] = [],
): number {
  const table = builder.table('feature')
  let rows = 0
  for (const [name, cost] of Object.entries(costs)) {
    const support = probeFeature(name as FeatureName)
    const row = table.add()
    const { columns } = table
    columns.name[row] = builder.string(name)
    columns.state[row] = support.supported ? 1 : 0
    if (!support.supported) {
      columns.minimumKernel[row] = builder.string(support.minimumKernel)
      columns.reason[row] = builder.string(support.reason)
      columns.costs[row] = builder.string(cost ?? '')
    }
    rows += 1
  }
  const hasUnified = unifiedMount() !== undefined
  const mount = table.add()
  table.columns.name[mount] = builder.string('cgroup2')
  table.columns.state[mount] = hasUnified ? 1 : 0
  if (!hasUnified) {
    table.columns.minimumKernel[mount] = builder.string('4.5')
    table.columns.reason[mount] = builder.string(
      'no cgroup2 filesystem is mounted, which programs for packets are attached to',
    )
    table.columns.costs[mount] = builder.string(packetCost)
  }
  rows += 1
  for (const { name, reason, costs: cost } of shortfalls) {
    const row = table.add()
    const { columns } = table
    columns.name[row] = builder.string(name)
    columns.state[row] = 0
    columns.reason[row] = builder.string(reason)
    columns.costs[row] = builder.string(cost)
    rows += 1
  }
  return rows
}
