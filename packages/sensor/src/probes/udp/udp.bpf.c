/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports UDP flows: the first datagram at once, with the process; the end with exact counts.
 *
 * A flow is one socket and one remote address and port. Hooks: the packet programs
 * (hook/packet.h) see every datagram; cgroup/recvmsg4 and recvmsg6 tell who reads; the
 * release of the socket ends its flows. Flows that outlive their use are ended by a timer
 * after a time of silence, whether a sensor runs or not: it stands only while there are flows.
 *
 * Each flow ends exactly once: whoever deletes its entry tells it.
 */
#include "../../../bpf/hook/packet.h"

#define HG_PROBE_UDP 14

#define HG_CLOCK_MONOTONIC 1
#define HG_UDP_FLOWS 65536
/* Of these, flows that the other end began: nobody outside can take all the room. */
#define HG_UDP_INCOMING_MOST 49152
/* Flows of one socket that its end tells at once; the timer ends what is left. */
#define HG_UDP_CHAIN 4096
/* Changes of process that are told of one flow. */
#define HG_UDP_MOVES 8

enum hg_udp_operation {
	HG_UDP_SEND = 1,
	HG_UDP_RECEIVE = 2,
	HG_UDP_END = 3,
};

#define HG_UDP_UNCERTAIN (1u << 1)
#define HG_UDP_IDLE (1u << 2)
#define HG_UDP_INCOMING (1u << 3)
#define HG_UDP_SHARED (1u << 4)
#define HG_UDP_RAW (1u << 5)
#define HG_UDP_LITE (1u << 6)

/* Switched on by the loader when the probe is wanted. */
const volatile u32 hg_udp_is_on = 0;
/* Silence that ends a flow, and the time between two looks for it, ns. */
const volatile u64 hg_udp_idle_ns = 30000000000;
const volatile u64 hg_udp_look_ns = 5000000000;

struct hg_udp {
	struct hg_event event;
	u64 socket_id;
	u64 first_ns;
	u64 bytes_sent;
	u64 bytes_received;
	u64 packets_sent;
	u64 packets_received;
	u64 duration_ns;
	u32 net_ns;
	u16 local_port;
	u16 remote_port;
	u16 family;
	u16 operation;
	u32 reserved;
	u8 local_address[16];
	u8 remote_address[16];
};
const struct hg_udp *hg_udp_type __attribute__((unused));

struct hg_udp_key {
	u64 socket_id;
	struct hg_remote remote;
};
const struct hg_udp_key *hg_udp_key_type __attribute__((unused));

struct hg_udp_flow {
	struct hg_actor actor;
	u64 first_ns;
	u64 last_ns;
	u64 bytes_sent;
	u64 bytes_received;
	u64 packets_sent;
	u64 packets_received;
	/* The flow of the same socket that began before this one. */
	struct hg_remote previous;
	u8 local[16];
	u32 net_ns;
	u32 flags;
	u16 local_port;
	u16 moves;
	u32 zero;
};
const struct hg_udp_flow *hg_udp_flow_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HG_UDP_FLOWS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct hg_udp_key);
	__type(value, struct hg_udp_flow);
} hg_udp_flows SEC(".maps");

struct hg_udp_sweeper {
	struct bpf_timer timer;
	u64 is_armed;
	/* Flows that the other end began. */
	u64 incoming;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_udp_sweeper);
} hg_udp_sweepers SEC(".maps");

static __always_inline void hg_udp_report(const struct hg_udp_key *key,
					  const struct hg_udp_flow *flow, u16 operation, u32 flags)
{
	struct hg_udp *udp = hg_reserve(&hg_data, HG_RING_DATA, HG_PROBE_UDP, sizeof(*udp));

	if (!udp)
		return;
	hg_fill_actor(&udp->event, &flow->actor);
	udp->event.flags = flow->flags | flags;
	udp->socket_id = key->socket_id;
	udp->first_ns = flow->first_ns;
	udp->bytes_sent = flow->bytes_sent;
	udp->bytes_received = flow->bytes_received;
	udp->packets_sent = flow->packets_sent;
	udp->packets_received = flow->packets_received;
	udp->duration_ns = flow->last_ns - flow->first_ns;
	udp->net_ns = flow->net_ns;
	udp->local_port = flow->local_port;
	udp->remote_port = key->remote.port;
	udp->family = key->remote.family;
	udp->operation = operation;
	udp->reserved = 0;
	__builtin_memcpy(udp->local_address, flow->local, 16);
	__builtin_memcpy(udp->remote_address, key->remote.address, 16);
	hg_submit(udp, HG_PROBE_UDP);
}

