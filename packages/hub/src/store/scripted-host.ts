/** A host for tests: makes batches of a made-up life of processes and connections, numbered and in order. */
import { createBatchBuilder, type BatchBuilder, type TableName } from '@honeyguide/model'
import { encodeFrame } from '@honeyguide/model/frames'
import type { NewRecord } from '../spool/index.ts'

export type Values = Readonly<Record<string, number | bigint | string | Uint8Array>>

export interface ScriptedHost {
  readonly prefix: string
  readonly deviceUid: string
  /** ns since 1970 at boot. */
  readonly wallOffsetNs: bigint
  hello(hostname: string): NewRecord
  /** Adds a row to the batch being made. */
  add(table: TableName, values: Values): void
  /** The batch of what was added, with the next sequence. */
  batch(): NewRecord
  readonly sequence: bigint
}

/** Adds a row by column names; text goes into the dictionary. Throws a RangeError for an unknown column. */
export function addRow(builder: BatchBuilder, name: TableName, values: Values): void {
  const table = builder.table(name)
  const row = table.add()
  const columns = table.columns as unknown as Record<string, Uint32Array | BigUint64Array>
  for (const [column, value] of Object.entries(values)) {
    const array = columns[column]
    if (!array) throw new RangeError(`${name}.${column}`)
    array[row] =
      typeof value === 'string'
        ? builder.string(value)
        : value instanceof Uint8Array
          ? builder.text(value)
          : value
  }
}

/** `no` tells hosts apart; the boot begins at `bootMs` (ms since 1970). */
export function scriptedHost(no: number, bootMs: number, run = 1): ScriptedHost {
  const sensor = new Uint8Array(16).fill(no)
  const boot = new Uint8Array(16).fill(no + 100)
  const builder = createBatchBuilder()
  const wallOffsetNs = BigInt(bootMs) * 1_000_000n
  let sequence = 0n
  const byte = no.toString(16).padStart(2, '0')
  return {
    prefix: `${byte.repeat(6)}-${(no + 100).toString(16).padStart(2, '0').repeat(4)}`,
    deviceUid: byte.repeat(16),
    wallOffsetNs,
    get sequence() {
      return sequence
    },
    hello: (hostname) => ({
      kind: 'hello',
      sensor,
      boot,
      run,
      sequence: 0n,
      receivedNs: wallOffsetNs,
      body: encodeFrame({
        kind: 'hello',
        hello: {
          protocolMajor: 1,
          protocolMinor: 0,
          sensor,
          boot,
          run,
          hostname,
          version: '0',
          kernelRelease: '6.1',
          architecture: 'x64',
          layout: '',
          labels: {},
          pending: [],
          operatingSystem: '',
          cpus: 1,
          memoryBytes: 1n,
        },
      }).subarray(4),
    }),
    add: (table, values) => addRow(builder, table, values),
    batch() {
      sequence += 1n
      const body = builder.encode({ sensor, boot, run, sequence }, wallOffsetNs, [])
      builder.reset()
      return { kind: 'batch', sensor, boot, run, sequence, receivedNs: wallOffsetNs, body }
    },
  }
}

const second = 1_000_000_000n

/** One process life: fork by `parent`, exec, exit; `no` numbers it in pid, argv and sequence numbers. */
export function addLife(
  host: ScriptedHost,
  no: number,
  parent: { readonly pid: number; readonly startNs: bigint; readonly execNo: number },
  options: { readonly file?: string; readonly atNs?: bigint } = {},
): void {
  const at = options.atNs ?? 10n * second + BigInt(no) * 1_000_000n
  const pid = 1000 + (no % 30_000)
  const seq = BigInt(no) * 3n
  const file = options.file ?? `/usr/bin/program-${no % 20}`
  const who = { pid, tid: pid, startNs: at }
  const of = { parentPid: parent.pid, parentStartNs: parent.startNs, parentExecNo: parent.execNo }
  host.add('fork', { ...who, ...of, bootNs: at, seq: seq + 1n, execNo: parent.execNo, uid: 1000 })
  host.add('exec', {
    ...who,
    ...of,
    bootNs: at + 1000n,
    seq: seq + 2n,
    execNo: parent.execNo + 1,
    previousExecNo: parent.execNo,
    uid: 1000,
    euid: 1000,
    file,
    fileTyped: file,
    argv: `${file.slice(file.lastIndexOf('/') + 1)}\0--number\0${no}\0`,
    cwd: '/srv',
    unit: 'demo.service',
  })
  host.add('exit', {
    ...who,
    bootNs: at + 500_000n,
    seq: seq + 3n,
    execNo: parent.execNo + 1,
    exitCode: no % 256,
    runNs: 500_000n,
  })
}

/** The shell that everything on a scripted host is forked by. */
export const shell = { pid: 40, startNs: 2n * second, execNo: 3 } as const

export function addShell(host: ScriptedHost): void {
  host.add('user', { uid: 1000, name: 'ann' })
  host.add('process', {
    ...shell,
    bootNs: 4n * second,
    uid: 1000,
    euid: 1000,
    file: '/usr/bin/bash',
    fileTyped: '/bin/bash',
    argv: 'bash\0',
    unit: 'ssh.service',
  })
}
