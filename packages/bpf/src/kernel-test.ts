/**
 * What tests against the running kernel share: why they are skipped, compiled test programs, a bpf
 * filesystem of their own.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compileBpf } from './compile.ts'
import { probeFeature, type FeatureName } from './feature.ts'
import { takeInventory, type KernelInventory } from './kernel-info.ts'

const programs = fileURLToPath(new URL('../test-programs/', import.meta.url))
const headers = fileURLToPath(new URL('../include/', import.meta.url))
const build = fileURLToPath(new URL('../../../build/bpf-test/', import.meta.url))

function hasCommand(name: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** For the option `skip` of a test: false, or what is missing and which kernel has it. */
export function skipUnless(...features: readonly FeatureName[]): string | false {
  if (getuid?.() !== 0) return 'needs root'
  if (!hasCommand('clang')) return 'needs clang'
  for (const name of features) {
    const answer = probeFeature(name)
    if (!answer.supported) return `${name}: ${answer.reason} (Linux ${answer.minimumKernel})`
  }
  return false
}

/** Compiles `test-programs/<name>.bpf.c`; returns the object's path. */
export async function buildTestProgram(name: string): Promise<string> {
  const { object } = await compileBpf(
    join(programs, `${name}.bpf.c`),
    join(build, `${name}.bpf.o`),
    { includes: [headers] },
  )
  return object
}

/** A bpf filesystem in a temporary folder, unmounted by dispose. */
export interface PinFolder extends Disposable {
  readonly path: string
}

/** Mounts one (root). Pins left in it go away with it. */
export function mountPinFolder(): PinFolder {
  const path = mkdtempSync(join(tmpdir(), 'bpf-test-'))
  execFileSync('/bin/mount', ['-t', 'bpf', 'bpf', path])
  return {
    path,
    [Symbol.dispose](): void {
      execFileSync('/bin/umount', [path])
      rmSync(path, { recursive: true })
    },
  }
}

/** The kernel frees programs, maps and links after a grace period: waits until one is gone, and throws if it stays. */
export async function waitUntilGone(kind: keyof KernelInventory, id: number): Promise<void> {
  for (let tries = 0; takeInventory()[kind].has(id); tries++) {
    if (tries === 100) throw new Error(`${kind} still has ${id}`)
    await sleep(20)
  }
}

/** Calls getppid(2) `count` times: what the test programs count. */
export function callGetppid(count: number): void {
  for (let i = 0; i < count; i++) void process.ppid
}
