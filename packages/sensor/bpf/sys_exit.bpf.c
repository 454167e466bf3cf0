/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The dispatcher that hook/sys_exit.h describes. */
#include "hook/sys_exit.h"

SEC("tp_btf/sys_exit")
int hg_sys_exit(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
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
