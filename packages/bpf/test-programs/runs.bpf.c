// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program of each type that the kernel runs on request; each does something with what it is given. */
#include "core.h"
#include <linux/if_ether.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} server SEC(".maps");

/* Makes the packet 2 bytes longer at its end and changes its first byte. */
SEC("xdp")
int run_xdp(struct xdp_md *ctx)
{
	u8 *data;

	if (bpf_xdp_adjust_tail(ctx, 2))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	if (data + 1 > (u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	data[0] = 0xab;
	return XDP_TX;
}

SEC("tc")
int run_tc(struct __sk_buff *skb)
{
	skb->priority = skb->mark + 1;
	skb->cb[1] = skb->len;
	return 7;
}

SEC("cgroup_skb/egress")
int run_cgroup_skb(struct __sk_buff *skb)
{
	return skb->mark == 5;
}

SEC("socket")
int run_socket(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("lwt_out")
int run_tunnel(struct __sk_buff *skb)
{
	skb->mark += 1;
	return 0;
}

SEC("flow_dissector")
int run_dissector(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = skb->flow_keys;

	keys->nhoff = 14;
	keys->thoff = 34;
	keys->ip_proto = 99;
	return 0;
}

SEC("sk_lookup")
int run_lookup(struct bpf_sk_lookup *ctx)
{
	struct bpf_sock *sk;
	u32 zero = 0;

	if (ctx->local_port != 80)
		return SK_DROP;
	sk = bpf_map_lookup_elem(&server, &zero);
	if (!sk)
		return SK_PASS;
	bpf_sk_assign(ctx, sk, 0);
	bpf_sk_release(sk);
	return SK_PASS;
}

SEC("raw_tp")
int run_raw(u64 *ctx)
{
	return ctx[0] + 2 * ctx[1];
}

SEC("raw_tp")
int run_where(void *ctx)
{
	return bpf_get_smp_processor_id();
}

struct request {
	u64 left;
	u64 right;
	u64 sum;
};

SEC("syscall")
int run_call(struct request *request)
{
	request->sum = request->left + request->right;
	return 3;
}

SEC("fentry/bpf_fentry_test1")
int run_traced(void *ctx)
{
	return 0;
}

/* Of a type that is never run on request. */
SEC("cgroup/connect4")
int never_run(struct bpf_sock_addr *ctx)
{
	return 1;
}