static __always_inline struct hg_udp_sweeper *hg_udp_the_sweeper(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&hg_udp_sweepers, &zero);
}

/* For whoever has deleted the flow: tells it. */
static __always_inline void hg_udp_ended(const struct hg_udp_key *key,
					 const struct hg_udp_flow *flow, u32 flags)
{
	struct hg_udp_sweeper *sweeper;

	if (flow->flags & HG_UDP_INCOMING) {
		sweeper = hg_udp_the_sweeper();
		if (sweeper)
			__sync_fetch_and_sub(&sweeper->incoming, 1);
	}
	hg_udp_report(key, flow, HG_UDP_END, flags);
}

struct hg_udp_pass {
	u64 now_ns;
	u32 living;
	u32 zero;
};

static long hg_udp_sweep_one(void *map, struct hg_udp_key *key, struct hg_udp_flow *flow,
			     struct hg_udp_pass *pass)
{
	struct hg_udp_key copy = *key;

	if (flow->last_ns + hg_udp_idle_ns > pass->now_ns) {
		/* No count: the verifier would go once around for each. */
		pass->living = 1;
		return 0;
	}
	/* Read after it is deleted, so that nothing is counted that is not told; its memory stays until the callback returns. */
	if (!bpf_map_delete_elem(&hg_udp_flows, &copy))
		hg_udp_ended(&copy, flow, HG_UDP_IDLE);
	return 0;
}

static int hg_udp_sweep(void *map, u32 *key, struct hg_udp_sweeper *sweeper)
{
	struct hg_udp_pass pass = { .now_ns = bpf_ktime_get_boot_ns() };

	/* First: a flow that the pass has gone by arms the timer itself. */
	sweeper->is_armed = 0;
	bpf_for_each_map_elem(&hg_udp_flows, hg_udp_sweep_one, &pass, 0);
	if (pass.living) {
		sweeper->is_armed = 1;
		bpf_timer_start(&sweeper->timer, hg_udp_look_ns, 0);
	}
	return 0;
}

static __always_inline void hg_udp_arm(struct hg_udp_sweeper *sweeper)
{
	if (sweeper->is_armed || __sync_val_compare_and_swap(&sweeper->is_armed, 0, 1))
		return;
	/* Refuses when it is made already; then it only has to be started. */
	bpf_timer_init(&sweeper->timer, &hg_udp_sweepers, HG_CLOCK_MONOTONIC);
	bpf_timer_set_callback(&sweeper->timer, hg_udp_sweep);
	bpf_timer_start(&sweeper->timer, hg_udp_look_ns, 0);
}

/* Another process or image goes on with a flow. */
static __always_inline void hg_udp_move(const struct hg_udp_key *key, struct hg_udp_flow *flow,
					const struct hg_actor *actor, u16 operation)
{
	flow->actor = *actor;
	if (flow->moves >= HG_UDP_MOVES) {
		flow->flags |= HG_UDP_SHARED;
		return;
	}
	flow->moves++;
	flow->flags &= ~HG_UDP_UNCERTAIN;
	if (hg_is_own(actor->pid, actor->start_ns))
		hg_count_filtered(HG_PROBE_UDP);
	else
		hg_udp_report(key, flow, operation, 0);
}

static __always_inline void hg_udp_count(struct hg_udp_flow *flow, u64 packets, u64 bytes,
					 const bool is_egress)
{
	if (is_egress) {
		__sync_fetch_and_add(&flow->packets_sent, packets);
		__sync_fetch_and_add(&flow->bytes_sent, bytes);
	} else {
		__sync_fetch_and_add(&flow->packets_received, packets);
		__sync_fetch_and_add(&flow->bytes_received, bytes);
	}
	flow->last_ns = bpf_ktime_get_boot_ns();
}

/* A flow without an entry cannot be told later: counted in datagrams. */
static __always_inline void hg_udp_lost(void)
{
	hg_take_sequence(HG_RING_DATA);
	hg_count_lost(HG_PROBE_UDP, HG_LOSS_MAP_FULL);
}

