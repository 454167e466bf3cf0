/**
 * BPF_PROG_TEST_RUN: runs a loaded program once, or many times, on data and a context that the caller makes up.
 *
 * What may be given depends on the type of the program: `testRunAbilities` says it, and what does not fit is refused
 * here, because the kernel only says EINVAL. Contexts may be objects, by the struct that the program's first
 * parameter points to in the BTF of its object.
 */
import { resolveType, type Btf } from './btf.ts'
import { BpfError, isPermissionErrno } from './error.ts'
import { testRun } from './kernel-call.ts'
import { createValueCodec, type ValueCodec } from './value-codec.ts'

/** What to run a program on. */
export interface TestRunOptions {
  /** The packet, from its Ethernet header. */
  readonly data?: Uint8Array
  /** The context: its struct's bytes, or an object of the fields that are not 0. */
  readonly context?: ArrayBufferView | Readonly<Record<string, unknown>>
  /** How often to run it; `durationNs` is the mean. Default 1. */
  readonly repeat?: number
  /** A CPU to run it on (raw tracepoints). */
  readonly cpu?: number
  /** Room for what the program leaves of `data`, bytes. Default: its length and 256 more. */
  readonly dataRoomBytes?: number
}

/** What a run gave back. */
export interface TestRunResult {
  /** The program's return value, as a u32. */
  readonly returnValue: number
  /** Mean time of a run, ns; 0 where the kernel does not measure it. */
  readonly durationNs: number
  /** The packet as the program left it (`struct bpf_flow_keys` for flow dissectors); empty for programs without one. */
  readonly data: Uint8Array
  /** The context as the program left it, for types that give it back. */
  readonly context: Uint8Array | undefined
  /** The same by its struct's fields; undefined when the object's BTF has no struct for it. */
  readonly contextFields: Readonly<Record<string, unknown>> | undefined
}

/** What BPF_PROG_TEST_RUN takes and gives back for a type of program. */
export interface TestRunAbility {
  /** Least bytes of `data`; undefined when there must be none. */
  readonly leastDataBytes?: number
  /** Whether a context may be given, must be, and comes back. */
  readonly context?: 'taken' | 'needed'
  readonly givesContext?: true
  /** Whether it can be run many times in one call. */
  readonly repeats?: true
  /** Whether the caller may say on which CPU. */
  readonly choosesCpu?: true
}

const onPackets = {
  leastDataBytes: 14,
  context: 'taken',
  givesContext: true,
  repeats: true,
} as const

/** By `enum bpf_prog_type`: net/bpf/test_run.c and its like; types that are missing cannot be run. */
export const testRunAbilities: Readonly<Record<number, TestRunAbility>> = {
  1: onPackets, // socket filter
  3: onPackets, // tc classifier
  4: onPackets, // tc action
  6: onPackets, // XDP
  8: onPackets, // cgroup_skb
  10: onPackets, // lightweight tunnels: in, out, xmit, seg6local
  11: onPackets,
  12: onPackets,
  19: onPackets,
  17: { context: 'taken', choosesCpu: true }, // raw tracepoint
  22: { leastDataBytes: 14, repeats: true }, // flow dissector
  26: {}, // fentry, fexit, fmod_ret: the kernel calls its own test functions
  30: { context: 'needed', givesContext: true, repeats: true }, // sk_lookup
  31: { context: 'taken' }, // syscall
  32: { leastDataBytes: 34, repeats: true }, // netfilter
}

const ENOSPC = -28
const xdpType = 6
const runOnCpu = 1

/** The codec of the struct that a program's first parameter points to. */
export function contextCodec(btf: Btf, program: string): ValueCodec | undefined {
  const found = btf.types.find((type) => type.kind === 'function' && type.name === program)
  if (found?.kind !== 'function') return undefined
  const prototype = resolveType(btf, found.typeId).type
  const parameter = prototype.kind === 'prototype' ? prototype.parameters[0] : undefined
  if (!parameter) return undefined
  const pointer = resolveType(btf, parameter.typeId).type
  if (pointer.kind !== 'pointer') return undefined
  const { id, type } = resolveType(btf, pointer.typeId)
  if (type.kind !== 'struct') return undefined
  try {
    return createValueCodec(btf, id)
  } catch (cause) {
    if (cause instanceof BpfError && cause.code === 'BPF_LAYOUT_UNSUPPORTED') return undefined
    throw cause
  }
}

/** A loaded program, as far as running it needs. */
export interface RunnableProgram {
  readonly name: string
  readonly fd: number
  /** `enum bpf_prog_type`. */
  readonly type: number
  readonly codec: ValueCodec | undefined
}

