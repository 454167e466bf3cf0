/**
 * The programs for the ends of system calls at the functions of these calls, instead of at the one tracepoint that all
 * calls of the machine pass. For kernels with fentry.
 *
 * A small program is loaded for each function, and jumps into a table. The kernel lets programs share a table only
 * when the arguments of their functions have the same types and names, and functions of calls come with two names of
 * their only argument (`regs`, and `__unused` of those that a kernel can be built without). So there is a table, and a
 * set of programs in it, for each; one for the function that calls of the 32-bit ABI go through; and one for what
 * seccomp answers, which no function of a call ever sees.
 */
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import {
  BpfError,
  findKernelFunctions,
  unpin,
  type BpfLink,
  type BpfObject,
  type KernelFunction,
  type MapOptions,
  type OpenOptions,
} from '@honeyguide/bpf'
import type { SyscallExit } from '../probes/probe.ts'
import { functionsOfCompatCalls, functionsOfNativeCalls } from './syscall-functions.ts'

/** Begins the names of programs and links of functions. */
export const callPrefix = 'call-'

const table = 'hg_syscalls'
const tablePrefix = `${table}-`
/** Begins the names of pins that are on their way out. */
const oldPrefix = 'old-'

/** What is in the context of a program: `enum hg_call_way`. */
const ways = { resultSecond: 0, resultThird: 1, answered: 2 } as const

/** Functions that programs of their own are for, beside those of single calls. */
const compatCall = { name: 'ia32_sys_call', program: 'hg_call_end_compat' } as const
const answer = { name: '__secure_computing', program: 'hg_call_answered' } as const
const atFunction = 'hg_call_end'

/** Programs in the kernel, one for each function; nothing of them runs until they are attached. */
export interface CallEnds extends Disposable {
  /** Of functions, with `callPrefix`. */
  readonly names: readonly string[]
  pin(name: string, path: string): void
  /** The caller owns the link. */
  attach(name: string, pin?: string): BpfLink
}

export interface CallEndOptions {
  /** Of which all maps are shared, but for the table and, where a constant differs, the constants. */
  readonly main: BpfObject
  /** Opens the same object once more. */
  readonly open: (changes: Pick<OpenOptions, 'maps' | 'programs' | 'rodata'>) => BpfObject
  readonly exits: readonly SyscallExit[]
  /** Puts programs into a table. */
  readonly fill: (object: BpfObject, exits: readonly SyscallExit[]) => void
  /** For the pins of the tables: the kernel empties one that no process holds. */
  readonly folder: string
  /** Names these tables among those of other objects. */
  readonly objectHash: string
}

/** Throws BPF_TARGET_MISSING on a kernel that does not say what functions it has, and what loading throws. */
export function loadCallEnds(options: CallEndOptions): CallEnds {
  const { main, exits } = options
  const compatNames = new Set(functionsOfCompatCalls(exits))
  const functions = findKernelFunctions([
    ...functionsOfNativeCalls(exits),
    ...compatNames,
    compatCall.name,
    answer.name,
  ])
  const find = (name: string) => functions.find((found) => found.name === name)
  const throughOne = find(compatCall.name)
  const answering = find(answer.name)
  const single = functions.filter(
    (found) =>
      found !== throughOne && found !== answering && !(throughOne && compatNames.has(found.name)),
  )
  if (single.length === 0)
    throw new BpfError('BPF_TARGET_MISSING', 'the kernel has no types of its system calls')
  using opened = new DisposableStack()
  const programs = new Map<
    string,
    { pin: (path: string) => void; attach: (pin?: string) => BpfLink }
  >()

  /** These programs of calls, for functions with the arguments of `target`. */
  function loadSet(
    dispatcher: string,
    target: KernelFunction,
    wanted: readonly SyscallExit[],
    way: number,
  ): BpfObject {
    const isOther = way !== ways.resultSecond
    const maps: Record<string, MapOptions> = {}
    for (const name of main.mapNames)
      if (name !== table && !(isOther && name === '.rodata')) maps[name] = { reuse: main.map(name) }
    const pin = `${tablePrefix}${options.objectHash}-${target.prototypeId}`
    maps[table] = { pin: join(options.folder, pin) }
    const object = opened.use(
      options.open({
        maps,
        ...(isOther ? { rodata: { hg_call_way: way } } : {}),
        programs: Object.fromEntries(
          [dispatcher, ...wanted.map(({ program }) => program)].map((name) => [
            name,
            { autoload: true, fexit: target.name },
          ]),
        ),
      }),
    )
    object.load()
    options.fill(object, wanted)
    return object
  }

  function loadOne(of: { program: string }, target: KernelFunction, way: number): void {
    const object = loadSet(of.program, target, exits, way)
    programs.set(`${callPrefix}${target.name}`, {
      pin: (path) => object.program(of.program).pin(path),
      attach: (pin) => object.attach(of.program, pin === undefined ? {} : { pin }),
    })
  }

  for (const alike of Map.groupBy(single, ({ prototypeId }) => prototypeId).values()) {
    const [first] = alike
    if (!first) continue
    const names = new Set(alike.map(({ name }) => name))
    const isAmong = (name: string): boolean => names.has(name)
    const wanted = exits.filter(
      (exit) =>
        functionsOfNativeCalls([exit]).some(isAmong) ||
        functionsOfCompatCalls([exit]).some(isAmong),
    )
    const object = loadSet(atFunction, first, wanted, ways.resultSecond)
    for (const target of alike) {
      const copy = opened.use(object.copyTo(atFunction, target))
      programs.set(`${callPrefix}${target.name}`, {
        pin: (path) => copy.pin(path),
        attach: (pin) => copy.attach(pin === undefined ? {} : { pin }),
      })
    }
  }
  if (throughOne) loadOne(compatCall, throughOne, ways.resultThird)
  if (answering) loadOne(answer, answering, ways.answered)
  const held = opened.move()
  const programOf = (name: string) => {
    const program = programs.get(name)
    if (!program) throw new BpfError('BPF_NOT_FOUND', `no program ${name}`)
    return program
  }
  return {
    names: [...programs.keys()],
    pin: (name, path) => programOf(name).pin(path),
    attach: (name, pin) => programOf(name).attach(pin),
    [Symbol.dispose]: () => held.dispose(),
  }
}

/** Whether a pin is a table of calls: without it, which empties the table, the programs at functions do nothing. */
export function isCallTable(name: string): boolean {
  return name.startsWith(tablePrefix)
}

/** Lets the tables in `folder` go: where programs use one, it is empty from here on. */
export function removeCallTables(folder: string): void {
  for (const name of readdirSync(folder)) if (isCallTable(name)) unpin(join(folder, name))
}

/**
 * Sets the programs at functions that are pinned in `folder` aside. They do nothing from here on; detaching takes the
 * kernel a tenth of a second for each, one after another, and who comes next need not wait for it.
 */
export function setCallEndsAside(folder: string): void {
  removeCallTables(folder)
  for (const name of readdirSync(folder))
    if (['link-', 'program-'].some((kind) => name.startsWith(`${kind}${callPrefix}`)))
      renameSync(join(folder, name), join(folder, `${oldPrefix}${name}`))
}

/** Lets go what was set aside. The kernel detaches it in its own time. */
export function removeCallEndsAside(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith(oldPrefix)) unpin(join(folder, name))
}
