/**
 * Interfaces and network namespaces: where network programs are attached.
 *
 * The kernel looks up an interface's index in the namespace of the calling thread, so a program for an interface of a
 * container is attached from inside that container's namespace.
 */
import { closeSync, openSync } from 'node:fs'
import { abort } from 'node:process'
import { BpfError, isPermissionErrno } from './error.ts'
import { enterNetworkNamespace, indexOfInterface } from './ffi.ts'

/** An interface: by name or index, in this thread's network namespace or another. */
export interface InterfaceTarget {
  /** `eth0`, or its index. */
  readonly interface: string | number
  /** File of the network namespace that it is in: `/proc/PID/ns/net`, `/run/netns/NAME`. Default: ours. */
  readonly networkNamespace?: string
}

/** Opens a file; the caller closes it. Throws `BPF_NOT_FOUND`. */
function openNamespace(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw new BpfError('BPF_NOT_FOUND', `cannot open the network namespace ${path}`, { cause })
  }
}

/** Runs `use` with a descriptor of a network namespace. Throws `BPF_NOT_FOUND`. */
export function withNetworkNamespaceFd<T>(path: string, use: (fd: number) => T): T {
  const fd = openNamespace(path)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Runs `call` in another network namespace and comes back. `call` must be synchronous: only this thread moves, and
 * nothing else may run on it meanwhile. Without a path it just runs `call`. Needs CAP_SYS_ADMIN. Throws `BPF_NOT_FOUND`,
 * `BPF_NOT_PERMITTED` or `BPF_ARGUMENT` (no network namespace).
 */
export function inNetworkNamespace<T>(path: string | undefined, call: () => T): T {
  if (path === undefined) return call()
  return withNetworkNamespaceFd('/proc/thread-self/ns/net', (home) =>
    withNetworkNamespaceFd(path, (there) => {
      const error = enterNetworkNamespace(there)
      if (error < 0) {
        throw new BpfError(
          isPermissionErrno(-error) ? 'BPF_NOT_PERMITTED' : 'BPF_ARGUMENT',
          `cannot enter the network namespace ${path}`,
          { errno: -error },
        )
      }
      try {
        return call()
      } finally {
        // A thread that cannot come back would open every later socket in the wrong network.
        if (enterNetworkNamespace(home) < 0) abort()
      }
    }),
  )
}

/** The index of an interface of this thread's namespace. Throws `BPF_NOT_FOUND`. */
export function interfaceIndex(nameOrIndex: string | number): number {
  if (typeof nameOrIndex === 'number') {
    if (Number.isInteger(nameOrIndex) && nameOrIndex > 0) return nameOrIndex
    throw new BpfError('BPF_ARGUMENT', `${nameOrIndex} is no index of an interface`)
  }
  const index = indexOfInterface(nameOrIndex)
  if (index > 0) return index
  throw new BpfError('BPF_NOT_FOUND', `no network interface ${nameOrIndex}`, { errno: -index })
}
