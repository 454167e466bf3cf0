/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports TCP connections at this end: connect, accept, close, failed connects, listens.
 *
 * Hooks: tp_btf/inet_sock_set_state sees every change of state, but often in a
 * softirq or, on loopback, in the context of the other end. So the process is taken
 * where it is known to be the right one: at CLOSE -> SYN_SENT and CLOSE -> LISTEN
 * (inside connect and listen), at the end of accept (by file descriptor), and at the
 * end of a connection when the socket is locked by a process (sk_lock.owned).
 *
 * A socket is known by its address and a generation, from its first state to CLOSE.
 */
#include "../../../bpf/emit/emit.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/hook/sys_exit.h"

#define HG_PROBE_TCP 6

#define HG_AF_INET 2
#define HG_AF_INET6 10
#define HG_IPPROTO_TCP 6
#define HG_SOCKFS_MAGIC 0x534F434B
#define HG_ECONNRESET 104
#define HG_EPIPE 32
#define HG_SOCK_DONE (1ul << 1)

enum hg_tcp_state {
	HG_TCP_ESTABLISHED = 1,
	HG_TCP_SYN_SENT = 2,
	HG_TCP_SYN_RECV = 3,
	HG_TCP_FIN_WAIT1 = 4,
	HG_TCP_CLOSE = 7,
	HG_TCP_CLOSE_WAIT = 8,
	HG_TCP_LAST_ACK = 9,
	HG_TCP_LISTEN = 10,
};

enum hg_tcp_operation {
	HG_TCP_CONNECT = 1,
	HG_TCP_ACCEPT = 2,
	HG_TCP_CLOSED = 3,
	HG_TCP_CONNECT_FAILED = 4,
	HG_TCP_LISTENS = 5,
};

#define HG_TCP_INHERITED (1u << 0)
#define HG_TCP_UNCERTAIN (1u << 1)
#define HG_TCP_RESET (1u << 2)

struct hg_tcp {
	struct hg_event event;
	u64 socket_id;
	u64 bytes_sent;
	u64 bytes_received;
	u64 duration_ns;
	u32 net_ns;
	u32 error;
	/* In host order. */
	u16 local_port;
	u16 remote_port;
	u16 family;
	u16 operation;
	/* Network order; 4 bytes used for IPv4. */
	u8 local_address[16];
	u8 remote_address[16];
};
const struct hg_tcp *hg_tcp_type __attribute__((unused));

/* What is remembered of a socket. `pid` is 0 while no process is known. */
struct hg_socket {
	u64 socket_id;
	/* SYN sent, then established. */
	u64 since_ns;
	u64 start_ns;
	u32 pid;
	u32 tid;
	u32 exec_no;
	u32 uid;
	u32 flags;
	/* Closed before anyone accepted it: reported when someone does. */
	u32 is_closed;
	u64 bytes_sent;
	u64 bytes_received;
	u64 closed_ns;
	u64 reserved;
};
const struct hg_socket *hg_socket_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct hg_socket);
} hg_sockets SEC(".maps");

static __always_inline void hg_socket_own(struct hg_socket *socket)
{
	struct task_struct *task = bpf_get_current_task_btf();

	socket->pid = task->tgid;
	socket->tid = task->pid;
	socket->start_ns = task->group_leader->start_boottime;
	socket->exec_no = task->self_exec_id;
	socket->uid = task->cred->uid.val;
}

