/** Every table that a batch can hold. A new probe adds its file and its line here. */
import { execFailed } from './exec-failed.ts'
import { exec } from './exec.ts'
import { cred } from './cred.ts'
import { dns } from './dns.ts'
import { exit } from './exit.ts'
import { feature } from './feature.ts'
import { file } from './file.ts'
import { fork } from './fork.ts'
import { hook } from './hook.ts'
import { ioUring } from './io-uring.ts'
import { loss } from './loss.ts'
import { memory } from './memory.ts'
import { process } from './process.ts'
import { provenance } from './provenance.ts'
import { tcp } from './tcp.ts'
import { udp } from './udp.ts'
import { user } from './user.ts'

export const tables = {
  exec,
  exec_failed: execFailed,
  fork,
  exit,
  process,
  tcp,
  loss,
  hook,
  feature,
  user,
  file,
  dns,
  udp,
  cred,
  io_uring: ioUring,
  memory,
  provenance,
} as const
export type Tables = typeof tables
export type TableName = keyof Tables
