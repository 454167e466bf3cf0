/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The end of system calls, for all probes that need it: one small program jumps through a table by
 * system call number.
 *
 * Where the kernel lets programs attach to its functions (fentry), that program is attached to the
 * functions of the calls in the table, and to where seccomp answers in their place; no other call
 * costs anything. Elsewhere it is attached to sys_exit, which makes every system call of the machine
 * dearer: most numbers lead nowhere.
 *
 * A probe declares HG_CALL_END programs that are loaded but not attached, and names their numbers in
 * its TypeScript file; the loader fills the table, and sets the number's bit in hg_syscall_bits, by
 * which all others are let go at once. Numbers of the 32-bit ABI begin at HG_COMPAT: `int $0x80`
 * works in 64-bit programs too. Those of x32 (bit 30) are in the native range without the bit.
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

/* Where the programs for the ends of calls are reached from: what is in their context. */
enum hg_call_way {
	/* sys_exit, or the function of a call: registers and result. */
	HG_CALL_RESULT_SECOND,
	/* ia32_sys_call, through which all calls of the 32-bit ABI go: registers, number, result. */
	HG_CALL_RESULT_THIRD,
	/* Where seccomp has answered: nothing of use; what comes of the call is in the registers. */
	HG_CALL_ANSWERED,
};

const volatile u32 hg_call_way = HG_CALL_RESULT_SECOND;

static __always_inline struct pt_regs *hg_call_registers(u64 *ctx)
{
	if (hg_call_way == HG_CALL_ANSWERED)
		return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return (void *)ctx[0];
}

/* Loads of their own: the compiler would join them, and choose between their addresses. */
static __always_inline long hg_call_result(u64 *ctx, struct pt_regs *regs)
{
	if (hg_call_way == HG_CALL_ANSWERED)
		return regs->ax;
	if (hg_call_way == HG_CALL_RESULT_THIRD)
		return *(volatile u64 *)(ctx + 2);
	return *(volatile u64 *)(ctx + 1);
}

/* A program for the end of a system call, with the registers of its caller and what comes of it. */
#define HG_CALL_END(name)                                                        \
	static __always_inline int name##_of(struct pt_regs *regs, long result); \
	SEC("tp_btf/sys_exit")                                                   \
	int name(u64 *ctx)                                                       \
	{                                                                        \
		struct pt_regs *regs = hg_call_registers(ctx);                   \
                                                                                 \
		return name##_of(regs, hg_call_result(ctx, regs));               \
	}                                                                        \
	static __always_inline int name##_of(struct pt_regs *regs, long result)
