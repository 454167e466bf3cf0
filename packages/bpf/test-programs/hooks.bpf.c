// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program for each kind of hook that the library attaches to. */
#include "core.h"

#define hit(index)                                                       \
	do {                                                             \
		u32 __key = index;                                       \
		u64 *__count = bpf_map_lookup_elem(&hits, &__key);       \
		if (__count)                                             \
			__sync_fetch_and_add(__count, 1);                \
	} while (0)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} hits SEC(".maps");

SEC("cgroup_skb/egress")
int on_packet(struct __sk_buff *skb)
{
	hit(0);
	return 1;
}

SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx)
{
	hit(1);
	return 1;
}

SEC("raw_tp/sched_switch")
int on_switch(void *ctx)
{
	hit(2);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int on_getppid(void *ctx)
{
	hit(3);
	return 0;
}

SEC("lsm/path_chroot")
int on_chroot(void *ctx)
{
	hit(4);
	return 0;
}

SEC("fentry/bpf_fentry_test1")
int on_test(void *ctx)
{
	hit(5);
	return 0;
}
