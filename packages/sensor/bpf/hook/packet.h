/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One program on each way of packets (cgroup_skb of the root cgroup) for all probes that read
 * them, as each program there is paid for by every packet of every socket. `packet.bpf.c` has the
 * programs; a probe gives them an inline function and a switch that the loader sets.
 *
 * They only look: cgroup programs decide by what they return, and every one of these is written by
 * HG_ONLY_LOOKS, which returns 1 ("allow") on its only way out.
 *
 * Who sent: a UDP datagram passes here inside its sender's system call, so the process is the
 * current one (io_uring workers are threads of it). What comes in passes in a softirq, so the
 * process is the one that acted on the socket last: made it, sent, or received with an address. It
 * is kept in the socket's own storage, which goes with the socket.
 */
#pragma once

#include "../emit/emit.h"
#include "../read/identity.h"

#define HG_AF_INET 2
#define HG_AF_INET6 10
#define HG_IPPROTO_TCP 6
#define HG_IPPROTO_UDP 17
/* The same header, and sockets that any process may open. */
#define HG_IPPROTO_UDPLITE 136
#define HG_SOCK_DGRAM 2
#define HG_SOCK_RAW 3
#define HG_EEXIST 17

/* Bit of the `flags` columns of `udp` and `dns`: the socket is older than the probe. */
#define HG_PACKET_INHERITED (1u << 0)

#define HG_ONLY_LOOKS(section, name, context, look) \
	SEC(section)                                \
	int name(context)                           \
	{                                           \
		look;                               \
		return 1;                           \
	}

/* Who acts: a process, one of its threads, and its image. `pid` is 0 while none is known. */
struct hg_actor {
	u64 start_ns;
	u32 pid;
	u32 tid;
	u32 exec_no;
	u32 uid;
};

/* The other end. IPv4 addresses take 4 of the 16 bytes, the others are 0. */
struct hg_remote {
	u8 address[16];
	/* Host order. */
	u16 port;
	u16 family;
	u32 zero;
};

/* What is kept with a socket. */
struct hg_packet_socket {
	u64 socket_id;
	struct hg_actor actor;
	u32 net_ns;
	u32 flags;
	/* When a DNS question was last sent. */
	u64 asked_ns;
	/* Newest UDP flow: the head of a chain of all. `family` is 0 while there is none. */
	struct hg_remote newest;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hg_packet_socket);
} hg_packet_sockets SEC(".maps");

/* A packet as the probes want it: seen from its socket. */
struct hg_packet {
	struct hg_remote remote;
	u8 local[16];
	u16 local_port;
	u8 protocol;
	u8 is_raw;
	u8 is_lite;
	u8 zero[3];
	/* Where the payload begins, from the IP header on, and its length. */
	u32 at;
	u32 bytes;
	/* Of TCP: number of the payload's first byte. */
	u32 sequence;
};

static __always_inline void hg_current_actor(struct hg_actor *actor, struct task_struct *task)
{
	actor->pid = task->tgid;
	actor->tid = task->pid;
	actor->start_ns = task->group_leader->start_boottime;
	actor->exec_no = task->self_exec_id;
	actor->uid = task->cred->uid.val;
}

/* The same image of the same process; the thread may be another. */
static __always_inline bool hg_is_same_actor(const struct hg_actor *a, const struct hg_actor *b)
{
	return a->pid == b->pid && a->start_ns == b->start_ns && a->exec_no == b->exec_no;
}

static __always_inline void hg_fill_actor(struct hg_event *event, const struct hg_actor *actor)
{
	event->pid = actor->pid;
	event->tid = actor->tid;
	event->start_ns = actor->start_ns;
	event->exec_no = actor->exec_no;
	event->uid = actor->uid;
}

/* Gives a socket its number. Two processors may try at once: the first one's stays. */
static __always_inline void hg_packet_begin(struct hg_packet_socket *socket)
{
	u64 id = hg_take_sequence(HG_SEQUENCE_SOCKET);

	__sync_val_compare_and_swap(&socket->socket_id, 0, id);
}

/*
 * The current process acts on the socket: fills in who that is. Kernel threads act for others: for whoever
 * did so last. Not read back from the socket, which another processor may be writing.
 */
static __always_inline void hg_packet_take(struct hg_packet_socket *socket, struct hg_actor *actor)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (task->flags & HG_PF_KTHREAD) {
		*actor = socket->actor;
		return;
	}
	hg_current_actor(actor, task);
	socket->actor = *actor;
}

static __always_inline u32 hg_current_net_ns(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct nsproxy *namespaces = task->nsproxy;

	return namespaces ? namespaces->net_ns->ns.inum : 0;
}
