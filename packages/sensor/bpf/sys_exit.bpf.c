/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The dispatchers that hook/sys_exit.h describes. */
#include "hook/sys_exit.h"

static __always_inline int hg_end_call(u64 *ctx, struct pt_regs *regs)
{
	u32 number = regs->orig_ax & ~(1u << 30);
	u8 third;

	if (number >= HG_COMPAT ||
	    !((hg_syscall_bits[number / 64] | hg_syscall_armed[number / 64]) >> (number % 64) & 1))
		return 0;
	if (hg_is_compat())
		number += HG_COMPAT;
	third = hg_syscall_thirds[number];
	/* The third argument is in the same register in both ABIs. */
	if (third && !(regs->dx & third))
		return 0;
	bpf_tail_call(ctx, &hg_syscalls, number);
	return 0;
}

SEC("tp_btf/sys_exit")
int hg_sys_exit(u64 *ctx)
{
	return hg_end_call(ctx, (void *)ctx[0]);
}

/* Loaded once for each function of a call that a probe asks for. */
SEC("fexit/__x64_sys_ptrace")
int hg_call_end(u64 *ctx)
{
	return hg_end_call(ctx, (void *)ctx[0]);
}

/* All calls of the 32-bit ABI, in kernels that go through one function (6.9, and what it was brought back to). */
SEC("fexit/ia32_sys_call")
int hg_call_end_compat(u64 *ctx)
{
	return hg_end_call(ctx, (void *)ctx[0]);
}

/* -1: the call is not made. Its result is in the registers, but for one that traps, which is put back (kernel/seccomp.c). */
SEC("fexit/__secure_computing")
int hg_call_answered(u64 *ctx)
{
	struct pt_regs *regs;
	u64 answer = 0;

	if (bpf_get_func_ret(ctx, &answer) || (int)answer != -1)
		return 0;
	regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	if (regs->ax == regs->orig_ax)
		return 0;
	return hg_end_call(ctx, regs);
}
