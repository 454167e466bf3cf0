/**
 * The one error that this package throws, and the table of its codes.
 *
 * Every code says what happened and what to do. `cause` keeps the first error; what libbpf and the
 * verifier had to say travels along in `log` and `verifier`, cut to the lines that help.
 */
import { getSystemErrorMap } from 'node:util'

interface ErrorRow {
  /** What happened, as a sentence. */
  readonly what: string
  /** What the reader can do about it. */
  readonly fix: string
}

/** Every code with its sentence and its remedy; documentation is generated from it. */
export const bpfErrors = {
  BPF_ARGUMENT: {
    what: 'A value passed to the library does not fit.',
    fix: 'Compare the call with the reference; the message names the value.',
  },
  BPF_ATTACH_FAILED: {
    what: 'The kernel did not attach a loaded program.',
    fix: 'Check that the hook exists here (`probeFeature`) and that the caller may use it.',
  },
  BPF_BTF_INVALID: {
    what: 'The type information (BTF) of an object is damaged or of an unknown kind.',
    fix: 'Compile the object again with `clang -g -target bpf`.',
  },
  BPF_CLOSED: {
    what: 'An object, map, ring or link was used after it was disposed.',
    fix: 'Keep the owner alive as long as it is used.',
  },
  BPF_COMPILE_FAILED: {
    what: 'clang refused an eBPF source file.',
    fix: 'Read the compiler output in the message; clang 14 or newer is needed.',
  },
  BPF_ELF_INVALID: {
    what: 'A file is not the ELF file (64-bit, little-endian) that was expected: an eBPF object, or a program or library to probe.',
    fix: 'Compile objects with `clang -g -target bpf`; for a uprobe name a program or library of this machine.',
  },
  BPF_FS_MISSING: {
    what: 'No bpf filesystem is mounted where something should be pinned.',
    fix: 'Mount one (`mount -t bpf bpf /sys/fs/bpf`) and pin below it.',
  },
  BPF_LAYOUT_MISMATCH: {
    what: 'The structs of an object differ from those that the decoders were generated from.',
    fix: 'Generate the decoders again, or ship the object that they belong to.',
  },
  BPF_LAYOUT_UNSUPPORTED: {
    what: 'A C type has no decoder (pointer, function, bit-field wider than 32 bits, too deep).',
    fix: 'Use fixed-size integers, arrays, enums, structs and unions in records.',
  },
  BPF_LIBRARY_MISSING: {
    what: 'libbpf.so.1 could not be loaded.',
    fix: 'Install it (Debian and Ubuntu: `apt-get install libbpf1`).',
  },
  BPF_LOAD_FAILED: {
    what: 'The object could not be loaded into the kernel.',
    fix: 'Read `log`: it is what libbpf said.',
  },
  BPF_MAP_FAILED: {
    what: 'A map operation was refused by the kernel.',
    fix: 'The errno tells why: E2BIG is full, EEXIST and ENOENT come from the update flag.',
  },
  BPF_NETLINK_FAILED: {
    what: 'The kernel refused a request over netlink (classic traffic control).',
    fix: 'The errno tells why: ENODEV is no such interface in this network namespace, EPERM asks for CAP_NET_ADMIN.',
  },
  BPF_NOT_FOUND: {
    what: 'There is no program, map, variable, function, interface or network namespace of that name.',
    fix: 'The message names where it was looked for, and names that are there.',
  },
  BPF_NOT_PERMITTED: {
    what: 'The kernel does not let this process do that.',
    fix: 'Run as root or with CAP_BPF and CAP_PERFMON (CAP_NET_ADMIN for network programs); a hardened kernel may forbid a program type to everybody: see `probeFeature`.',
  },
  BPF_PIN_FAILED: {
    what: 'A map, program or link could not be pinned or opened from its pin.',
    fix: 'The path must lie on a bpf filesystem, in a folder that the user may write.',
  },
  BPF_PIN_MISMATCH: {
    what: 'A pinned map has another type, size or number of entries than the object asks for.',
    fix: 'Drain and unpin the old map first, or pin below a folder named by the layout hash.',
  },
  BPF_RING_CORRUPT: {
    what: 'A ring holds a record that runs past what the kernel has produced.',
    fix: 'The start position was not the start of a record; start at the consumer position.',
  },
  BPF_TARGET_MISSING: {
    what: 'The running kernel has no such hook or type.',
    fix: 'Switch the program off for this kernel (`programs: { name: { autoload: false } }`).',
  },
  BPF_TEST_RUN_FAILED: {
    what: 'The kernel did not run a program on the data and context that it was given.',
    fix: 'ENOTSUPP: programs of this type cannot be run. EINVAL: a field of the context must be 0 here.',
  },
  BPF_VERIFIER_REFUSED: {
    what: 'The verifier refused a program.',
    fix: 'Read `verifier`: its last lines name the instruction and the reason.',
  },
} as const satisfies Record<`BPF_${string}`, ErrorRow>

