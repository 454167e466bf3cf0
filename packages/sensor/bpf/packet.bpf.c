/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs that hook/packet.h describes. Behind the probes whose functions they call. */
#include "hook/packet.h"

/* Said of a packet whose headers are not the usual ones: they are read one by one. */
#define HG_PACKET_ODD 256

static __always_inline u16 hg_packet_word(const u8 *at)
{
	return at[0] << 8 | at[1];
}

/* TCP is read where one of its ports is of DNS. */
static __always_inline u32 hg_packet_tcp(const u8 *ports)
{
	if (!hg_dns_is_on)
		return 0;
	return hg_is_dns_port(hg_packet_word(ports)) || hg_is_dns_port(hg_packet_word(ports + 2)) ?
		       HG_IPPROTO_TCP :
		       0;
}

/*
 * The protocol of a packet that some probe reads, 0 for all others. Most packets are TCP of
 * no interest: this is all that they pay.
 */
static __always_inline u32 hg_packet_kind(struct __sk_buff *skb)
{
	u8 *at = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (at + 28 > end)
		return HG_PACKET_ODD;
	if (at[0] == 0x45) {
		if (at[9] == HG_IPPROTO_TCP)
			return hg_packet_tcp(at + 20);
		if (at[9] == HG_IPPROTO_UDP)
			return HG_IPPROTO_UDP;
		return at[9] == HG_IPPROTO_UDPLITE ? HG_PACKET_ODD : 0;
	}
	if (at[0] >> 4 != 6 || at + 48 > end)
		return HG_PACKET_ODD;
	if (at[6] == HG_IPPROTO_TCP)
		return hg_packet_tcp(at + 40);
	if (at[6] == HG_IPPROTO_UDP)
		return HG_IPPROTO_UDP;
	/* ICMPv6; others may be UDP-Lite, or extension headers before one of ours. */
	return at[6] == 58 ? 0 : HG_PACKET_ODD;
}

#define HG_IPV6_HEADERS 6

/* Skips the extension headers of IPv6. Returns the protocol behind them, 0 when they do not end. */
static __always_inline u8 hg_packet_skip(struct __sk_buff *skb, u32 *at, u8 protocol)
{
	u8 next[2];

#pragma unroll
	for (int i = 0; i < HG_IPV6_HEADERS; i++) {
		/* Hop-by-hop, routing, fragment, authentication, destination options. */
		if (protocol != 0 && protocol != 43 && protocol != 44 && protocol != 51 &&
		    protocol != 60)
			return protocol;
		if (bpf_skb_load_bytes(skb, *at, next, 2))
			return 0;
		if (protocol == 44)
			*at += 8;
		else if (protocol == 51)
			*at += (next[1] + 2) * 4;
		else
			*at += (next[1] + 1) * 8;
		protocol = next[0];
	}
	return protocol == 0 ? 255 : protocol;
}

/* False when it is neither UDP nor TCP, or not whole. */
static __always_inline bool hg_packet_read(struct __sk_buff *skb, struct hg_packet *packet,
					   const bool is_egress)
{
	u8 head[40];
	u32 at, length = skb->len;
	u16 from, to;

	__builtin_memset(packet, 0, sizeof(*packet));
	if (bpf_skb_load_bytes(skb, 0, head, 20))
		return false;
	if (head[0] >> 4 == 4) {
		/* A later fragment has no header behind that of IP. */
		if ((head[6] & 0x1f) | head[7])
			return false;
		at = (head[0] & 15) * 4;
		packet->protocol = head[9];
		packet->remote.family = HG_AF_INET;
		__builtin_memcpy(packet->local, head + (is_egress ? 12 : 16), 4);
		__builtin_memcpy(packet->remote.address, head + (is_egress ? 16 : 12), 4);
	} else {
		if (head[0] >> 4 != 6 || bpf_skb_load_bytes(skb, 20, head + 20, 20))
			return false;
		at = 40;
		packet->remote.family = HG_AF_INET6;
		__builtin_memcpy(packet->local, head + (is_egress ? 8 : 24), 16);
		__builtin_memcpy(packet->remote.address, head + (is_egress ? 24 : 8), 16);
		packet->protocol = hg_packet_skip(skb, &at, head[6]);
	}
	if (packet->protocol == HG_IPPROTO_UDPLITE) {
		packet->is_lite = 1;
		packet->protocol = HG_IPPROTO_UDP;
	}
	if (packet->protocol == HG_IPPROTO_UDP) {
		if (bpf_skb_load_bytes(skb, at, head, 8))
			return false;
		packet->at = at + 8;
	} else if (packet->protocol == HG_IPPROTO_TCP) {
		if (bpf_skb_load_bytes(skb, at, head, 14))
			return false;
		packet->at = at + (head[12] >> 4) * 4;
		packet->sequence = (u32)hg_packet_word(head + 4) << 16 | hg_packet_word(head + 6);
	} else {
		return false;
	}
	if (packet->at > length)
		return false;
	packet->bytes = length - packet->at;
	from = hg_packet_word(head);
	to = hg_packet_word(head + 2);
	packet->local_port = is_egress ? from : to;
	packet->remote.port = is_egress ? to : from;
	return true;
}

