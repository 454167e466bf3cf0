// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The verifier must refuse this: the value may be NULL. */
#include "core.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

SEC("tp_btf/sched_process_exec")
int unchecked(void *ctx)
{
	u32 key = 0;
	u64 *value = bpf_map_lookup_elem(&counts, &key);

	*value += 1;
	return 0;
}
