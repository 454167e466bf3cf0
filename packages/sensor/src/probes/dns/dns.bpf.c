/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hands DNS messages to user space, which reads them: questions as they leave, answers as they
 * come in.
 *
 * Hooks: the packet programs (hook/packet.h). A port decides, before the payload is touched.
 * Over TCP what goes up are pieces of a stream, of connections whose connect to a DNS port was
 * seen: a segment may leave in a softirq, so the process is taken at cgroup/connect4 and connect6.
 *
 * Of a resolver on this host, the question that comes in to it goes up too, when its asker is on
 * this host: it is no event, but tells for whom the resolver asks.
 */
#include "../../../bpf/hook/packet.h"

#define HG_PROBE_DNS 13

/* Most of a message that goes up; records of three sizes, as most are short. */
#define HG_DNS_MOST 4096
#define HG_DNS_USUAL 512
#define HG_DNS_SHORT 128
/* An answer from a multicast group is for who has asked within this time, ns. */
#define HG_DNS_ASKED_NS 10000000000ull

enum hg_dns_direction {
	HG_DNS_SENT = 1,
	HG_DNS_RECEIVED = 2,
	/* Came in to a resolver, from an asker on this host. */
	HG_DNS_HEARD = 3,
};

#define HG_DNS_MULTICAST (1u << 4)

/* Switched on by the loader when the probe is wanted. */
const volatile u32 hg_dns_is_on = 0;
/* One bit for each port, set by the loader. */
const volatile u64 hg_dns_port_bits[1024] = {};

struct hg_dns {
	struct hg_event event;
	u64 socket_id;
	u32 net_ns;
	/* Of the payload, and of what of it follows. */
	u32 payload_bytes;
	u32 copied_bytes;
	/* Of TCP: number of the payload's first byte. */
	u32 sequence;
	u16 local_port;
	u16 remote_port;
	u16 family;
	u8 protocol;
	u8 direction;
	u8 local_address[16];
	u8 remote_address[16];
};
const struct hg_dns *hg_dns_type __attribute__((unused));

/* Questions that have left sockets of this host and may come in to a resolver on it. */
struct hg_dns_asked {
	u8 address[16];
	u16 port;
	u16 id;
	u32 zero;
};

/* What falls out is a question whose resolver is not known: no event. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct hg_dns_asked);
	__type(value, u8);
} hg_dns_asking SEC(".maps");

static __always_inline bool hg_is_dns_port(u16 port)
{
	u32 word = port >> 6;

	/* Linux 6.1 does not follow the bound through what the port was put together of. */
	asm volatile("" : "+r"(word));
	return hg_dns_port_bits[word & 1023] >> (port & 63) & 1;
}

static __always_inline bool hg_is_multicast(u16 family, const u8 *address)
{
	return family == HG_AF_INET6 ? address[0] == 0xff : (address[0] & 0xf0) == 0xe0;
}

/* One size of record, a power of two: the verifier wants a constant. */
static __always_inline void hg_dns_write(struct __sk_buff *skb, const struct hg_packet *packet,
					 const struct hg_packet_socket *socket,
					 const struct hg_actor *actor, u8 direction, u32 flags,
					 const u32 room)
{
	struct hg_dns *dns = hg_reserve(&hg_data, HG_RING_DATA, HG_PROBE_DNS, sizeof(*dns) + room);
	u32 bytes = packet->bytes;

	if (!dns)
		return;
	hg_fill_actor(&dns->event, actor);
	dns->event.flags = socket->flags | flags;
	dns->socket_id = socket->socket_id;
	dns->net_ns = socket->net_ns;
	dns->payload_bytes = bytes;
	dns->copied_bytes = 0;
	dns->sequence = packet->sequence;
	dns->local_port = packet->local_port;
	dns->remote_port = packet->remote.port;
	dns->family = packet->remote.family;
	dns->protocol = packet->protocol;
	dns->direction = direction;
	__builtin_memcpy(dns->local_address, packet->local, 16);
	__builtin_memcpy(dns->remote_address, packet->remote.address, 16);
	if (bytes > room)
		bytes = room;
	if (bytes) {
		u32 last = bytes - 1;

		/* From 1 to `room`, in the only words that Linux 6.1 takes for it. */
		asm volatile("" : "+r"(last));
		bytes = (last & (room - 1)) + 1;
		if (!bpf_skb_load_bytes(skb, packet->at, dns + 1, bytes))
			dns->copied_bytes = bytes;
	}
	bpf_ringbuf_submit(dns, 0);
	/* What only tells for whom a resolver asks is no event. */
	if (direction == HG_DNS_HEARD)
		hg_count_filtered(HG_PROBE_DNS);
	else
		hg_count_submitted(HG_PROBE_DNS);
}

