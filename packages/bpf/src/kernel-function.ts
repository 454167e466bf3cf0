/**
 * Functions of the running kernel, and programs of fentry and fexit that are loaded once for each of many.
 *
 * Such a program names its target when it is loaded (Linux 5.5), and there is no link of it to many functions, as
 * there is of a kprobe. Copies of one program are the way: the same instructions on the same maps.
 */
import { Descriptor } from './descriptor.ts'
import { BpfError, isPermissionErrno } from './error.ts'
import { libbpf } from './ffi.ts'
import { programLoad } from './kernel-call.ts'
import { readProgramInfo, type ProgramInfo } from './kernel-info.ts'
import { attachTracing, pinnedAt, type BpfLink } from './link.ts'
import type { LoaderProgram } from './loader.ts'
import { pin } from './pin.ts'

/** A function as the kernel's type information has it. */
export interface KernelFunction {
  readonly name: string
  /** Number of its type in this kernel. */
  readonly typeId: number
  /**
   * Number of the type of its arguments and result. Equal for functions whose arguments have the same types and names;
   * programs may only call each other by a table (`bpf_tail_call`) when those of their targets are equal (Linux 6.12
   * and what it was brought back to).
   */
  readonly prototypeId: number
}

/** A program that is loaded for one function. Disposing unloads what no pin or link holds. */
export interface FunctionProgram extends Disposable {
  readonly target: KernelFunction
  readonly fd: number
  /** Counters of the kernel. */
  info(): ProgramInfo
  /** Keeps the program loaded under `path`. */
  pin(path: string): void
  /** Attaches it; the caller owns the link. Throws `BPF_ATTACH_FAILED` and others. */
  attach(options?: { readonly pin?: string }): BpfLink
}

/** BTF_KIND_FUNC. */
const functionKind = 12
/** BPF_PROG_TYPE_TRACING. */
const tracingType = 26

/**
 * The functions of these names that the running kernel has types of, in the same order. Empty where it has no types.
 * Takes tens of MB and some tens of milliseconds.
 */
export function findKernelFunctions(names: readonly string[]): KernelFunction[] {
  const library = libbpf()
  const btf = library.loadVmlinuxBtf()
  if (btf === null) return []
  try {
    return names.flatMap((name) => {
      const typeId = library.findBtfType(btf, name, functionKind)
      return typeId > 0 ? [{ name, typeId, prototypeId: library.prototypeOf(btf, typeId) }] : []
    })
  } finally {
    library.freeBtf(btf)
  }
}

/** Loads what was loaded as `source` for `target`. Throws `BPF_LOAD_FAILED` or `BPF_NOT_PERMITTED`. */
export function loadForFunction(
  source: LoaderProgram,
  target: KernelFunction,
  license: string,
): FunctionProgram {
  const what = `${source.name} for ${target.name}`
  const fd = programLoad({
    type: tracingType,
    instructions: source.instructions(),
    license,
    expectedAttachType: source.expectedAttachType,
    attachBtfId: target.typeId,
    name: source.name,
  })
  if (fd < 0) {
    const code = isPermissionErrno(-fd) ? 'BPF_NOT_PERMITTED' : 'BPF_LOAD_FAILED'
    throw new BpfError(code, `cannot load ${what}`, { errno: -fd })
  }
  const descriptor = new Descriptor(fd, 'program')
  return {
    target,
    get fd() {
      return descriptor.fd
    },
    info: () => readProgramInfo(descriptor.fd),
    pin: (path) => pin(descriptor.fd, path),
    attach: (options = {}) => pinnedAt(attachTracing(descriptor.fd, what), options.pin),
    [Symbol.dispose]: () => descriptor[Symbol.dispose](),
  }
}
