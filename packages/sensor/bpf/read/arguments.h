/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Number and arguments of the system call that the current thread is in, whichever
 * ABI it came by. x32 calls are native ones with a bit in their number.
 */
#pragma once

#include "../hook/sys_exit.h"

struct hg_call {
	u64 a, b, c, d, e, f;
	/* Of x32 without its bit; of the 32-bit ABI plus HG_COMPAT. */
	u32 number;
	bool is_compat;
};

static __always_inline void hg_read_call(struct hg_call *call, struct pt_regs *regs)
{
	u32 number = regs->orig_ax & ~(1u << 30);

	call->is_compat = hg_is_compat();
	if (call->is_compat) {
		call->number = number + HG_COMPAT;
		call->a = (u32)regs->bx;
		call->b = (u32)regs->cx;
		call->c = (u32)regs->dx;
		call->d = (u32)regs->si;
		call->e = (u32)regs->di;
		call->f = (u32)regs->bp;
	} else {
		call->number = number;
		call->a = regs->di;
		call->b = regs->si;
		call->c = regs->dx;
		call->d = regs->r10;
		call->e = regs->r8;
		call->f = regs->r9;
	}
}

/* Number of the call that `task` is in, as in struct hg_call; HG_SYSCALLS for a kernel thread. */
static __always_inline u32 hg_call_number(struct task_struct *task)
{
	struct pt_regs *regs;

	if (task->flags & HG_PF_KTHREAD)
		return HG_SYSCALLS;
	regs = (void *)bpf_task_pt_regs(task);
	return (regs->orig_ax & ~(1u << 30)) +
	       (task->thread_info.status & HG_TS_COMPAT ? HG_COMPAT : 0);
}
