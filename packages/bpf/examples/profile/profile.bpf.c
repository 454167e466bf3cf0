// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts the stacks that a CPU is found in, many times a second. */
#include "core.h"
#include <linux/bpf_perf_event.h>

struct sample {
	u32 tgid;
	/* Ids in `stacks`; negative where there is none. */
	s32 kernel_stack;
	s32 user_stack;
	char comm[16];
};
EXPORT_STRUCT(sample);

const volatile u32 target_tgid = 0;

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, 4);
	__uint(value_size, 127 * 8);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sample);
	__type(value, u64);
} samples SEC(".maps");

/* Samples that found no room. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} lost SEC(".maps");

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
	struct sample sample = {};
	u64 one = 1, *count;
	u32 zero = 0;

	sample.tgid = bpf_get_current_pid_tgid() >> 32;
	/* The idle task: nothing runs. */
	if (!sample.tgid || (target_tgid && sample.tgid != target_tgid))
		return 0;
	sample.kernel_stack = bpf_get_stackid(ctx, &stacks, 0);
	sample.user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	bpf_get_current_comm(sample.comm, sizeof(sample.comm));
	count = bpf_map_lookup_elem(&samples, &sample);
	if (count) {
		__sync_fetch_and_add(count, 1);
		return 0;
	}
	if (!bpf_map_update_elem(&samples, &sample, &one, BPF_NOEXIST))
		return 0;
	/* Another CPU was faster, or it is full. */
	count = bpf_map_lookup_elem(&samples, &sample);
	if (!count)
		count = bpf_map_lookup_elem(&lost, &zero);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
