// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs for interfaces and network namespaces; each counts, some drop UDP port 7777. */
#include "core.h"
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#define DROPPED_PORT 7777
#define STEERED_PORT 7778

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} server SEC(".maps");

static void hit(u32 index)
{
	u64 *count = bpf_map_lookup_elem(&hits, &index);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* Host order; 0 for all but UDP over IPv4 without options. */
static u16 udp_port(void *data, void *end)
{
	struct ethhdr *ether = data;
	struct iphdr *ip = (void *)(ether + 1);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > end)
		return 0;
	if (ether->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP || ip->ihl != 5)
		return 0;
	return bpf_ntohs(udp->dest);
}

SEC("xdp")
int drop_xdp(struct xdp_md *ctx)
{
	if (udp_port((void *)(long)ctx->data, (void *)(long)ctx->data_end) != DROPPED_PORT)
		return XDP_PASS;
	hit(0);
	return XDP_DROP;
}

SEC("xdp")
int pass_xdp(struct xdp_md *ctx)
{
	if (udp_port((void *)(long)ctx->data, (void *)(long)ctx->data_end) == DROPPED_PORT)
		hit(1);
	return XDP_PASS;
}

/* After drop_xdp this sees none of them. */
SEC("tc/ingress")
int count_in(struct __sk_buff *skb)
{
	if (udp_port((void *)(long)skb->data, (void *)(long)skb->data_end) == DROPPED_PORT)
		hit(2);
	return -1; /* TC_ACT_UNSPEC and TCX_NEXT: whoever comes next decides */
}

SEC("tcx/egress")
int count_out(struct __sk_buff *skb)
{
	if (udp_port((void *)(long)skb->data, (void *)(long)skb->data_end) == DROPPED_PORT)
		hit(3);
	return -1;
}

SEC("tc")
int drop_tc(struct __sk_buff *skb)
{
	if (udp_port((void *)(long)skb->data, (void *)(long)skb->data_end) != DROPPED_PORT)
		return -1;
	hit(4);
	return 2; /* TC_ACT_SHOT */
}

SEC("sk_lookup")
int steer(struct bpf_sk_lookup *ctx)
{
	struct bpf_sock *sk;
	u32 zero = 0;
	long error;

	if (ctx->local_port != STEERED_PORT)
		return SK_PASS;
	sk = bpf_map_lookup_elem(&server, &zero);
	if (!sk)
		return SK_PASS;
	hit(5);
	error = bpf_sk_assign(ctx, sk, 0);
	bpf_sk_release(sk);
	return error ? SK_DROP : SK_PASS;
}
