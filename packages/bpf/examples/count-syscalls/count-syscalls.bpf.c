// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts system calls by number, on each CPU apart: no two CPUs share a line. */
#include "core.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, s64);
	__type(value, u64);
} calls SEC(".maps");

/* Calls that found no room above. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} uncounted SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(count_call, void *regs, s64 id)
{
	u64 one = 1;
	u32 zero = 0;
	u64 *count = bpf_map_lookup_elem(&calls, &id);

	if (count) {
		*count += 1;
		return 0;
	}
	/* Not BPF_NOEXIST: another CPU may have added the number since, and this one's count is its own. */
	if (!bpf_map_update_elem(&calls, &id, &one, BPF_ANY))
		return 0;
	count = bpf_map_lookup_elem(&uncounted, &zero);
	if (count)
		*count += 1;
	return 0;
}
