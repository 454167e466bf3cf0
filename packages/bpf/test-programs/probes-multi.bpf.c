// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One program at many functions: which was called is told by the cookie. */
#include <linux/ptrace.h>
#include "core.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u64);
	__type(value, u64);
} by_cookie SEC(".maps");

const volatile u32 target_tgid = 0;

static int count(void *ctx)
{
	u64 cookie = bpf_get_attach_cookie(ctx);
	u64 one = 1, *seen;

	if (target_tgid && bpf_get_current_pid_tgid() >> 32 != target_tgid)
		return 0;
	seen = bpf_map_lookup_elem(&by_cookie, &cookie);
	if (seen)
		__sync_fetch_and_add(seen, 1);
	else
		bpf_map_update_elem(&by_cookie, &cookie, &one, BPF_ANY);
	return 0;
}

SEC("uprobe.multi")
int on_functions(struct pt_regs *ctx)
{
	return count(ctx);
}

SEC("uretprobe.multi")
int on_returns(struct pt_regs *ctx)
{
	return count(ctx);
}

SEC("kprobe.multi/*_sys_getppid")
int on_kernel_functions(struct pt_regs *ctx)
{
	return count(ctx);
}
