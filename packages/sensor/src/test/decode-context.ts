/** What a probe's decoder is given, with nothing before it: for tests and fuzzing. */
import { createBatchBuilder } from '@honeyguide/model/batch'
import { createDnsConversations } from '../dns/conversations.ts'
import { createProcessCache } from '../process-cache/process-cache.ts'
import type { DecodeContext } from '../probes/probe.ts'
import { createWorkloadNames } from '../workload/workload-names.ts'

export function emptyDecodeContext(): DecodeContext {
  return {
    builder: createBatchBuilder(),
    processes: createProcessCache({ capacity: 100, exitedMs: 1000 }),
    workloads: createWorkloadNames(16),
    redact: () => undefined,
    disown: () => {},
    dns: createDnsConversations(),
  }
}
