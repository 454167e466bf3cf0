/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports what gives a process other rights or another view of the system, and what changes the
 * kernel for all: ids and capabilities, tracing of others, prctl, seccomp, modules, eBPF, keys,
 * mounts, namespaces, roots.
 *
 * Hooks: sys_exit through the shared dispatcher, where the result is known and the arguments are
 * still in the registers; sched_process_fork for namespaces at birth, which sees both sides and
 * every door; task_rename for names. Where the kernel has fentry, commit_creds and
 * switch_task_namespaces tell what was before, and commit_creds also tells a change that no
 * system call stands for. Elsewhere only what is after can be seen here; what was before is what
 * user space was last told of the process.
 *
 * An error is told when it says that something was tried that is not allowed (EPERM, EACCES);
 * of modules, kexec and eBPF programs every error is.
 */
#define HG_PROBE_CRED 12

#include "record.h"
const struct hg_cred *hg_cred_type __attribute__((unused));
#include "identity.h"
#include "process.h"
#include "kernel-object.h"
#include "mount.h"
#include "namespace.h"
