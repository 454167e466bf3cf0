/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One program on sys_exit for all probes that need the end of a system call, as
 * each program there costs every system call of the machine: it jumps through a
 * table by system call number, and most numbers lead nowhere.
 *
 * A probe declares SEC("tp_btf/sys_exit") programs that are loaded but not
 * attached, and names their numbers in its TypeScript file; the loader fills the
 * table, and sets the number's bit in hg_syscall_bits, by which the dispatcher
 * lets go of all others at once. Numbers of the 32-bit ABI begin at HG_COMPAT:
 * `int $0x80` works in 64-bit programs too. Those of x32 (bit 30) are in the native
 * range without the bit.
 */
#pragma once

#include "../base/record.h"

#define HG_COMPAT 1024
#define HG_SYSCALLS 2048
#define HG_TS_COMPAT 0x0002

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, HG_SYSCALLS);
	__type(key, u32);
	__type(value, u32);
} hg_syscalls SEC(".maps");

/* By number, of either ABI: whether it leads anywhere. Spares most calls the table, 17 of its 20 ns. */
const volatile u64 hg_syscall_bits[HG_COMPAT / 64] = {};

/*
 * By number, as in hg_syscalls: bits of the third argument without any of which there is nothing to
 * tell, or 0. For calls as frequent as mprotect: spares them the table and the program.
 */
const volatile u8 hg_syscall_thirds[HG_SYSCALLS] = {};

/* As hg_syscall_bits, for numbers that come into play later: set by programs, never taken back. */
u64 hg_syscall_armed[HG_COMPAT / 64] = {};

static __always_inline void hg_arm_syscall(u32 number)
{
	hg_syscall_armed[number / 64] |= 1ull << (number % 64);
}

static __always_inline bool hg_is_compat(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->thread_info.status & HG_TS_COMPAT;
}
