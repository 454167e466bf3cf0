/**
 * The port behind which object files are opened, relocated against the running kernel (CO-RE) and
 * loaded, and its adapter to the distribution's libbpf.
 *
 * Everything else (maps, rings, links, iterators, pins) is bpf(2) from TypeScript, so another
 * loader needs these few functions only.
 */
import { BpfError, isPermissionErrno, type BpfErrorCode } from './error.ts'
import { addressOf, keeping, lastErrno, libbpf, withLibbpfLog, type NativePointer } from './ffi.ts'
import { cString } from './kernel-call.ts'
import { digestLog } from './libbpf-log.ts'

/** One program of an object that a loader holds. */
export interface LoaderProgram {
  readonly name: string
  /** ELF section, which says type and target: `tp_btf/sched_process_exec`. */
  readonly section: string
  /** `enum bpf_attach_type` that the program was written for. */
  readonly expectedAttachType: number
  /** Says what the program is, where the loader does not know its section (before load). */
  setType(programType: number, expectedAttachType: number): void
  setAutoload(autoload: boolean): void
  /** A function of the kernel that it is for, instead of the target in its section (before load). */
  setFunction(name: string, expectedAttachType: number): void
  /** Its instructions as they were loaded, 8 bytes each; empty when it is not loaded. */
  instructions(): Uint8Array
  /** Descriptor owned by the loader; negative before load or when not loaded. */
  fd(): number
  /** Attaches by the loader's own means: sections that nothing here knows (USDT, ksyscall). */
  attach(): { readonly fd: number; release(): void }
}

/** One map of an object that a loader holds. */
export interface LoaderMap {
  /** C name, or section name (`.rodata`) for global variables. */
  readonly name: string
  setMaxEntries(count: number): void
  /** Reuse what is pinned there when it fits, else pin there after creating it. */
  setPinPath(path: string): void
  setAutocreate(autocreate: boolean): void
  /** Use that map instead of making one; it must have the same shape. */
  reuse(fd: number): void
  /** Bytes of global variables before load; undefined for other maps. */
  initialValue(): ArrayBuffer | undefined
  /** Descriptor owned by the loader; negative before load. */
  fd(): number
}

/** An object file in a loader's hands. Dispose unloads what is not held elsewhere. */
export interface LoaderObject extends Disposable {
  readonly programs: readonly LoaderProgram[]
  readonly maps: readonly LoaderMap[]
  /** Creates the maps, relocates, and loads the programs. Throws a `BpfError` with the logs. */
  load(): void
}

/** Opens object files. */
export interface ObjectLoader {
  open(
    bytes: Uint8Array,
    options: { readonly name: string; readonly pinRoot?: string },
  ): LoaderObject
}

/** What libbpf says of a function that the kernel's types do not have (ESRCH). */
const noSuchType = -3

/** The loader that uses the distribution's libbpf.so.1. */
export const libbpfLoader: ObjectLoader = {
  open(bytes, { name, pinRoot }) {
    const library = libbpf()
    // struct bpf_object_open_opts: size, object_name, relaxed_maps, pin_root_path, and zeroes.
    const options = new Uint8Array(new ArrayBuffer(72))
    const view = new DataView(options.buffer)
    const nameBytes = cString(name)
    const rootBytes = pinRoot === undefined ? undefined : cString(pinRoot)
    view.setBigUint64(0, 72n, true)
    view.setBigUint64(8, addressOf(nameBytes), true)
    if (rootBytes) view.setBigUint64(24, addressOf(rootBytes), true)
    const { result, messages } = keeping([nameBytes, rootBytes], () =>
      withLibbpfLog(() => {
        const opened = library.openMem(bytes, bytes.length, options)
        return { opened, errno: opened === null ? lastErrno() : 0 }
      }),
    )
    if (result.opened === null) {
      throw refusal('open', name, result.errno, messages)
    }
    return openedObject(result.opened, name)
  },
}

