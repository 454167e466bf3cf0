/**
 * A file descriptor that is closed exactly once.
 *
 * Kernel objects of eBPF live as long as a descriptor, a pin or a link holds them, so whoever opens
 * one must close it: `using` does.
 */
import { BpfError } from './error.ts'
import { closeFd } from './ffi.ts'

/** An owned descriptor. */
export class Descriptor implements Disposable {
  #fd: number
  readonly #what: string

  /** Takes ownership of `fd`; `what` names it in errors. */
  constructor(fd: number, what: string) {
    this.#fd = fd
    this.#what = what
  }

  /** The number, for system calls. Throws `BPF_CLOSED` after dispose. */
  get fd(): number {
    if (this.#fd < 0) throw new BpfError('BPF_CLOSED', `${this.#what} is closed`)
    return this.#fd
  }

  get isOpen(): boolean {
    return this.#fd >= 0
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return
    closeFd(this.#fd)
    this.#fd = -1
  }
}
