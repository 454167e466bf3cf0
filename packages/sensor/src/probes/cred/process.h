/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process may do to another, and what it makes of itself: ptrace, perf events, seccomp, personality. */
#pragma once

#define HG_PTRACE_TRACEME 0

/* Requests that take hold of a process or change it. Looking at one that is held already is not told. */
static __always_inline bool hg_cred_is_tracing(u64 request)
{
	switch (request) {
	case HG_PTRACE_TRACEME:
	case 4: /* POKETEXT */
	case 5: /* POKEDATA */
	case 6: /* POKEUSR */
	case 13: /* SETREGS */
	case 15: /* SETFPREGS */
	case 16: /* ATTACH */
	case 19: /* SETFPXREGS */
	case 26: /* SET_THREAD_AREA */
	case 30: /* ARCH_PRCTL */
	case 0x4205: /* SETREGSET */
	case 0x4206: /* SEIZE */
		return true;
	}
	return false;
}

HG_CALL_END(hg_cred_ptrace_exit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;

	hg_read_call(&call, regs);
	if (!hg_cred_is_told(result) || !hg_cred_is_tracing(call.a))
		return 0;
	scratch = hg_cred_begin(HG_CRED_PTRACE, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->request = call.a;
	cred->counted.address = call.c;
	/* Who asks to be traced has its parent in mind. */
	if (call.a == HG_PTRACE_TRACEME)
		hg_target_self(&cred->target, task->real_parent);
	else
		hg_target_number(&cred->target, call.b);
	return hg_cred_end(scratch);
}

HG_CALL_END(hg_cred_perf_event_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	/* Of struct perf_event_attr: type and size, config. */
	u64 attr[2] = {};

	if (!hg_cred_is_told(result))
		return 0;
	hg_read_call(&call, regs);
	scratch = hg_cred_begin(HG_CRED_PERF_EVENT_OPEN, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	bpf_probe_read_user(attr, sizeof(attr), (void *)call.a);
	cred->object_type = attr[0];
	cred->arguments[0] = attr[1];
	cred->flags = call.e;
	/* 0 is the caller itself, -1 everyone. */
	if ((s32)call.b > 0)
		hg_target_number(&cred->target, call.b);
	else if ((s32)call.b == 0)
		hg_target_self(&cred->target, bpf_get_current_task_btf());
	return hg_cred_end(scratch);
}

#define HG_SECCOMP_SET_MODE_FILTER 1

HG_CALL_END(hg_cred_seccomp_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;

	hg_read_call(&call, regs);
	/* The others only ask. */
	if (call.a > HG_SECCOMP_SET_MODE_FILTER || !hg_cred_is_told(result))
		return 0;
	scratch = hg_cred_begin(HG_CRED_SECCOMP, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->request = call.a;
	cred->flags = call.b;
	return hg_cred_end(scratch);
}

/* Bits that weaken a process: a fixed layout, pages at address 0, all that is readable executable. */
#define HG_ADDR_NO_RANDOMIZE 0x0040000
#define HG_MMAP_PAGE_ZERO 0x0100000
#define HG_READ_IMPLIES_EXEC 0x0400000

HG_CALL_END(hg_cred_personality_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;

	hg_read_call(&call, regs);
	if ((u32)call.a == 0xffffffff ||
	    !(call.a & (HG_ADDR_NO_RANDOMIZE | HG_MMAP_PAGE_ZERO | HG_READ_IMPLIES_EXEC)))
		return 0;
	scratch = hg_cred_begin(HG_CRED_PERSONALITY, 0);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->flags = (u32)call.a;
	/* The call gives what was before. */
	cred->arguments[0] = (u32)result;
	return hg_cred_end(scratch);
}
