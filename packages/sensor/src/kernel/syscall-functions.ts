/**
 * The functions of the kernel that carry out system calls, by number: where a program can be attached to one call and
 * not to the end of all of them.
 *
 * Names as in the kernel's tables (arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl, Linux 6.18) without
 * `sys_`; only of calls that a probe asks for. The names of the functions are those of x86 since 5.7
 * (arch/x86/include/asm/syscall_wrapper.h): each takes the registers of its caller and gives the result.
 */
import type { SyscallExit } from '../probes/probe.ts'

/** Calls that came since 5.1 have one number in all ABIs. */
const common: Readonly<Record<number, string>> = {
  425: 'io_uring_setup',
  427: 'io_uring_register',
  428: 'open_tree',
  429: 'move_mount',
  430: 'fsopen',
  431: 'fsconfig',
  432: 'fsmount',
  433: 'fspick',
  435: 'clone3',
  437: 'openat2',
  442: 'mount_setattr',
  447: 'memfd_secret',
  452: 'fchmodat2',
  467: 'open_tree_attr',
}

/** Of the x86-64 ABI. What x32 alone has stands behind 512, by the name of its function for 32-bit callers. */
const native: Readonly<Record<number, string>> = {
  1: 'write',
  2: 'open',
  9: 'mmap',
  10: 'mprotect',
  18: 'pwrite64',
  20: 'writev',
  30: 'shmat',
  42: 'connect',
  43: 'accept',
  44: 'sendto',
  46: 'sendmsg',
  56: 'clone',
  59: 'execve',
  76: 'truncate',
  77: 'ftruncate',
  82: 'rename',
  83: 'mkdir',
  84: 'rmdir',
  85: 'creat',
  86: 'link',
  87: 'unlink',
  88: 'symlink',
  90: 'chmod',
  91: 'fchmod',
  92: 'chown',
  93: 'fchown',
  94: 'lchown',
  101: 'ptrace',
  105: 'setuid',
  106: 'setgid',
  113: 'setreuid',
  114: 'setregid',
  116: 'setgroups',
  117: 'setresuid',
  119: 'setresgid',
  122: 'setfsuid',
  123: 'setfsgid',
  126: 'capset',
  133: 'mknod',
  135: 'personality',
  155: 'pivot_root',
  157: 'prctl',
  161: 'chroot',
  165: 'mount',
  166: 'umount',
  175: 'init_module',
  176: 'delete_module',
  246: 'kexec_load',
  248: 'add_key',
  249: 'request_key',
  250: 'keyctl',
  257: 'openat',
  258: 'mkdirat',
  259: 'mknodat',
  260: 'fchownat',
  263: 'unlinkat',
  264: 'renameat',
  265: 'linkat',
  266: 'symlinkat',
  268: 'fchmodat',
  272: 'unshare',
  288: 'accept4',
  296: 'pwritev',
  298: 'perf_event_open',
  304: 'open_by_handle_at',
  307: 'sendmmsg',
  308: 'setns',
  310: 'process_vm_readv',
  311: 'process_vm_writev',
  313: 'finit_module',
  316: 'renameat2',
  317: 'seccomp',
  319: 'memfd_create',
  320: 'kexec_file_load',
  321: 'bpf',
  322: 'execveat',
  323: 'userfaultfd',
  328: 'pwritev2',
  329: 'pkey_mprotect',
  ...common,
  516: 'writev',
  518: 'sendmsg',
  520: 'execve',
  521: 'ptrace',
  535: 'pwritev64',
  538: 'sendmmsg',
  539: 'process_vm_readv',
  540: 'process_vm_writev',
  545: 'execveat',
  547: 'pwritev64v2',
}

/** Of the 32-bit ABI. */
const compat: Readonly<Record<number, string>> = {
  4: 'write',
  5: 'open',
  8: 'creat',
  9: 'link',
  10: 'unlink',
  11: 'execve',
  14: 'mknod',
  15: 'chmod',
  16: 'lchown16',
  21: 'mount',
  22: 'oldumount',
  23: 'setuid16',
  26: 'ptrace',
  38: 'rename',
  39: 'mkdir',
  40: 'rmdir',
  46: 'setgid16',
  52: 'umount',
  61: 'chroot',
  70: 'setreuid16',
  71: 'setregid16',
  81: 'setgroups16',
  83: 'symlink',
  90: 'ia32_mmap',
  92: 'truncate',
  93: 'ftruncate',
  94: 'fchmod',
  95: 'fchown16',
  102: 'socketcall',
  117: 'ipc',
  120: 'ia32_clone',
  125: 'mprotect',
  128: 'init_module',
  129: 'delete_module',
  136: 'personality',
  138: 'setfsuid16',
  139: 'setfsgid16',
  146: 'writev',
  164: 'setresuid16',
  170: 'setresgid16',
  172: 'prctl',
  181: 'ia32_pwrite64',
  182: 'chown16',
  185: 'capset',
  192: 'mmap_pgoff',
  193: 'ia32_truncate64',
  194: 'ia32_ftruncate64',
  198: 'lchown',
  203: 'setreuid',
  204: 'setregid',
  206: 'setgroups',
  207: 'fchown',
  208: 'setresuid',
  210: 'setresgid',
  212: 'chown',
  213: 'setuid',
  214: 'setgid',
  215: 'setfsuid',
  216: 'setfsgid',
  217: 'pivot_root',
  283: 'kexec_load',
  286: 'add_key',
  287: 'request_key',
  288: 'keyctl',
  295: 'openat',
  296: 'mkdirat',
  297: 'mknodat',
  298: 'fchownat',
  301: 'unlinkat',
  302: 'renameat',
  303: 'linkat',
  304: 'symlinkat',
  306: 'fchmodat',
  310: 'unshare',
  334: 'pwritev',
  336: 'perf_event_open',
  342: 'open_by_handle_at',
  345: 'sendmmsg',
  346: 'setns',
  347: 'process_vm_readv',
  348: 'process_vm_writev',
  350: 'finit_module',
  353: 'renameat2',
  354: 'seccomp',
  356: 'memfd_create',
  357: 'bpf',
  358: 'execveat',
  362: 'connect',
  364: 'accept4',
  369: 'sendto',
  370: 'sendmsg',
  374: 'userfaultfd',
  379: 'pwritev2',
  380: 'pkey_mprotect',
  397: 'shmat',
  ...common,
}

/** Of x32 alone. */
const x32From = 512

function nameOf(table: Readonly<Record<number, string>>, number: number): string {
  const name = table[number]
  if (name === undefined) throw new Error(`system call ${number} has no name here`)
  return name
}

/**
 * Names of the functions that carry out these calls of the x86-64 ABI and x32, each once. A kernel has some of them
 * only: no x32, no such call.
 */
export function functionsOfNativeCalls(exits: readonly SyscallExit[]): string[] {
  const names = new Set<string>()
  for (const number of exits.flatMap((exit) => exit.native)) {
    const name = nameOf(native, number)
    if (number >= x32From) names.add(`__x64_compat_sys_${name}`)
    names.add(`__x64_sys_${name}`)
  }
  return [...names]
}

/** The same of the 32-bit ABI. A kernel may have both functions that a call can have there, and use one. */
export function functionsOfCompatCalls(exits: readonly SyscallExit[]): string[] {
  const names = new Set<string>()
  for (const number of exits.flatMap((exit) => exit.compat)) {
    const name = nameOf(compat, number)
    names.add(`__ia32_compat_sys_${name}`)
    names.add(`__ia32_sys_${name}`)
  }
  return [...names]
}
