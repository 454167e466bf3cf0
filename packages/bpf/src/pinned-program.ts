/** Programs that were pinned: to read what the kernel counts about them, without loading anything. */
import { Descriptor } from './descriptor.ts'
import {
  readProgramCounters,
  readProgramInfo,
  type ProgramCounters,
  type ProgramInfo,
} from './kernel-info.ts'
import { openPin } from './pin.ts'

/** A program reached through its pin. */
export interface PinnedProgram extends Disposable {
  readonly fd: number
  /** What the kernel knows of it. */
  info(): ProgramInfo
  /** Only what it counts. */
  counters(): ProgramCounters
}

/** Opens a pinned program. Throws `BPF_PIN_FAILED` (errno ENOENT when nothing is pinned there). */
export function openPinnedProgram(path: string): PinnedProgram {
  const descriptor = new Descriptor(openPin(path, 'program'), 'program')
  return {
    get fd() {
      return descriptor.fd
    },
    info: () => readProgramInfo(descriptor.fd),
    counters: () => readProgramCounters(descriptor.fd),
    [Symbol.dispose]: () => descriptor[Symbol.dispose](),
  }
}
