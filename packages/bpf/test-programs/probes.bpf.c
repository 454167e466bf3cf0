// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs at functions of processes and of the kernel, and on samples. What they saw lies in `seen`. */
#include <linux/ptrace.h>
#include "core.h"
#include <linux/bpf_perf_event.h>

struct seen {
	u64 calls;
	u64 returns;
	/* Of the last call: first argument, and what the caller of attach() chose. */
	u64 argument;
	u64 returned;
	u64 cookie;
	u32 tgid;
	u32 _pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct seen);
} seen SEC(".maps");

const volatile u32 target_tgid = 0;

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1024);
	__uint(key_size, 4);
	__uint(value_size, 127 * 8);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} samples SEC(".maps");

static struct seen *at(u32 index)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (target_tgid && tgid != target_tgid)
		return NULL;
	return bpf_map_lookup_elem(&seen, &index);
}

static int called(struct pt_regs *ctx, u32 index)
{
	struct seen *one = at(index);

	if (!one)
		return 0;
	__sync_fetch_and_add(&one->calls, 1);
	one->argument = PT_REGS_PARM1(ctx);
	one->cookie = bpf_get_attach_cookie(ctx);
	one->tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

static int returned(struct pt_regs *ctx, u32 index)
{
	struct seen *one = at(index);

	if (!one)
		return 0;
	__sync_fetch_and_add(&one->returns, 1);
	one->returned = PT_REGS_RC(ctx);
	return 0;
}

SEC("uprobe")
int on_call(struct pt_regs *ctx)
{
	return called(ctx, 0);
}

SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	return returned(ctx, 0);
}

SEC("uprobe/libc.so.6:getppid")
int on_libc(struct pt_regs *ctx)
{
	return called(ctx, 1);
}

SEC("kprobe/__x64_sys_getppid")
int on_kernel_call(struct pt_regs *ctx)
{
	return called(ctx, 2);
}

SEC("kretprobe/__x64_sys_getppid")
int on_kernel_return(struct pt_regs *ctx)
{
	return returned(ctx, 2);
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int on_tracepoint(void *ctx)
{
	struct seen *one = at(3);

	if (one) {
		__sync_fetch_and_add(&one->calls, 1);
		one->cookie = bpf_get_attach_cookie(ctx);
	}
	return 0;
}

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 one = 1, *count;
	s32 stack;
	u32 id;

	if (target_tgid && tgid != target_tgid)
		return 0;
	stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	if (stack < 0)
		return 0;
	id = stack;
	count = bpf_map_lookup_elem(&samples, &id);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&samples, &id, &one, BPF_ANY);
	return 0;
}
