/** `honeyguide doctor`: what this machine and kernel allow, and what each thing that is missing costs. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { arch, hostname, release } from 'node:os'
import { createBatchBuilder, decodeBatch } from '@honeyguide/model/batch'
import type { FeatureState, Host, Status } from '@honeyguide/model'
import { visible } from '@honeyguide/model/text'
import type { Command } from 'commander'
import { exitCodes } from '../exit-codes.ts'
import { cgroup2Root, readMounts } from '../launcher/mounts.ts'
import { findUser, userNames } from '../launcher/users.ts'
import { bpffs } from '../place.ts'
import { createContext, hubOf, withShared, type SharedOptions } from './context.ts'

interface Finding {
  readonly name: string
  readonly isFine: boolean
  readonly detail: string
  /** What goes without it; empty when it is fine. */
  readonly costs: string
  /** Whether a sensor can run here without it. */
  readonly isNeeded: boolean
}

const programs: Readonly<Record<string, string>> = {
  setpriv: 'daemons cannot be started without privileges',
  prlimit: 'daemons cannot be started with limits',
  unshare: 'daemons cannot be given a view of their own',
  flock: 'two launchers cannot be told apart',
  useradd: 'the users of the daemons must be made by hand',
  mount: 'nothing can be bound into the view of a daemon',
}

function isOnPath(name: string): boolean {
  return ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some(
    (folder) => {
      try {
        accessSync(`${folder}/${name}`, constants.X_OK)
        return true
      } catch {
        return false
      }
    },
  )
}

function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** What can be said without loading anything. */
function machineFindings(objectDir: string, pageDir: string): Finding[] {
  const isRoot = process.getuid?.() === 0
  const [major = 0, minor = 0] = release().split('.').map(Number)
  const isKernelNewEnough = major > 6 || (major === 6 && minor >= 1)
  const lockdown = /\[(\w+)\]/.exec(readLine('/sys/kernel/security/lockdown'))?.[1] ?? 'none'
  const libbpf = [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/lib',
    '/usr/lib64',
  ].some((folder) => existsSync(`${folder}/libbpf.so.1`))
  const row = (
    name: string,
    isFine: boolean,
    detail: string,
    costs: string,
    isNeeded = true,
  ): Finding => ({ name, isFine, detail, costs: isFine ? '' : costs, isNeeded })
  return [
    row(
      'root',
      isRoot,
      isRoot ? 'yes' : `user ${process.getuid?.()}`,
      'this machine cannot be watched; `npm start -- --demo` works',
    ),
    row(
      'kernel',
      isKernelNewEnough,
      `${release()} ${arch()}`,
      'older than 6.1: not tested; probes that do not load are told',
    ),
    row(
      'kernel types (BTF)',
      existsSync('/sys/kernel/btf/vmlinux'),
      existsSync('/sys/kernel/btf/vmlinux') ? '/sys/kernel/btf/vmlinux' : 'absent',
      'nothing can be seen: the kernel is built without CONFIG_DEBUG_INFO_BTF',
    ),
    row(
      'lockdown',
      lockdown !== 'confidentiality',
      lockdown,
      'nothing can be seen: lockdown forbids reading kernel memory',
    ),
    row(
      'cgroup v2',
      cgroup2Root() !== undefined,
      cgroup2Root() ?? 'not mounted',
      'daemons have no cgroup of their own, containers of v1 only are named',
      false,
    ),
    row(
      'bpffs',
      isRoot || readMounts().some(({ target, type }) => target === bpffs && type === 'bpf'),
      readMounts().some(({ target, type }) => target === bpffs && type === 'bpf')
        ? bpffs
        : 'mounted by `up`',
      'a sensor that is killed loses what is in its rings',
    ),
    row(
      'libbpf',
      libbpf,
      libbpf ? 'libbpf.so.1' : 'absent (package libbpf1)',
      'nothing can be seen on this machine',
    ),
    row(
      'eBPF programs',
      ['sensor', 'sensor-casts', 'snapshot'].every((name) =>
        existsSync(`${objectDir}/${name}.bpf.o`),
      ),
      objectDir,
      'nothing can be seen until they are built: `npm start` does',
    ),
    row(
      'page',
      existsSync(`${pageDir}/index.html`),
      pageDir,
      'there is no page until it is built: `npm start` does',
      false,
    ),
    ...Object.entries(programs).map(([name, costs]) =>
      row(name, isOnPath(name), isOnPath(name) ? 'there' : 'absent', costs),
    ),
    ...Object.values(userNames).map((name) => {
      const user = findUser(name)
      return row(
        `user ${name}`,
        user !== undefined || isRoot,
        user ? `uid ${user.uid}${user.isOurs ? ', made here' : ''}` : 'made by `up`',
        'must be made by root',
        false,
      )
    }),
  ]
}