function openedObject(opened: NativePointer, name: string): LoaderObject {
  const library = libbpf()
  let object: NativePointer | undefined = opened

  const programs: LoaderProgram[] = []
  for (
    let at = library.nextProgram(opened, null);
    at !== null;
    at = library.nextProgram(opened, at)
  ) {
    const program = at
    const programName = library.programName(program)
    programs.push({
      name: programName,
      section: library.programSection(program),
      // Asked for each time: it is changed by `setType`.
      get expectedAttachType() {
        return library.expectedAttachType(program)
      },
      setType(programType, attachType) {
        succeed(library.setProgramType(program, programType), programName)
        succeed(library.setExpectedAttachType(program, attachType), programName)
      },
      setAutoload: (autoload) => succeed(library.setAutoload(program, autoload), programName),
      setFunction(functionName, attachType) {
        succeed(library.setExpectedAttachType(program, attachType), programName)
        const { result, messages } = withLibbpfLog(() =>
          library.setAttachTarget(program, 0, functionName),
        )
        if (result >= 0) return
        if (result === noSuchType)
          throw new BpfError(
            'BPF_TARGET_MISSING',
            `${programName}: the kernel has no function ${functionName}`,
            { errno: -result },
          )
        throw refusal('load', programName, -result, messages)
      },
      instructions: () => (object === undefined ? new Uint8Array() : library.instructions(program)),
      fd: () => (object === undefined ? -1 : library.programFd(program)),
      attach() {
        const { result, messages } = withLibbpfLog(() => {
          const link = library.attach(program)
          return { link, errno: link === null ? lastErrno() : 0 }
        })
        const { link } = result
        if (link === null) throw refusal('attach', programName, result.errno, messages)
        return { fd: library.linkFd(link), release: () => void library.linkDestroy(link) }
      },
    })
  }

  const maps: LoaderMap[] = []
  for (let at = library.nextMap(opened, null); at !== null; at = library.nextMap(opened, at)) {
    const map = at
    // Maps of global variables are called `<object>.rodata`: their section is what people know.
    const mapName = library.mapName(map).replace(/^[^.]*(?=\.)/, '')
    maps.push({
      name: mapName,
      setMaxEntries: (count) => succeed(library.setMaxEntries(map, count), mapName),
      setPinPath: (path) => succeed(library.setPinPath(map, path), mapName),
      setAutocreate: (autocreate) => succeed(library.setAutocreate(map, autocreate), mapName),
      reuse: (fd) => succeed(library.reuseFd(map, fd), mapName),
      initialValue: () => library.initialValue(map),
      fd: () => (object === undefined ? -1 : library.mapFd(map)),
    })
  }

  return {
    programs,
    maps,
    load() {
      if (object === undefined) throw new BpfError('BPF_CLOSED', `object ${name} is closed`)
      const held = object
      const { result, messages } = withLibbpfLog(() => library.load(held))
      if (result < 0) throw refusal('load', name, -result, messages)
    },
    [Symbol.dispose]() {
      if (object === undefined) return
      library.close(object)
      object = undefined
    },
  }
}

function succeed(error: number, what: string): void {
  if (error >= 0) return
  throw new BpfError('BPF_ARGUMENT', `libbpf refused a setting of ${what}`, { errno: -error })
}

function refusal(
  doing: 'open' | 'load' | 'attach',
  name: string,
  errno: number,
  messages: readonly { readonly text: string }[],
): BpfError {
  const digest = digestLog(messages)
  const { program } = digest
  const subject = program === undefined ? name : `${name}, program ${program}`
  return new BpfError(codeFor(doing, errno, digest), `cannot ${doing} ${subject}`, {
    errno,
    log: digest.log,
    verifier: digest.verifier,
    verifierOmitted: digest.verifierOmitted,
    ...(program === undefined ? {} : { program }),
  })
}

function codeFor(
  doing: 'open' | 'load' | 'attach',
  errno: number,
  { log, verifier }: { log: readonly string[]; verifier: readonly string[] },
): BpfErrorCode {
  if (doing === 'open') return 'BPF_ELF_INVALID'
  if (doing === 'attach')
    return isPermissionErrno(errno) ? 'BPF_NOT_PERMITTED' : 'BPF_ATTACH_FAILED'
  const text = log.join('\n')
  if (/failed to find kernel BTF type ID|failed to find BTF .* for/i.test(text)) {
    return 'BPF_TARGET_MISSING'
  }
  if (/couldn't reuse pinned map|parameter mismatch/.test(text)) return 'BPF_PIN_MISMATCH'
  if (verifier.length > 0) return 'BPF_VERIFIER_REFUSED'
  if (isPermissionErrno(errno)) return 'BPF_NOT_PERMITTED'
  return 'BPF_LOAD_FAILED'
}
