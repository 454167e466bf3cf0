// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Gives connections to a range of TCP ports to one listening socket, whatever
 * port that one is bound to: a server on thousands of ports with one socket.
 */
#include "core.h"
#include <linux/in.h>

struct steering {
	u64 steered;
	u64 failed;
};
EXPORT_STRUCT(steering);

const volatile u32 first_port = 0;
const volatile u32 last_port = 0;

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} server SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct steering);
} counts SEC(".maps");

SEC("sk_lookup")
int steer(struct bpf_sk_lookup *ctx)
{
	struct steering *count;
	struct bpf_sock *sk;
	u32 zero = 0;
	long error;

	if (ctx->protocol != IPPROTO_TCP)
		return SK_PASS;
	if (ctx->local_port < first_port || ctx->local_port > last_port)
		return SK_PASS;
	sk = bpf_map_lookup_elem(&server, &zero);
	if (!sk)
		return SK_PASS;
	error = bpf_sk_assign(ctx, sk, 0);
	bpf_sk_release(sk);
	count = bpf_map_lookup_elem(&counts, &zero);
	if (count)
		__sync_fetch_and_add(error ? &count->failed : &count->steered, 1);
	return SK_PASS;
}