/* A datagram of `packets` segments; `actor` is who sent it, or will most likely read it. */
static __always_inline void hg_udp_see(const struct hg_packet *packet,
				       struct hg_packet_socket *socket,
				       const struct hg_actor *actor, u64 packets,
				       const bool is_egress)
{
	struct hg_udp_key key = { .socket_id = socket->socket_id, .remote = packet->remote };
	struct hg_udp_flow *known = bpf_map_lookup_elem(&hg_udp_flows, &key);
	struct hg_udp_flow flow = {};
	struct hg_udp_sweeper *sweeper;
	long error;

	if (known) {
		hg_udp_count(known, packets, packet->bytes, is_egress);
		if (is_egress && !hg_is_same_actor(&known->actor, actor))
			hg_udp_move(&key, known, actor, HG_UDP_SEND);
		return;
	}
	if (actor->pid && hg_is_own(actor->pid, actor->start_ns)) {
		hg_count_filtered(HG_PROBE_UDP);
		return;
	}
	sweeper = hg_udp_the_sweeper();
	if (!sweeper)
		return;
	if (!is_egress && sweeper->incoming >= HG_UDP_INCOMING_MOST) {
		hg_udp_lost();
		return;
	}
	flow.actor = *actor;
	flow.first_ns = bpf_ktime_get_boot_ns();
	flow.previous = socket->newest;
	__builtin_memcpy(flow.local, packet->local, 16);
	flow.local_port = packet->local_port;
	flow.net_ns = socket->net_ns;
	flow.flags = socket->flags;
	if (!is_egress)
		flow.flags |= HG_UDP_INCOMING | HG_UDP_UNCERTAIN;
	if (packet->is_raw)
		flow.flags |= HG_UDP_RAW;
	if (packet->is_lite)
		flow.flags |= HG_UDP_LITE;
	hg_udp_count(&flow, packets, packet->bytes, is_egress);
	flow.last_ns = flow.first_ns;
	error = bpf_map_update_elem(&hg_udp_flows, &key, &flow, BPF_NOEXIST);
	if (error == -HG_EEXIST) {
		/* Another processor was first with the same flow. */
		known = bpf_map_lookup_elem(&hg_udp_flows, &key);
		if (known)
			hg_udp_count(known, packets, packet->bytes, is_egress);
		return;
	}
	if (error) {
		hg_udp_lost();
		return;
	}
	socket->newest = packet->remote;
	if (!is_egress)
		__sync_fetch_and_add(&sweeper->incoming, 1);
	hg_udp_arm(sweeper);
	hg_udp_report(&key, &flow, is_egress ? HG_UDP_SEND : HG_UDP_RECEIVE, 0);
}

/* The current process reads a datagram from `remote`. */
static __always_inline void hg_udp_read(const struct hg_remote *remote,
					const struct hg_packet_socket *socket,
					const struct hg_actor *actor)
{
	struct hg_udp_key key = { .socket_id = socket->socket_id, .remote = *remote };
	struct hg_udp_flow *flow = bpf_map_lookup_elem(&hg_udp_flows, &key);

	if (!flow)
		return;
	if (!hg_is_same_actor(&flow->actor, actor))
		hg_udp_move(&key, flow, actor, HG_UDP_RECEIVE);
	else if (flow->flags & HG_UDP_UNCERTAIN)
		flow->flags &= ~HG_UDP_UNCERTAIN;
}

static long hg_udp_end_step(u32 step, struct hg_udp_key *key)
{
	struct hg_udp_flow *flow = bpf_map_lookup_elem(&hg_udp_flows, key);
	struct hg_udp_flow copy;

	if (!flow)
		return 1;
	copy = *flow;
	if (bpf_map_delete_elem(&hg_udp_flows, key))
		return 1;
	hg_udp_ended(key, &copy, 0);
	key->remote = copy.previous;
	return 0;
}

/* The socket is closed: its flows end. Where the chain is broken by one that ended before, the timer ends the rest. */
static __always_inline void hg_udp_close(const struct hg_packet_socket *socket)
{
	struct hg_udp_key key = { .socket_id = socket->socket_id, .remote = socket->newest };

	if (socket->newest.family)
		bpf_loop(HG_UDP_CHAIN, hg_udp_end_step, &key, 0);
}
