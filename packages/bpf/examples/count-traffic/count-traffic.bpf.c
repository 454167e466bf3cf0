// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts packets and bytes of an interface by direction and protocol. Lets everything pass. */
#include "core.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>

#define TC_ACT_UNSPEC (-1)

struct traffic_kind {
	/* As in the Ethernet header, in host order. */
	u16 ether_type;
	/* Of IP, else 0. */
	u8 protocol;
	bool is_egress;
};
EXPORT_STRUCT(traffic_kind);

struct traffic {
	u64 packets;
	u64 bytes;
};
EXPORT_STRUCT(traffic);

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct traffic_kind);
	__type(value, struct traffic);
} counts SEC(".maps");

static int count(struct __sk_buff *skb, bool is_egress)
{
	struct traffic_kind kind = {
		.ether_type = bpf_ntohs(skb->protocol),
		.is_egress = is_egress,
	};
	struct traffic first = { .packets = 1, .bytes = skb->len };
	struct traffic *seen;

	if (kind.ether_type == ETH_P_IP)
		bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, protocol),
				   &kind.protocol, 1);
	else if (kind.ether_type == ETH_P_IPV6)
		bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, nexthdr),
				   &kind.protocol, 1);
	seen = bpf_map_lookup_elem(&counts, &kind);
	if (seen) {
		seen->packets++;
		seen->bytes += skb->len;
	} else {
		bpf_map_update_elem(&counts, &kind, &first, BPF_ANY);
	}
	/* Whoever comes next decides. */
	return TC_ACT_UNSPEC;
}

SEC("tc/ingress")
int count_ingress(struct __sk_buff *skb)
{
	return count(skb, false);
}

SEC("tc/egress")
int count_egress(struct __sk_buff *skb)
{
	return count(skb, true);
}