/** What the hub finds wrong with itself; nothing when none runs. */
async function hubFindings(hub: ReturnType<typeof hubOf>): Promise<Finding[]> {
  try {
    const { components } = await hub.get<Status>('/api/v1/status')
    return components
      .filter(({ name }) => name === 'audit')
      .map(({ state, detail }) => ({
        name: 'audit log',
        isFine: state === 'up',
        detail,
        costs: state === 'up' ? '' : 'what people did here is not proven any more',
        isNeeded: false,
      }))
  } catch {
    return [] // `status` says why
  }
}

/** What the sensor that runs here goes without, but for what was `tried` here; nothing when none runs. */
async function sensorFindings(
  hub: ReturnType<typeof hubOf>,
  tried: readonly FeatureState[],
): Promise<Finding[]> {
  try {
    const { hosts } = await hub.get<{ readonly hosts: readonly Host[] }>('/api/v1/hosts')
    return hosts
      .filter(({ hostname: name }) => name === hostname())
      .flatMap(({ features }) => features)
      .filter(({ name, works }) => !works && !tried.some((one) => one.name === name))
      .map(({ name, reason, costs }) => ({
        name: `sensor: ${name}`,
        isFine: false,
        detail: reason,
        costs,
        isNeeded: false,
      }))
  } catch {
    return [] // `status` says why
  }
}

/** What the kernel lets load, found by loading small programs; undefined when that cannot be tried. */
async function kernelFeatures(): Promise<FeatureState[] | undefined> {
  if (process.getuid?.() !== 0) return undefined
  try {
    const { writeFeatures } = await import('@honeyguide/sensor/features')
    const builder = createBatchBuilder()
    writeFeatures(builder)
    const nobody = new Uint8Array(16)
    const batch = decodeBatch(
      builder.encode({ sensor: nobody, boot: nobody, run: 1, sequence: 1n }, 0n, []),
    )
    const table = batch.table('feature')
    if (!table) return []
    const { columns } = table
    return Array.from({ length: table.rows }, (_, row) => ({
      name: batch.text(columns.name[row] ?? 0),
      works: columns.state[row] === 1,
      minimumKernel: batch.text(columns.minimumKernel[row] ?? 0),
      reason: batch.text(columns.reason[row] ?? 0),
      costs: batch.text(columns.costs[row] ?? 0),
    }))
  } catch {
    return undefined // libbpf is not here: told above
  }
}

export function addDoctor(program: Command): void {
  withShared(program.command('doctor'))
    .summary('what this machine allows, and what is missed without it')
    .action(async (options: SharedOptions) => {
      const context = createContext(options)
      const { layout } = context
      const hub = hubOf(context, 5000)
      const features = await kernelFeatures()
      const findings = [
        ...machineFindings(
          `${layout.root}/${layout.objectDir}`,
          `${layout.root}/${layout.pageDir}`,
        ),
        ...(await hubFindings(hub)),
        ...(await sensorFindings(hub, features ?? [])),
      ]
      const canWatch =
        findings.every(({ isFine, isNeeded }) => isFine || !isNeeded) &&
        (features ?? []).every(
          ({ works, costs }) => works || !costs.startsWith('Nothing can be seen'),
        )
      if (options.json === true)
        process.stdout.write(
          `${JSON.stringify({ canWatch, machine: findings, kernel: features ?? null })}\n`,
        )
      else {
        const lines = findings.map(
          ({ name, isFine, detail, costs }) =>
            `${isFine ? 'ok      ' : 'missing '} ${name.padEnd(24)} ${detail}${costs === '' ? '' : `: ${costs}`}`,
        )
        if (features)
          lines.push(
            ...features.map(
              ({ name, works, minimumKernel, reason, costs }) =>
                `${works ? 'ok      ' : 'missing '} ${name.padEnd(24)} ${works ? 'loads' : `${reason} (Linux ${minimumKernel}). ${costs}`}`,
            ),
          )
        else
          lines.push(
            'unknown  features of the kernel     they are found by loading small programs, as root',
          )
        lines.push(
          canWatch
            ? 'This machine can be watched.'
            : 'This machine cannot be watched yet; a recording can be shown with `npm start -- --demo`.',
        )
        process.stdout.write(`${lines.map(visible).join('\n')}\n`)
      }
      process.exitCode = canWatch ? exitCodes.ok.code : exitCodes.failed.code
    })
}
