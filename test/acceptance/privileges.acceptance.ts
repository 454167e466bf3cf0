/** Who may do what, read from /proc: each daemon has the user and the capabilities that it should, and no more. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Acceptance } from './harness/acceptance.ts'
import { processStatus, startStack } from './harness/stack.ts'

const run = promisify(execFile)

// CAP_DAC_READ_SEARCH 2, NET_ADMIN 12, SYS_PTRACE 19, PERFMON 38, BPF 39.
const sensorCapabilities = [2, 12, 19, 38, 39].reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n)

export const acceptances: readonly Acceptance[] = [
  {
    id: 'privileges',
    promise:
      '/proc/PID/status of every process is as the security page says; the hub can neither read /etc/shadow nor open the ring',
    target: 'all as said',
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      await using stack = await startStack({ root, folder, log })
      const pids = await stack.pids()
      const details: string[] = []
      const check = (what: string, isSo: boolean, seen: unknown): void => {
        if (!isSo) details.push(`${what}: ${String(seen)}`)
      }
      const user = async (name: string): Promise<string> =>
        (await run('id', ['-u', name])).stdout.trim()
      for (const [component, name, capabilities] of [
        ['sensor', 'honeyguide-sensor', sensorCapabilities],
        ['hub', 'honeyguide', 0n],
        ['store', 'honeyguide', 0n],
      ] as const) {
        const pid = pids[component]
        if (!pid) {
          details.push(`${component}: not running`)
          continue
        }
        const status = await processStatus(pid)
        const uid = await user(name)
        check(
          `${component} uid`,
          (status['Uid'] ?? '').split(/\s+/).every((seen) => seen === uid),
          status['Uid'],
        )
        check(
          `${component} groups`,
          (status['Groups'] ?? '').split(/\s+/).filter((group) => group === '0').length === 0,
          status['Groups'],
        )
        check(
          `${component} CapEff`,
          BigInt(`0x${status['CapEff']}`) === capabilities,
          status['CapEff'],
        )
        check(
          `${component} CapPrm`,
          BigInt(`0x${status['CapPrm']}`) === capabilities,
          status['CapPrm'],
        )
        check(
          `${component} CapBnd`,
          BigInt(`0x${status['CapBnd']}`) === capabilities,
          status['CapBnd'],
        )
        check(`${component} NoNewPrivs`, status['NoNewPrivs'] === '1', status['NoNewPrivs'])
      }
      // As the hub's user, in the hub's own mount namespace.
      const hub = pids['hub']
      if (hub) {
        const as = async (command: string): Promise<boolean> =>
          run('nsenter', [
            '-t',
            String(hub),
            '-m',
            'setpriv',
            '--reuid=honeyguide',
            '--regid=honeyguide',
            '--clear-groups',
            '--bounding-set=-all',
            '--inh-caps=-all',
            '--no-new-privs',
            'sh',
            '-c',
            command,
          ]).then(
            () => true,
            () => false,
          )
        check('hub user runs at all', await as('true'), false)
        check('hub reads /etc/shadow', !(await as('cat /etc/shadow >/dev/null')), true)
        check("hub lists the sensor's state", !(await as(`ls ${stack.state}/sensor`)), true)
        check('hub lists pins', !(await as('ls /sys/fs/bpf/honeyguide/* >/dev/null')), true)
      }
      return {
        measured: details.length === 0 ? 'all as said' : `${details.length} not as said`,
        n: 3,
        pass: details.length === 0,
        details,
      }
    },
  },
]
