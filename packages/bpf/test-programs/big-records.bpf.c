// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records of 4 MiB, so that positions pass 32 bits within a second, on an emulated machine too. */
#include "core.h"

#define RECORD_BYTES (4 * 1024 * 1024)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * RECORD_BYTES);
} big SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} made SEC(".maps");

SEC("raw_tp")
int make_record(void *ctx)
{
	u32 zero = 0;
	u64 *count = bpf_map_lookup_elem(&made, &zero);
	u64 *record = bpf_ringbuf_reserve(&big, RECORD_BYTES, 0);

	if (!record)
		return 1;
	record[0] = count ? (*count)++ : 0;
	bpf_ringbuf_submit(record, 0);
	return 0;
}
