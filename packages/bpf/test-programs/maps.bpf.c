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

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 4);
	__type(value, u64);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__type(value, u64);
} bloom SEC(".maps");

struct network {
	u32 prefix_length;
	u8 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network);
	__type(value, u32);
} networks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} lru_per_cpu SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u32);
} table SEC(".maps");

/*
 * What every kind of map says to a program. The packet ends with an IPv4 address: returns 1000 and the value of its
 * longest prefix, or a number that tells what failed.
 */
SEC("xdp")
int ask_maps(struct xdp_md *ctx)
{
	u8 *data = (void *)(long)ctx->data;
	struct network wanted = { .prefix_length = 32 };
	u64 value = 42, taken = 0;
	u32 key = 1, *found;
	void *inner;
	u64 *one;

	if (data + 18 > (u8 *)(long)ctx->data_end)
		return 0;
	__builtin_memcpy(wanted.address, data + 14, 4);
	found = bpf_map_lookup_elem(&networks, &wanted);
	if (!found)
		return 1;
	if (bpf_map_peek_elem(&bloom, &value))
		return 2;
	if (bpf_map_pop_elem(&stack, &taken) || taken != 9)
		return 3;
	inner = bpf_map_lookup_elem(&outer, &key);
	if (!inner)
		return 4;
	one = bpf_map_lookup_elem(inner, &key);
	if (!one || *one != 5)
		return 5;
	inner = bpf_map_lookup_elem(&outer_array, &key);
	if (!inner)
		return 6;
	one = bpf_map_lookup_elem(inner, &key);
	if (!one || *one != 6)
		return 7;
	return 1000 + *found;
}

SEC("raw_tp")
int second_program(void *ctx)
{
	return 8;
}

/* Goes on in the program at index 1, or says that there is none. */
SEC("raw_tp")
int jump(void *ctx)
{
	bpf_tail_call(ctx, &table, 1);
	return 9;
}

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