/** The codes that a `BpfError` can carry. */
export type BpfErrorCode = keyof typeof bpfErrors

/** What a `BpfError` can be given beside its code and message. */
export interface BpfErrorDetail {
  /** Positive errno of the system call (libbpf's own start at 4000). */
  readonly errno?: number
  readonly cause?: unknown
  /** The program that was refused. */
  readonly program?: string
  /** What libbpf printed, one entry a line, oldest first, at most 40. */
  readonly log?: readonly string[]
  /** Last useful lines of the verifier's log, oldest first, at most 20. */
  readonly verifier?: readonly string[]
  /** How many lines of the verifier's log lie before those in `verifier`. */
  readonly verifierOmitted?: number
  /** A feature that was needed and that the running kernel lacks (a name for `probeFeature`). */
  readonly feature?: string
  /** Mainline version that brought `feature`. */
  readonly minimumKernel?: string
}

/** The only error class of this package; tell them apart by `code`. */
export class BpfError extends Error {
  override readonly name = 'BpfError'
  readonly code: BpfErrorCode
  /** The message's first line, without the errno. */
  readonly summary: string
  /** Positive errno, 0 when no system call was involved. */
  readonly errno: number
  /** `EPERM` and the like; empty when `errno` is 0. */
  readonly errnoName: string
  readonly program: string | undefined
  readonly log: readonly string[]
  readonly verifier: readonly string[]
  readonly verifierOmitted: number
  /** The feature that the running kernel lacks, where that is why. */
  readonly feature: string | undefined
  /** Mainline version that brought `feature`, `6.6`. */
  readonly minimumKernel: string | undefined

  constructor(code: BpfErrorCode, message: string, detail: BpfErrorDetail = {}) {
    const errno = detail.errno ?? 0
    const errnoName = nameOfErrno(errno)
    const verifier = detail.verifier ?? []
    const omitted = detail.verifierOmitted ?? 0
    const parts = [errno === 0 ? message : `${message} (${errnoName})`]
    if (verifier.length > 0) {
      if (omitted > 0) parts.push(`  verifier: ... ${omitted} lines before ...`)
      parts.push(...verifier.map((line) => `  verifier: ${line}`))
    } else if (detail.log) {
      parts.push(...detail.log.slice(-8).map((line) => `  libbpf: ${line}`))
    }
    super(parts.join('\n'), detail.cause === undefined ? undefined : { cause: detail.cause })
    this.code = code
    this.summary = message
    this.errno = errno
    this.errnoName = errnoName
    this.program = detail.program
    this.log = detail.log ?? []
    this.verifier = verifier
    this.verifierOmitted = omitted
    this.feature = detail.feature
    this.minimumKernel = detail.minimumKernel
  }

  /** What happened in general, whatever the message says about this one case. */
  get what(): string {
    return bpfErrors[this.code].what
  }

  /** What the reader can do about it. */
  get fix(): string {
    return bpfErrors[this.code].fix
  }
}

// Numbers that programs meet here and libuv's table lacks: ENOTSUPP is the kernel's own,
// those from 4000 are libbpf's (libbpf.h, enum libbpf_errno).
const otherErrnos: Readonly<Record<number, string>> = {
  77: 'EBADFD',
  108: 'ESHUTDOWN',
  524: 'ENOTSUPP',
  4000: 'LIBELF',
  4001: 'FORMAT',
  4002: 'KVERSION',
  4003: 'ENDIAN',
  4004: 'INTERNAL',
  4005: 'RELOC',
  4006: 'LOAD',
  4007: 'VERIFY',
  4008: 'PROG2BIG',
  4009: 'KVER',
  4010: 'PROGTYPE',
}

/** `EPERM` for 1 and so on; `errno N` for what has no name; empty for 0. */
export function nameOfErrno(errno: number): string {
  if (errno === 0) return ''
  return getSystemErrorMap().get(-errno)?.[0] ?? otherErrnos[errno] ?? `errno ${errno}`
}

/** EPERM and EACCES mean the same to a reader: not allowed. */
export function isPermissionErrno(errno: number): boolean {
  return errno === 1 || errno === 13
}
