// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts ends of system calls, by number, of one process: written for the tracepoint, and for functions of calls. */
#include "core.h"

struct pt_regs {
	unsigned long orig_ax;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} ends SEC(".maps");

const volatile u32 target_tgid = 0;
const volatile u64 step = 1;

SEC("tp_btf/sys_exit")
int count_end(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	u32 number = regs->orig_ax;
	u64 *count, first = step;

	/* An argument that is none leads to an error: what the function gave is behind its arguments. */
	if (bpf_get_current_pid_tgid() >> 32 != target_tgid || (long)ctx[1] >= 0)
		return 0;
	count = bpf_map_lookup_elem(&ends, &number);
	if (count)
		__sync_fetch_and_add(count, step);
	else
		bpf_map_update_elem(&ends, &number, &first, BPF_ANY);
	return 0;
}
