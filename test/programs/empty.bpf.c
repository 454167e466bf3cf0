/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs that return at once: what the kernel's statistics read of them is the cost of the statistics, and what they
 * add to a call is what the hook costs, whatever runs there.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/sys_exit")
int empty_sys_exit(__u64 *ctx)
{
	return 0;
}

SEC("tp_btf/sched_process_exec")
int empty_exec(__u64 *ctx)
{
	return 0;
}

SEC("cgroup_skb/egress")
int empty_egress(struct __sk_buff *skb)
{
	return 1;
}

SEC("cgroup_skb/ingress")
int empty_ingress(struct __sk_buff *skb)
{
	return 1;
}

char hg_license[] SEC("license") = "Dual BSD/GPL";