/** Runs a program. Throws `BPF_ARGUMENT` for what its type does not take, else `BPF_TEST_RUN_FAILED`. */
export function runProgram(program: RunnableProgram, options: TestRunOptions = {}): TestRunResult {
  const ability = testRunAbilities[program.type]
  checkOptions(program, ability, options)
  const { data } = options
  const contextIn =
    program.type === xdpType ? xdpContext(program, options) : contextBytes(program, options.context)
  const dataOut =
    ability?.leastDataBytes === undefined
      ? undefined
      : new Uint8Array(new ArrayBuffer(options.dataRoomBytes ?? (data?.length ?? 0) + 256))
  const contextOut =
    ability?.givesContext === true
      ? new Uint8Array(new ArrayBuffer(contextIn?.length ?? program.codec?.sizeBytes ?? 0))
      : undefined
  const result = testRun({
    programFd: program.fd,
    dataIn: data,
    dataOut,
    contextIn,
    contextOut: contextOut && contextOut.length > 0 ? contextOut : undefined,
    repeat: options.repeat,
    flags: options.cpu === undefined ? 0 : runOnCpu,
    cpu: options.cpu,
  })
  if (result.error < 0) throw failed(program, result.error, result.dataOutLength)
  // A syscall program writes into the context that it was given.
  const context = contextOut?.subarray(0, result.contextOutLength) ?? contextIn
  return {
    returnValue: result.returnValue,
    durationNs: result.durationNs,
    data: dataOut?.subarray(0, result.dataOutLength) ?? new Uint8Array(0),
    context,
    contextFields: decoded(program, context),
  }
}

function checkOptions(
  program: RunnableProgram,
  ability: TestRunAbility | undefined,
  options: TestRunOptions,
): void {
  const refuse = (message: string): never => {
    throw new BpfError('BPF_ARGUMENT', `${program.name}: ${message}`)
  }
  if (!ability) return // The kernel says so itself, or has learned it since.
  const { leastDataBytes } = ability
  if (leastDataBytes === undefined) {
    if (options.data) refuse('programs of this type are run without data')
  } else if ((options.data?.length ?? 0) < leastDataBytes) {
    refuse(`programs of this type are run on at least ${leastDataBytes} bytes of data`)
  }
  if (ability.context === undefined && options.context !== undefined) {
    refuse('programs of this type are run without a context')
  }
  if (ability.context === 'needed' && options.context === undefined) {
    refuse('programs of this type are run on a context')
  }
  if (ability.repeats !== true && (options.repeat ?? 1) !== 1) {
    refuse('programs of this type are run once')
  }
  if (ability.choosesCpu !== true && options.cpu !== undefined) {
    refuse('programs of this type are run on this CPU')
  }
}

/** In an XDP context `data_end` says where the packet ends: the kernel takes a 0 for an empty one. */
function xdpContext(program: RunnableProgram, options: TestRunOptions): Uint8Array | undefined {
  const given = options.context ?? (program.codec ? {} : undefined)
  const bytes = contextBytes(program, given)
  if (!bytes || bytes.length < 8) return bytes
  const view = new DataView(bytes.buffer)
  const dataEndAt = 4
  if (view.getUint32(dataEndAt, true) === 0) {
    view.setUint32(dataEndAt, options.data?.length ?? 0, true)
  }
  return bytes
}

function contextBytes(
  program: RunnableProgram,
  context: TestRunOptions['context'],
): Uint8Array | undefined {
  if (context === undefined) return undefined
  if (ArrayBuffer.isView(context)) {
    return new Uint8Array(context.buffer, context.byteOffset, context.byteLength).slice()
  }
  const { codec } = program
  if (!codec) {
    throw new BpfError(
      'BPF_ARGUMENT',
      `${program.name}: its first parameter points to no struct, so give the context as bytes`,
    )
  }
  const bytes = new Uint8Array(new ArrayBuffer(codec.sizeBytes))
  codec.write(new DataView(bytes.buffer), 0, context)
  return bytes
}

function decoded(
  { codec }: RunnableProgram,
  context: Uint8Array | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (!codec || !context || context.length < codec.sizeBytes) return undefined
  const view = new DataView(context.buffer, context.byteOffset, context.byteLength)
  return codec.read(view, 0) as Readonly<Record<string, unknown>>
}

function failed(program: RunnableProgram, error: number, leftBytes: number): BpfError {
  const code = isPermissionErrno(-error) ? 'BPF_NOT_PERMITTED' : 'BPF_TEST_RUN_FAILED'
  const why = error === ENOSPC ? `: ${leftBytes} bytes came back, give dataRoomBytes` : ''
  return new BpfError(code, `cannot test-run ${program.name}${why}`, { errno: -error })
}
