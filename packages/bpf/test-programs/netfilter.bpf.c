// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts packets at a netfilter hook (Linux 6.4; headers of 6.1 do not know its context). */
#include "core.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} hits SEC(".maps");

SEC("netfilter")
int count_filtered(void *ctx)
{
	u32 zero = 0;
	u64 *count = bpf_map_lookup_elem(&hits, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 1; /* NF_ACCEPT */
}
