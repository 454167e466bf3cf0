/** Every table whose rows are events. A new one adds its file and its line here. */
import type { EventTable, TableNormaliser } from '../table-normaliser.ts'
import { execFailedNormaliser } from './exec-failed.ts'
import { execNormaliser } from './exec.ts'
import { exitNormaliser } from './exit.ts'
import { forkNormaliser } from './fork.ts'
import { tcpNormaliser } from './tcp.ts'

export const tableNormalisers: { readonly [Name in EventTable]: TableNormaliser<Name> } = {
  exec: execNormaliser,
  exec_failed: execFailedNormaliser,
  fork: forkNormaliser,
  exit: exitNormaliser,
  tcp: tcpNormaliser,
}