/* The same of a datagram whose headers are the usual ones and lie near: without a call. */
static __always_inline bool hg_packet_read_near(struct __sk_buff *skb, struct hg_packet *packet,
						const bool is_egress)
{
	u8 *at = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	u32 length = skb->len;
	u8 *ports;

	__builtin_memset(packet, 0, sizeof(*packet));
	if (at + 28 > end)
		return false;
	if (at[0] == 0x45) {
		if (at[9] != HG_IPPROTO_UDP || ((at[6] & 0x1f) | at[7]))
			return false;
		packet->remote.family = HG_AF_INET;
		__builtin_memcpy(packet->local, at + (is_egress ? 12 : 16), 4);
		__builtin_memcpy(packet->remote.address, at + (is_egress ? 16 : 12), 4);
		packet->at = 28;
		ports = at + 20;
	} else {
		if (at[0] >> 4 != 6 || at + 48 > end || at[6] != HG_IPPROTO_UDP)
			return false;
		packet->remote.family = HG_AF_INET6;
		__builtin_memcpy(packet->local, at + (is_egress ? 8 : 24), 16);
		__builtin_memcpy(packet->remote.address, at + (is_egress ? 24 : 8), 16);
		packet->at = 48;
		ports = at + 40;
	}
	if (packet->at > length)
		return false;
	packet->protocol = HG_IPPROTO_UDP;
	packet->bytes = length - packet->at;
	packet->local_port = hg_packet_word(ports + (is_egress ? 0 : 2));
	packet->remote.port = hg_packet_word(ports + (is_egress ? 2 : 0));
	return true;
}

static __always_inline void hg_packet_see(struct __sk_buff *skb, const bool is_egress)
{
	u32 kind = hg_packet_kind(skb);
	struct hg_packet_socket *socket;
	struct hg_packet packet;
	struct hg_actor actor;
	struct bpf_sock *sk;
	u32 segments;

	if (!kind)
		return;
	sk = skb->sk;
	if (!sk)
		return;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return;
	if (!(kind == HG_IPPROTO_UDP && hg_packet_read_near(skb, &packet, is_egress)) &&
	    !hg_packet_read(skb, &packet, is_egress))
		return;
	if (packet.protocol == HG_IPPROTO_TCP) {
		if (!hg_dns_is_on)
			return;
		socket = bpf_sk_storage_get(&hg_packet_sockets, sk, 0, 0);
		if (socket)
			hg_dns_segment(skb, &packet, socket, is_egress);
		return;
	}
	socket = bpf_sk_storage_get(&hg_packet_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket) {
		/* Too much memory held for the socket's options, or none to be had. */
		hg_take_sequence(HG_RING_DATA);
		hg_count_lost(hg_udp_is_on ? HG_PROBE_UDP : HG_PROBE_DNS, HG_LOSS_MAP_FULL);
		return;
	}
	if (!socket->socket_id)
		hg_packet_begin(socket);
	packet.is_raw = sk->type == HG_SOCK_RAW;
	/* Raw sockets get copies of what comes in for others. */
	if (packet.is_raw && !is_egress)
		return;
	if (is_egress)
		hg_packet_take(socket, &actor);
	else
		actor = socket->actor;
	if (hg_dns_is_on && hg_dns_datagram(skb, &packet, socket, &actor,
					    __builtin_bswap16(sk->dst_port), is_egress)) {
		if (hg_udp_is_on)
			hg_count_filtered(HG_PROBE_UDP);
		return;
	}
	if (!hg_udp_is_on)
		return;
	segments = skb->gso_segs;
	hg_udp_see(&packet, socket, &actor, segments ? segments : 1, is_egress);
}

HG_ONLY_LOOKS("cgroup_skb/egress", hg_packet_egress, struct __sk_buff *skb,
	      hg_packet_see(skb, true))
HG_ONLY_LOOKS("cgroup_skb/ingress", hg_packet_ingress, struct __sk_buff *skb,
	      hg_packet_see(skb, false))

/* Who makes a socket has it until somebody acts on it. */
static __always_inline void hg_packet_made(struct bpf_sock *sk)
{
	struct hg_packet_socket *socket;
	struct hg_actor actor;

	if (!(sk->type == HG_SOCK_DGRAM &&
	      (sk->protocol == HG_IPPROTO_UDP || sk->protocol == HG_IPPROTO_UDPLITE)) &&
	    sk->type != HG_SOCK_RAW)
		return;
	/* Where it fails, the first packet tries again, and counts. */
	socket = bpf_sk_storage_get(&hg_packet_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket)
		return;
	hg_packet_begin(socket);
	hg_packet_take(socket, &actor);
	socket->net_ns = hg_current_net_ns();
}

