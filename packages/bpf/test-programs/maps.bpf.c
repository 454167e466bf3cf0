// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One map of each kind that user space reads, and a program that fills some. */
#include "core.h"

struct pair {
	u32 left;
	u16 right;
	u8 tag[2];
};

struct value {
	u64 count;
	s32 delta;
	struct pair pair;
	char text[12];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct pair);
	__type(value, struct value);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} lru SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, u64);
} array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u32);
} per_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} per_cpu_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__uint(value_size, 8);
} queue SEC(".maps");

SEC("raw_tp")
int count_run(void *ctx)
{
	u32 zero = 0;
	u32 *mine = bpf_map_lookup_elem(&per_cpu, &zero);
	u64 *first = bpf_map_lookup_elem(&array, &zero);

	if (mine)
		*mine += 1;
	if (first)
		__sync_fetch_and_add(first, 1);
	return 7;
}

/* Adds the same key twice; says how the second refusal can be told: bit 0 as it is, bit 1 as an int. */
SEC("raw_tp")
int add_twice(void *ctx)
{
	u32 key = 1;
	u64 value = 1;
	long error;

	bpf_map_update_elem(&lru, &key, &value, BPF_ANY);
	error = bpf_map_update_elem(&lru, &key, &value, BPF_NOEXIST);
	return (error == -17) | ((int)error == -17) << 1;
}
