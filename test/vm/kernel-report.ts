/**
 * Says what the running kernel can do and through which program each probe works on it, by doing it:
 * the sensor's own loader picks the programs.
 *
 *     bin/node test/vm/kernel-report.ts           prints `KERNEL {...}` (root)
 *     bin/node test/vm/kernel-report.ts --write   writes test/vm/kernels/<version>.json of this machine
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join, resolve } from 'node:path'
import { openObject, probeFeatures } from '@honeyguide/bpf'
import { probes } from '../../packages/sensor/gen/probes.ts'
import { layout } from '../../packages/sensor/gen/records.ts'
import { mountTestPins, testObjects } from '../../packages/sensor/src/kernel/kernel-harness.ts'
import { callPrefix } from '../../packages/sensor/src/kernel/call-ends.ts'
import { openKernel } from '../../packages/sensor/src/kernel/kernel.ts'

/** One kernel as it reported itself; what docs/reference/kernels.md is made of. */
export interface KernelReport {
  /** `6.1`. */
  readonly version: string
  /** As uname says it. */
  readonly release: string
  /** By feature name. */
  readonly features: Readonly<
    Record<
      string,
      { readonly supported: boolean; readonly reason?: string; readonly since?: string }
    >
  >
  /** By probe name: attached programs, and those reached at the end of system calls. */
  readonly probes: Readonly<
    Record<string, readonly { readonly program: string; readonly hook: string }[]>
  >
}

async function reportKernel(): Promise<KernelReport> {
  const objectDir = await testObjects()
  const features: Record<string, { supported: boolean; reason?: string; since?: string }> = {}
  for (const [name, answer] of probeFeatures())
    features[name] = answer.supported
      ? { supported: true }
      : { supported: false, reason: answer.reason, since: answer.minimumKernel }
  using pins = mountTestPins()
  using _kernel = openKernel({
    stateDir: pins.folder,
    objectDir,
    pinDir: pins.pinDir,
    rings: { lifecycleBytes: 1 << 20, dataBytes: 1 << 20 },
    cache: { processes: 4096, exitedMs: 1000 },
    probes: [],
    ownPids: [],
  })
  const attached = new Set(
    readdirSync(join(pins.pinDir, layout.hash)).flatMap((name) =>
      name.startsWith('link-') ? [name.slice('link-'.length)] : [],
    ),
  )
  const isAtFunctions = [...attached].some((name) => name.startsWith(callPrefix))
  using object = openObject(join(objectDir, 'sensor.bpf.o'))
  const found: Record<string, { program: string; hook: string }[]> = {}
  for (const probe of probes) {
    const { better } = probe
    const programs = [
      ...probe.programs.flat(),
      ...(probe.optionalPrograms ?? []).map(({ program }) => program),
      ...(better?.programs ?? []),
    ]
      .filter((program) => attached.has(program))
      .map((program) => ({ program, hook: object.program(program).section }))
    const isBetter = better?.programs.every((program) => attached.has(program)) === true
    const throughTable = (isBetter ? better : probe).syscallExits.map(({ program }) => ({
      program,
      hook: isAtFunctions ? 'fexit of its calls' : object.program(program).section,
    }))
    found[probe.name] = [...programs, ...throughTable]
  }
  return {
    version: release().split('.').slice(0, 2).join('.'),
    release: release(),
    features,
    probes: found,
  }
}

if (import.meta.main) {
  const report = await reportKernel()
  if (process.argv.includes('--write')) {
    const folder = resolve(import.meta.dirname, 'kernels')
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, `${report.version}.json`),
      `${JSON.stringify(report, undefined, 2)}\n`,
    )
  } else {
    process.stdout.write(`KERNEL ${JSON.stringify(report)}\n`)
  }
}
