// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Drops IPv4 packets from denied networks as they come in. Networks lie in a
 * map that finds the longest prefix, so user space adds and removes them while
 * this runs, and hundreds of thousands cost no more than a few.
 */
#include "core.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>

struct network {
	u32 prefix_length;
	u8 address[4];
};
EXPORT_STRUCT(network);

struct denied {
	u64 packets;
	u64 bytes;
};
EXPORT_STRUCT(denied);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1 << 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network);
	__type(value, struct denied);
} networks SEC(".maps");

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ether = data;
	struct iphdr *ip = (void *)(ether + 1);
	struct network source = { .prefix_length = 32 };
	struct denied *found;

	if ((void *)(ip + 1) > end || ether->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	__builtin_memcpy(source.address, &ip->saddr, sizeof(source.address));
	found = bpf_map_lookup_elem(&networks, &source);
	if (!found)
		return XDP_PASS;
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, end - data);
	return XDP_DROP;
}
