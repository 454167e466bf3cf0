// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Drops packets to one TCP or UDP port as they come in, before the kernel has
 * made anything of them. Fragments and IPv6 extension headers pass: their ports
 * are not where this looks.
 */
#include "core.h"
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>

struct packet_count {
	u64 dropped;
	u64 passed;
};
EXPORT_STRUCT(packet_count);

const volatile u16 port = 0;
/* 6 is TCP, 17 UDP, 0 both. */
const volatile u8 protocol = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct packet_count);
} counts SEC(".maps");

/* Source and destination port are where TCP and UDP begin. */
struct ports {
	__be16 source;
	__be16 destination;
};

static bool is_dropped(void *data, void *end)
{
	struct ethhdr *ether = data;
	struct ports *ports;
	u8 found;

	if ((void *)(ether + 1) > end)
		return false;
	if (ether->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(ether + 1);

		if ((void *)(ip + 1) > end || ip->frag_off & bpf_htons(0x1fff))
			return false;
		found = ip->protocol;
		ports = (void *)ip + ip->ihl * 4;
	} else if (ether->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(ether + 1);

		if ((void *)(ip + 1) > end)
			return false;
		found = ip->nexthdr;
		ports = (void *)(ip + 1);
	} else {
		return false;
	}
	if (found != IPPROTO_TCP && found != IPPROTO_UDP)
		return false;
	if (protocol && found != protocol)
		return false;
	if ((void *)(ports + 1) > end)
		return false;
	return ports->destination == bpf_htons(port);
}

SEC("xdp")
int drop_port(struct xdp_md *ctx)
{
	bool drop = is_dropped((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	u32 zero = 0;
	struct packet_count *count = bpf_map_lookup_elem(&counts, &zero);

	if (count) {
		if (drop)
			count->dropped++;
		else
			count->passed++;
	}
	return drop ? XDP_DROP : XDP_PASS;
}