/* Local copy of what the record needs of the socket, by probe reads: also for sockets found by descriptor. */
static __always_inline void hg_tcp_fill_socket(struct hg_tcp *tcp, struct sock *sk)
{
	struct inet_sock *inet = (void *)sk;
	u16 port = 0;
	struct net *net = 0;

	bpf_core_read(&tcp->family, 2, &sk->__sk_common.skc_family);
	/* Not skc_num: it is given back before the state becomes CLOSE. */
	bpf_core_read(&port, 2, &inet->inet_sport);
	tcp->local_port = __builtin_bswap16(port);
	bpf_core_read(&port, 2, &sk->__sk_common.skc_dport);
	tcp->remote_port = __builtin_bswap16(port);
	bpf_core_read(&net, sizeof(net), &sk->__sk_common.skc_net.net);
	tcp->net_ns = 0;
	bpf_core_read(&tcp->net_ns, 4, &net->ns.inum);
	if (tcp->family == HG_AF_INET6) {
		bpf_core_read(tcp->local_address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(tcp->remote_address, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		__builtin_memset(tcp->local_address, 0, 16);
		__builtin_memset(tcp->remote_address, 0, 16);
		bpf_core_read(tcp->local_address, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(tcp->remote_address, 4, &sk->__sk_common.skc_daddr);
	}
}

static __always_inline void hg_tcp_report(struct sock *sk, const struct hg_socket *socket,
					  u16 operation, u64 duration_ns, u32 error, u32 flags)
{
	struct hg_tcp *tcp;

	if (socket->pid && hg_is_own(socket->pid, socket->start_ns)) {
		hg_count_filtered(HG_PROBE_TCP);
		return;
	}
	tcp = hg_reserve(&hg_data, HG_RING_DATA, HG_PROBE_TCP, sizeof(*tcp));
	if (!tcp)
		return;
	tcp->event.pid = socket->pid;
	tcp->event.tid = socket->tid;
	tcp->event.start_ns = socket->start_ns;
	tcp->event.exec_no = socket->exec_no;
	tcp->event.uid = socket->uid;
	tcp->event.flags = flags | socket->flags;
	tcp->socket_id = socket->socket_id;
	tcp->bytes_sent = socket->bytes_sent;
	tcp->bytes_received = socket->bytes_received;
	tcp->duration_ns = duration_ns;
	tcp->error = error;
	tcp->operation = operation;
	hg_tcp_fill_socket(tcp, sk);
	hg_submit(tcp, HG_PROBE_TCP);
}

/*
 * Payload only: bytes_acked counts SYN and FIN as bytes, bytes_sent counts what was
 * sent again twice, bytes_received counts the FIN.
 */
static __always_inline void hg_tcp_count_bytes(struct hg_socket *socket, struct sock *sk)
{
	struct tcp_sock *tp = (void *)sk;
	u64 acked = 0, sent = 0, retransmitted = 0, received = 0;
	unsigned long flags = 0;

	bpf_core_read(&acked, 8, &tp->bytes_acked);
	bpf_core_read(&sent, 8, &tp->bytes_sent);
	bpf_core_read(&retransmitted, 8, &tp->bytes_retrans);
	bpf_core_read(&received, 8, &tp->bytes_received);
	bpf_core_read(&flags, 8, &sk->__sk_common.skc_flags);
	sent -= retransmitted;
	socket->bytes_sent = acked < sent ? acked : sent;
	if ((flags & HG_SOCK_DONE) && received)
		received -= 1;
	socket->bytes_received = received;
}

static __always_inline void hg_tcp_closed(struct sock *sk, u64 key, int old_state)
{
	struct hg_socket *known = bpf_map_lookup_elem(&hg_sockets, &key);
	u64 now = bpf_ktime_get_boot_ns();
	struct hg_socket socket;
	u32 flags = 0;
	int error = sk->sk_err;

	if (!known) {
		/* Older than the probe, or of a listener, or never established. */
		return;
	}
	if (old_state == HG_TCP_SYN_SENT) {
		socket = *known;
		bpf_map_delete_elem(&hg_sockets, &key);
		hg_tcp_report(sk, &socket, HG_TCP_CONNECT_FAILED, now - socket.since_ns, error, 0);
		return;
	}
	hg_tcp_count_bytes(known, sk);
	if (error == HG_ECONNRESET || error == HG_EPIPE || old_state == HG_TCP_ESTABLISHED ||
	    old_state == HG_TCP_CLOSE_WAIT)
		flags |= HG_TCP_RESET;
	if (!known->pid) {
		/* In the queue of a listener: told when it is accepted, if it ever is. */
		known->is_closed = 1;
		known->closed_ns = now;
		known->flags |= flags;
		return;
	}
	if ((old_state == HG_TCP_ESTABLISHED || old_state == HG_TCP_CLOSE_WAIT) &&
	    sk->sk_lock.owned) {
		struct task_struct *task = bpf_get_current_task_btf();

		if (known->pid != task->tgid) {
			hg_socket_own(known);
			known->flags |= HG_TCP_INHERITED;
		}
	}
	socket = *known;
	bpf_map_delete_elem(&hg_sockets, &key);
	hg_tcp_report(sk, &socket, HG_TCP_CLOSED, now - socket.since_ns, 0, flags);
}

SEC("tp_btf/inet_sock_set_state")
int hg_tcp_state(u64 *ctx)
{
	struct sock *sk = (void *)ctx[0];
	int old_state = ctx[1], new_state = ctx[2];
	u64 key = (u64)sk;
	u64 now;
	struct hg_socket fresh = {};
	struct hg_socket *known;

	if (sk->sk_protocol != HG_IPPROTO_TCP)
		return 0;
	switch (new_state) {
	case HG_TCP_SYN_SENT:
		fresh.socket_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
		fresh.since_ns = bpf_ktime_get_boot_ns();
		hg_socket_own(&fresh);
		if (bpf_map_update_elem(&hg_sockets, &key, &fresh, BPF_ANY)) {
			/* Without it the connection cannot be told later. */
			hg_take_sequence(HG_RING_DATA);
			hg_count_lost(HG_PROBE_TCP, HG_LOSS_MAP_FULL);
		}
		return 0;
	case HG_TCP_LISTEN:
		fresh.socket_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
		hg_socket_own(&fresh);
		hg_tcp_report(sk, &fresh, HG_TCP_LISTENS, 0, 0, 0);
		return 0;
	case HG_TCP_ESTABLISHED:
		now = bpf_ktime_get_boot_ns();
		if (old_state == HG_TCP_SYN_SENT) {
			known = bpf_map_lookup_elem(&hg_sockets, &key);
			if (!known)
				return 0;
			fresh = *known;
			known->since_ns = now;
			hg_tcp_report(sk, &fresh, HG_TCP_CONNECT, now - fresh.since_ns, 0, 0);
			return 0;
		}
		fresh.socket_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
		fresh.since_ns = now;
		bpf_map_update_elem(&hg_sockets, &key, &fresh, BPF_ANY);
		return 0;
	case HG_TCP_FIN_WAIT1:
	case HG_TCP_LAST_ACK:
		/* close or shutdown by the process that has the socket now: not always who opened it. */
		if (!sk->sk_lock.owned)
			return 0;
		known = bpf_map_lookup_elem(&hg_sockets, &key);
		if (known && known->pid) {
			struct task_struct *task = bpf_get_current_task_btf();

			if (known->pid != task->tgid) {
				hg_socket_own(known);
				known->flags |= HG_TCP_INHERITED;
			}
		}
		return 0;
	case HG_TCP_CLOSE:
		hg_tcp_closed(sk, key, old_state);
		return 0;
	}
	return 0;
}

static __always_inline int hg_report_accept(long fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct file **files, *file = 0;
	struct inode *inode = 0;
	struct super_block *super = 0;
	struct socket *wrapper = 0;
	struct sock *sk = 0;
	unsigned long magic = 0;
	u16 family = 0, protocol = 0;
	u8 state = 0;
	struct hg_socket socket = {};
	struct hg_socket *known;
	u64 key, now;

	if (fd < 0 || fd >= table->max_fds)
		return 0;
	files = table->fd;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	bpf_core_read(&inode, sizeof(inode), &file->f_inode);
	bpf_core_read(&super, sizeof(super), &inode->i_sb);
	bpf_core_read(&magic, sizeof(magic), &super->s_magic);
	if (magic != HG_SOCKFS_MAGIC)
		return 0;
	bpf_core_read(&wrapper, sizeof(wrapper), &file->private_data);
	bpf_core_read(&sk, sizeof(sk), &wrapper->sk);
	bpf_core_read(&family, sizeof(family), &sk->__sk_common.skc_family);
	bpf_core_read(&protocol, sizeof(protocol), &sk->sk_protocol);
	if ((family != HG_AF_INET && family != HG_AF_INET6) || protocol != HG_IPPROTO_TCP)
		return 0;
	bpf_core_read(&state, sizeof(state), &sk->__sk_common.skc_state);

	key = (u64)sk;
	now = bpf_ktime_get_boot_ns();
	known = bpf_map_lookup_elem(&hg_sockets, &key);
	if (known) {
		hg_socket_own(known);
		socket = *known;
		if (known->is_closed) {
			/* Came and went before it was accepted. */
			u64 sent = socket.bytes_sent, received = socket.bytes_received;
			u32 flags = socket.flags;

			bpf_map_delete_elem(&hg_sockets, &key);
			socket.bytes_sent = 0;
			socket.bytes_received = 0;
			socket.flags = 0;
			hg_tcp_report(sk, &socket, HG_TCP_ACCEPT, 0, 0, 0);
			socket.bytes_sent = sent;
			socket.bytes_received = received;
			hg_tcp_report(sk, &socket, HG_TCP_CLOSED,
				      socket.closed_ns - socket.since_ns, 0, flags);
			return 0;
		}
	} else {
		/* Established before the probe was there. */
		socket.socket_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
		socket.since_ns = now;
		socket.flags = HG_TCP_INHERITED;
		hg_socket_own(&socket);
		if (state != HG_TCP_CLOSE &&
		    bpf_map_update_elem(&hg_sockets, &key, &socket, BPF_ANY)) {
			/* Its close will be missing. */
			hg_take_sequence(HG_RING_DATA);
			hg_count_lost(HG_PROBE_TCP, HG_LOSS_MAP_FULL);
		}
	}
	hg_tcp_report(sk, &socket, HG_TCP_ACCEPT, 0, 0, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int hg_accept_exit(u64 *ctx)
{
	return hg_report_accept(ctx[1]);
}

/* socketcall of the 32-bit ABI: accept and accept4 are its calls 5 and 18. */
SEC("tp_btf/sys_exit")
int hg_socketcall_exit(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	u32 call = regs->bx;

	if (call != 5 && call != 18)
		return 0;
	return hg_report_accept(ctx[1]);
}
