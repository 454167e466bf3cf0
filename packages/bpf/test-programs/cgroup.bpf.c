// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program for each kind of hook of a cgroup. All allow; each counts under its number. */
#include "core.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 32);
	__type(key, u32);
	__type(value, u64);
} hits SEC(".maps");

static int allow(u32 index)
{
	u64 *count = bpf_map_lookup_elem(&hits, &index);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 1;
}

#define HOOK(section, name, index)                                       \
	SEC(section)                                                     \
	int name(void *ctx)                                              \
	{                                                                \
		return allow(index);                                     \
	}

HOOK("cgroup_skb/ingress", packet_in, 0)
HOOK("cgroup_skb/egress", packet_out, 1)
HOOK("cgroup/sock_create", socket_made, 2)
HOOK("cgroup/sock_release", socket_closed, 3)
HOOK("cgroup/bind4", bind4, 4)
HOOK("cgroup/post_bind4", bound4, 5)
HOOK("cgroup/connect4", connect4, 6)
HOOK("cgroup/sendmsg4", send4, 7)
HOOK("cgroup/recvmsg4", receive4, 8)
HOOK("cgroup/getpeername4", peer4, 9)
HOOK("cgroup/getsockname4", own4, 10)
HOOK("sockops", state, 11)
HOOK("cgroup/setsockopt", option_set, 12)
HOOK("cgroup/getsockopt", option_read, 13)
HOOK("cgroup/sysctl", setting, 14)
HOOK("cgroup/dev", device, 15)
HOOK("cgroup/connect_unix", connect_unix, 16)