HG_ONLY_LOOKS("cgroup/sock_create", hg_packet_create, struct bpf_sock *sk, hg_packet_made(sk))

static __always_inline void hg_packet_closed(struct bpf_sock *sk)
{
	struct hg_packet_socket *socket = bpf_sk_storage_get(&hg_packet_sockets, sk, 0, 0);

	if (socket && hg_udp_is_on)
		hg_udp_close(socket);
}

HG_ONLY_LOOKS("cgroup/sock_release", hg_packet_release, struct bpf_sock *sk, hg_packet_closed(sk))

/* Somebody reads a datagram, with the address that it came from. */
static __always_inline void hg_packet_received(struct bpf_sock_addr *ctx,
					       const struct hg_remote *remote)
{
	struct hg_packet_socket *socket = bpf_sk_storage_get(&hg_packet_sockets, ctx->sk, 0, 0);
	struct hg_actor actor;

	if (!socket)
		return;
	hg_packet_take(socket, &actor);
	if (hg_udp_is_on)
		hg_udp_read(remote, socket, &actor);
}

static __always_inline void hg_packet_read4(struct bpf_sock_addr *ctx)
{
	struct hg_remote remote = { .family = HG_AF_INET };
	u32 address = ctx->user_ip4;

	remote.port = __builtin_bswap16(ctx->user_port);
	__builtin_memcpy(remote.address, &address, 4);
	hg_packet_received(ctx, &remote);
}

static __always_inline void hg_packet_read6(struct bpf_sock_addr *ctx)
{
	u32 words[4] = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] };
	struct hg_remote remote = { .family = HG_AF_INET6 };

	remote.port = __builtin_bswap16(ctx->user_port);
	if (!words[0] && !words[1] && words[2] == __builtin_bswap32(0xffff)) {
		/* A packet of IPv4 that came to a socket of IPv6. */
		remote.family = HG_AF_INET;
		__builtin_memcpy(remote.address, &words[3], 4);
	} else {
		__builtin_memcpy(remote.address, words, 16);
	}
	hg_packet_received(ctx, &remote);
}

HG_ONLY_LOOKS("cgroup/recvmsg4", hg_packet_recvmsg4, struct bpf_sock_addr *ctx,
	      hg_packet_read4(ctx))
HG_ONLY_LOOKS("cgroup/recvmsg6", hg_packet_recvmsg6, struct bpf_sock_addr *ctx,
	      hg_packet_read6(ctx))

/* A connect to a DNS port over TCP: a stream of its own, whatever the socket did before. */
static __always_inline void hg_packet_connected(struct bpf_sock_addr *ctx)
{
	struct hg_packet_socket *socket;
	struct hg_actor actor;

	if (ctx->protocol != HG_IPPROTO_TCP || !hg_dns_is_on ||
	    !hg_is_dns_port(__builtin_bswap16(ctx->user_port)))
		return;
	socket = bpf_sk_storage_get(&hg_packet_sockets, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket) {
		hg_take_sequence(HG_RING_DATA);
		hg_count_lost(HG_PROBE_DNS, HG_LOSS_MAP_FULL);
		return;
	}
	socket->socket_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
	socket->net_ns = hg_current_net_ns();
	hg_packet_take(socket, &actor);
}

HG_ONLY_LOOKS("cgroup/connect4", hg_packet_connect4, struct bpf_sock_addr *ctx,
	      hg_packet_connected(ctx))
HG_ONLY_LOOKS("cgroup/connect6", hg_packet_connect6, struct bpf_sock_addr *ctx,
	      hg_packet_connected(ctx))

/* Run once after the others are there: sockets that processes hold already. Writes nothing. */
SEC("iter/task_file")
int hg_packet_inherit(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct hg_packet_socket *socket;
	struct socket *wrapper;
	struct sock *sk;

	if (!task || !file || task->pid != task->tgid)
		return 0;
	wrapper = bpf_sock_from_file(file);
	if (!wrapper)
		return 0;
	sk = wrapper->sk;
	if (!sk || (sk->sk_protocol != HG_IPPROTO_UDP && sk->sk_protocol != HG_IPPROTO_UDPLITE))
		return 0;
	if (sk->__sk_common.skc_family != HG_AF_INET && sk->__sk_common.skc_family != HG_AF_INET6)
		return 0;
	socket = bpf_sk_storage_get(&hg_packet_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket || socket->socket_id)
		return 0;
	hg_packet_begin(socket);
	hg_current_actor(&socket->actor, task);
	socket->net_ns = sk->__sk_common.skc_net.net->ns.inum;
	socket->flags = HG_PACKET_INHERITED;
	return 0;
}
