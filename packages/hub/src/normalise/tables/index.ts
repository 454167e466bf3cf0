/** Every table whose rows are events. A new one adds its file and its line here. */
import type { EventTable, TableNormaliser } from '../table-normaliser.ts'
import { credNormaliser } from './cred.ts'
import { dnsNormaliser } from './dns.ts'
import { execFailedNormaliser } from './exec-failed.ts'
import { execNormaliser } from './exec.ts'
import { exitNormaliser } from './exit.ts'
import { fileNormaliser } from './file.ts'
import { forkNormaliser } from './fork.ts'
import { ioUringNormaliser } from './io-uring.ts'
import { memoryNormaliser } from './memory.ts'
import { tcpNormaliser } from './tcp.ts'
import { udpNormaliser } from './udp.ts'

export const tableNormalisers: { readonly [Name in EventTable]: TableNormaliser<Name> } = {
  exec: execNormaliser,
  exec_failed: execFailedNormaliser,
  fork: forkNormaliser,
  exit: exitNormaliser,
  tcp: tcpNormaliser,
  udp: udpNormaliser,
  dns: dnsNormaliser,
  file: fileNormaliser,
  cred: credNormaliser,
  io_uring: ioUringNormaliser,
  memory: memoryNormaliser,
}
