/** For kernel tests: a kernel side of their own on a bpf filesystem of their own, and real programs. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createBatchBuilder, decodeBatch } from '@honeyguide/model/batch'
import { tables, type TableName } from '@honeyguide/model/tables'
import { attachHere } from './attach-child.ts'
import { buildObjects } from './build.ts'
import {
  openKernel,
  removePins,
  type Kernel,
  type KernelProgress,
  type KernelSettings,
} from './kernel.ts'

export { testProgram } from './test-program.ts'

const repository = resolve(import.meta.dirname, '../../../..')

/** Why kernel tests cannot run here; undefined when they can. */
export const kernelSkip: string | false =
  process.getuid?.() === 0 ? false : 'needs root (CAP_BPF, CAP_PERFMON, and a bpf filesystem)'

/** On an emulated machine. */
export const isSmallLoad = process.env['HONEYGUIDE_SMALL_LOAD'] === '1'

/** How much of a load to make: `small` on an emulated machine, where it shows the same and takes 50 times as long. */
export function amount(full: number, small: number): number {
  return isSmallLoad ? small : full
}

/** A row by column names; texts are bytes as latin1, so that nothing is lost. */
export type PlainRow = Readonly<Record<string, string | number | bigint>>

export interface TestKernel extends AsyncDisposable {
  readonly settings: KernelSettings
  /** The open kernel; `reopen` puts another in its place. */
  kernel: Kernel
  /** Pumps until the rings are empty; returns all rows by table since the last call. */
  drain(): Map<TableName, PlainRow[]>
  /** Progress of the last drain. */
  readonly progress: KernelProgress | undefined
  /** Closes the kernel and opens it again, from the last progress or from another. */
  reopen(progress?: KernelProgress): void
}

/** Rows that a batch holds, as objects. */
export function plainRows(batch: ReturnType<typeof decodeBatch>): Map<TableName, PlainRow[]> {
  const out = new Map<TableName, PlainRow[]>()
  for (const name of Object.keys(tables) as TableName[]) {
    const table = batch.table(name)
    if (!table) continue
    const definitions: Record<string, { kind: string }> = tables[name].columns
    const rows: PlainRow[] = []
    for (let i = 0; i < table.rows; i++) {
      const row: Record<string, string | number | bigint> = {}
      const columns: Record<string, Uint32Array | BigUint64Array> = table.columns
      for (const [column, values] of Object.entries(columns)) {
        const value = values[i] ?? 0
        row[column] =
          definitions[column]?.kind === 'text'
            ? Buffer.from(batch.bytes(Number(value))).toString('latin1')
            : value
      }
      rows.push(row)
    }
    out.set(name, rows)
  }
  return out
}

const identity = {
  sensor: new Uint8Array(16),
  boot: new Uint8Array(16),
  run: 1,
  sequence: 1n,
}

/** Pumps a kernel until nothing is left, committing as it goes. */
export function drainKernel(kernel: Kernel): {
  rows: Map<TableName, PlainRow[]>
  progress: KernelProgress
} {
  const rows = new Map<TableName, PlainRow[]>()
  for (;;) {
    const builder = createBatchBuilder()
    const pumped = kernel.pump(builder)
    // Through the wire format: what is compared is what a hub would see.
    const batch = decodeBatch(builder.encode(identity, 0n, []))
    for (const [name, more] of plainRows(batch)) {
      const known = rows.get(name)
      if (known) known.push(...more)
      else rows.set(name, more)
    }
    kernel.commit(pumped.progress)
    if (!pumped.isMore) return { rows, progress: pumped.progress }
  }
}

let built: Promise<string> | undefined

/** Folder with the built objects. Looked after once in a process: it is a second each time in an emulated machine. */
export function testObjects(): Promise<string> {
  const folder = join(repository, 'build/bpf')
  built ??= buildObjects(folder).then(() => folder)
  return built
}

