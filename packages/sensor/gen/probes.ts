/** Generated from the folders of src/probes; do not edit. Again: npm run gen */
import type { Probe } from '../src/probes/probe.ts'
import { probe as cred } from '../src/probes/cred/cred.ts'
import { probe as dns } from '../src/probes/dns/dns.ts'
import { probe as exec } from '../src/probes/exec/exec.ts'
import { probe as execFailed } from '../src/probes/exec-failed/exec-failed.ts'
import { probe as exit } from '../src/probes/exit/exit.ts'
import { probe as file } from '../src/probes/file/file.ts'
import { probe as fork } from '../src/probes/fork/fork.ts'
import { probe as ioUring } from '../src/probes/io-uring/io-uring.ts'
import { probe as memory } from '../src/probes/memory/memory.ts'
import { probe as tcp } from '../src/probes/tcp/tcp.ts'
import { probe as udp } from '../src/probes/udp/udp.ts'

export const probes: readonly Probe[] = [
  cred,
  dns,
  exec,
  execFailed,
  exit,
  file,
  fork,
  ioUring,
  memory,
  tcp,
  udp,
]