static __always_inline void hg_dns_report(struct __sk_buff *skb, const struct hg_packet *packet,
					  const struct hg_packet_socket *socket,
					  const struct hg_actor *actor, u8 direction, u32 flags)
{
	if (actor->pid && hg_is_own(actor->pid, actor->start_ns)) {
		hg_count_filtered(HG_PROBE_DNS);
		return;
	}
	if (packet->bytes <= HG_DNS_SHORT)
		hg_dns_write(skb, packet, socket, actor, direction, flags, HG_DNS_SHORT);
	else if (packet->bytes <= HG_DNS_USUAL)
		hg_dns_write(skb, packet, socket, actor, direction, flags, HG_DNS_USUAL);
	else
		hg_dns_write(skb, packet, socket, actor, direction, flags, HG_DNS_MOST);
}

/*
 * A datagram. False when it has nothing to do with DNS, or is between a server here and somebody
 * elsewhere: then it is part of a UDP flow like any other. `asked_port` is the one that the socket
 * is connected to: a rule of this host may send its packets elsewhere.
 */
static __always_inline bool hg_dns_datagram(struct __sk_buff *skb, const struct hg_packet *packet,
					    struct hg_packet_socket *socket,
					    const struct hg_actor *actor, u16 asked_port,
					    const bool is_egress)
{
	bool is_client = hg_is_dns_port(packet->remote.port) || hg_is_dns_port(asked_port);
	bool is_server = hg_is_dns_port(packet->local_port);
	struct hg_dns_asked asked = {};
	bool is_answer, is_multicast;
	u8 head[4] = {};
	u8 one = 1;

	if (!is_client && !is_server)
		return false;
	if (packet->bytes >= sizeof(head))
		bpf_skb_load_bytes(skb, packet->at, head, sizeof(head));
	is_answer = head[2] & 0x80;
	is_multicast = hg_is_multicast(packet->remote.family,
				       is_egress ? packet->remote.address : packet->local);
	/* Where both ports are of DNS, who asks is the client: some servers ask from the port that they serve at. */
	if (is_client && is_server && !is_multicast)
		is_client = is_egress != is_answer;
	asked.id = head[0] << 8 | head[1];
	if (is_client) {
		if (is_egress) {
			if (is_multicast && is_answer) {
				hg_count_filtered(HG_PROBE_DNS);
				return true;
			}
			if (!is_answer) {
				socket->asked_ns = bpf_ktime_get_boot_ns();
				__builtin_memcpy(asked.address, packet->local, 16);
				asked.port = packet->local_port;
				if (!is_multicast)
					bpf_map_update_elem(&hg_dns_asking, &asked, &one, BPF_ANY);
			}
			hg_dns_report(skb, packet, socket, actor, HG_DNS_SENT,
				      is_multicast ? HG_DNS_MULTICAST : 0);
			return true;
		}
		/* Every socket of the group gets the talk of the whole network. */
		if (is_multicast && (!is_answer || !socket->asked_ns ||
				     socket->asked_ns + HG_DNS_ASKED_NS < bpf_ktime_get_boot_ns())) {
			hg_count_filtered(HG_PROBE_DNS);
			return true;
		}
		hg_dns_report(skb, packet, socket, actor, HG_DNS_RECEIVED,
			      is_multicast ? HG_DNS_MULTICAST : 0);
		return true;
	}
	__builtin_memcpy(asked.address, packet->remote.address, 16);
	asked.port = packet->remote.port;
	if (!bpf_map_lookup_elem(&hg_dns_asking, &asked))
		return false;
	if (is_egress) {
		/* The answer is told as it comes in at the asker. */
		bpf_map_delete_elem(&hg_dns_asking, &asked);
		hg_count_filtered(HG_PROBE_DNS);
	} else {
		hg_dns_report(skb, packet, socket, actor, HG_DNS_HEARD, 0);
	}
	return true;
}

/* A piece of a TCP stream whose connect was seen. */
static __always_inline void hg_dns_segment(struct __sk_buff *skb, const struct hg_packet *packet,
					   const struct hg_packet_socket *socket,
					   const bool is_egress)
{
	struct hg_actor actor = socket->actor;

	if (packet->bytes && hg_is_dns_port(packet->remote.port))
		hg_dns_report(skb, packet, socket, &actor,
			      is_egress ? HG_DNS_SENT : HG_DNS_RECEIVED, 0);
}