const folderName = /^hg-kernel-(\d+)-/

/**
 * Takes away what tests left whose process is gone: one that a time limit kills cleans up nothing, and its programs
 * run on in every system call of the machine (thirteen such sets made everything on it twice as slow).
 */
function sweepTestPins(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = folderName.exec(name)?.[1]
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue
    const mount = join(tmpdir(), name, 'bpf')
    // Pins go with their filesystem. Another test may be as quick, or somebody still look into it.
    spawnSync('umount', [mount])
    rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

/** Makes a folder with a bpf filesystem in it; disposing unmounts and removes it. */
export function mountTestPins(): Disposable & { readonly folder: string; readonly pinDir: string } {
  sweepTestPins()
  const folder = mkdtempSync(join(tmpdir(), `hg-kernel-${process.pid}-`))
  const mount = join(folder, 'bpf')
  mkdirSync(mount)
  execFileSync('mount', ['-t', 'bpf', 'bpf', mount])
  return {
    folder,
    pinDir: join(mount, 'sensor'),
    [Symbol.dispose](): void {
      removePins(join(mount, 'sensor'))
      execFileSync('umount', [mount])
      rmSync(folder, { recursive: true })
    },
  }
}

/**
 * Probes of process life and TCP: what tests open that are about none in particular. All of them take a verifier
 * in an emulated machine more than a minute, each time.
 */
export const plainProbes = ['exec', 'exec_failed', 'fork', 'exit', 'tcp'] as const

/** Opens a kernel of its own, with small changes to the settings; with `plainProbes` unless told otherwise. */
export async function openTestKernel(changes: Partial<KernelSettings> = {}): Promise<TestKernel> {
  const objectDir = await testObjects()
  const pins = mountTestPins()
  const settings: KernelSettings = {
    stateDir: pins.folder,
    objectDir,
    pinDir: pins.pinDir,
    rings: { lifecycleBytes: 2 << 20, dataBytes: 8 << 20 },
    cache: { processes: 65_536, exitedMs: 60_000 },
    probes: plainProbes,
    // Loading for functions of system calls takes an emulated machine twice as long; who is about them names probes.
    isAtTracepoint: changes.probes === undefined,
    // The programs under test are children of this process, which must not hide them.
    ownPids: [],
    ...changes,
  }
  let progress: KernelProgress | undefined
  const test: TestKernel = {
    settings,
    kernel: openKernel(settings, { attach: attachHere }),
    get progress() {
      return progress
    },
    drain() {
      const drained = drainKernel(test.kernel)
      progress = drained.progress
      return drained.rows
    },
    reopen(from = progress) {
      test.kernel[Symbol.dispose]()
      test.kernel = openKernel(settings, { progress: from, attach: attachHere })
    },
    async [Symbol.asyncDispose]() {
      test.kernel[Symbol.dispose]()
      pins[Symbol.dispose]()
    },
  }
  return test
}

export interface ProgramRun {
  readonly pid: number
  readonly status: number | null
  /** Standard output in words by line. */
  readonly lines: readonly (readonly string[])[]
  readonly text: string
}

/** Runs a program to its end. */
export function runProgram(
  path: string,
  args: readonly string[] = [],
  options: {
    readonly cwd?: string
    readonly env?: NodeJS.ProcessEnv
    readonly argv0?: string
  } = {},
): ProgramRun {
  const run = spawnSync(path, args, {
    encoding: 'latin1',
    maxBuffer: 16 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  if (run.error) throw run.error
  return {
    pid: run.pid,
    status: run.status,
    lines: run.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ')),
    text: run.stdout,
  }
}

/** The number at `at` in the line that begins with `role`. */
export function said(run: ProgramRun, role: string, at: number = 1): number {
  const line = run.lines.find(([first]) => first === role)
  if (!line) throw new Error(`the program did not say ${role}: ${run.text}`)
  return Number(line[at])
}
