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
 * A connect that fails before its SYN leaves (no route, no free port, a local rule)
 * changes no state, or falls back to CLOSE before anyone knows the error: these are
 * told at the end of the call, which has the error and what the caller asked for.
 *
 * A socket is known by its address and a generation, from its first state to CLOSE.
 */
#include "../../../bpf/emit/emit.h"
#include "../../../bpf/read/file.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/read/uring.h"
#include "../../../bpf/hook/sys_exit.h"

#define HG_PROBE_TCP 6

#define HG_AF_INET 2
#define HG_AF_INET6 10
#define HG_IPPROTO_TCP 6
#define HG_SOCKFS_MAGIC 0x534F434B
#define HG_EINTR 4
#define HG_EPIPE 32
#define HG_EISCONN 106
#define HG_ECONNABORTED 103
#define HG_ECONNRESET 104
#define HG_ETIMEDOUT 110
#define HG_ECONNREFUSED 111
#define HG_EALREADY 114
#define HG_EINPROGRESS 115
#define HG_ERESTARTSYS 512
/* connect in the x86-64 and in the 32-bit ABI, and its door through socketcall there. */
#define HG_NR_CONNECT 42
#define HG_NR_COMPAT_CONNECT 362
#define HG_NR_COMPAT_SOCKETCALL 102
#define HG_SOCKETCALL_CONNECT 3
#define HG_NR_URING_ENTER 426
/* Calls that send, and connect before that when they are told to. Of socketcall: 11, 16, 20. */
#define HG_NR_SENDTO 44
#define HG_NR_SENDMSG 46
#define HG_NR_SENDMMSG 307
#define HG_NR_X32_SENDMSG 518
#define HG_NR_X32_SENDMMSG 538
#define HG_NR_COMPAT_SENDMMSG 345
#define HG_NR_COMPAT_SENDTO 369
#define HG_NR_COMPAT_SENDMSG 370
#define HG_SOCKETCALL_SENDTO 11
#define HG_SOCKETCALL_SENDMSG 16
#define HG_SOCKETCALL_SENDMMSG 20
#define HG_MSG_FASTOPEN 0x20000000
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
#define HG_TCP_UNSENT (1u << 3)

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
	/* The thread that sent the SYN is still inside connect, which will tell it the outcome. */
	u32 in_call;
	u32 reserved;
};
const struct hg_socket *hg_socket_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct hg_socket);
} hg_sockets SEC(".maps");

/*
 * What became of a connect while its caller is still in the call: left by the state
 * program, taken by the end of the call. The end of a call always comes, so entries
 * live for microseconds and there are never more than threads in connect.
 */
struct hg_fallen {
	struct hg_socket socket;
	u64 sock;
	/* 0: fell back before its SYN could leave; the end of the call knows the error and tells it. */
	u32 is_told;
	u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	/* The caller: tgid << 32 | tid. */
	__type(key, u64);
	__type(value, struct hg_fallen);
} hg_falling SEC(".maps");

/* Where a caller wanted to connect to, in its own words: any sockaddr begins so. */
struct hg_address {
	u16 family;
	u16 port;
	u32 v4_or_flow;
	u8 v6[16];
};

/* Whether the current thread is inside connect: the only call at whose end hg_connect_exit runs. */
static __always_inline bool hg_in_connect(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	u32 number = regs->orig_ax & ~(1u << 30);

	if (task->flags & HG_PF_KTHREAD)
		return false;
	if (hg_is_compat())
		return number == HG_NR_COMPAT_CONNECT ||
		       (number == HG_NR_COMPAT_SOCKETCALL &&
			(u32)regs->bx == HG_SOCKETCALL_CONNECT);
	return number == HG_NR_CONNECT;
}

/* The same of a call that sends: it has connected first (MSG_FASTOPEN, TCP_FASTOPEN_CONNECT). */
static __always_inline bool hg_in_send(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	u32 number = regs->orig_ax & ~(1u << 30), call = regs->bx;

	if (task->flags & (HG_PF_KTHREAD | HG_PF_IO_WORKER))
		return false;
	if (hg_is_compat())
		return number == HG_NR_COMPAT_SENDTO || number == HG_NR_COMPAT_SENDMSG ||
		       number == HG_NR_COMPAT_SENDMMSG ||
		       (number == HG_NR_COMPAT_SOCKETCALL &&
			(call == HG_SOCKETCALL_SENDTO || call == HG_SOCKETCALL_SENDMSG ||
			 call == HG_SOCKETCALL_SENDMMSG));
	return number == HG_NR_SENDTO || number == HG_NR_SENDMSG || number == HG_NR_SENDMMSG ||
	       number == HG_NR_X32_SENDMSG || number == HG_NR_X32_SENDMMSG;
}

/*
 * Whether a request of io_uring is being done: by the thread that handed it in, or by one that works for the
 * process. Not where its end cannot be seen.
 */
static __always_inline bool hg_in_uring(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);

	if (!bpf_core_type_exists(struct trace_event_raw_io_uring_complete))
		return false;
	if (task->flags & HG_PF_KTHREAD)
		return false;
	/* The same number in each ABI. */
	return task->flags & HG_PF_IO_WORKER || (regs->orig_ax & ~(1u << 30)) == HG_NR_URING_ENTER;
}

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

	hg_read_field(&tcp->family, 2, &sk->__sk_common.skc_family);
	/* Not skc_num: it is given back before the state becomes CLOSE. */
	hg_read_field(&port, 2, &inet->inet_sport);
	tcp->local_port = __builtin_bswap16(port);
	hg_read_field(&port, 2, &sk->__sk_common.skc_dport);
	tcp->remote_port = __builtin_bswap16(port);
	hg_read_field(&net, sizeof(net), &sk->__sk_common.skc_net.net);
	tcp->net_ns = 0;
	hg_read_field(&tcp->net_ns, 4, &net->ns.inum);
	if (tcp->family == HG_AF_INET6) {
		hg_read_field(tcp->local_address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		hg_read_field(tcp->remote_address, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		__builtin_memset(tcp->local_address, 0, 16);
		__builtin_memset(tcp->remote_address, 0, 16);
		hg_read_field(tcp->local_address, 4, &sk->__sk_common.skc_rcv_saddr);
		hg_read_field(tcp->remote_address, 4, &sk->__sk_common.skc_daddr);
	}
}

/* `asked` stands for the other end where the socket does not know one; NULL where it does. */
static __always_inline void hg_tcp_report(struct sock *sk, const struct hg_socket *socket,
					  u16 operation, u64 duration_ns, u32 error, u32 flags,
					  const struct hg_address *asked)
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
	if (asked) {
		tcp->family = asked->family;
		tcp->remote_port = __builtin_bswap16(asked->port);
		if (asked->family == HG_AF_INET6) {
			__builtin_memcpy(tcp->remote_address, asked->v6, 16);
		} else {
			__builtin_memset(tcp->remote_address, 0, 16);
			__builtin_memcpy(tcp->remote_address, &asked->v4_or_flow, 4);
		}
	}
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

	hg_read_field(&acked, 8, &tp->bytes_acked);
	hg_read_field(&sent, 8, &tp->bytes_sent);
	hg_read_field(&retransmitted, 8, &tp->bytes_retrans);
	hg_read_field(&received, 8, &tp->bytes_received);
	hg_read_field(&flags, 8, &sk->__sk_common.skc_flags);
	sent -= retransmitted;
	socket->bytes_sent = acked < sent ? acked : sent;
	if ((flags & HG_SOCK_DONE) && received)
		received -= 1;
	socket->bytes_received = received;
}

/*
 * Leaves the end of a failed connect to its caller, who is still in the call. True when
 * the caller tells it, as only the end of the call has the error.
 */
static __always_inline bool hg_tcp_leave(const struct hg_socket *socket, u64 key, int error)
{
	u64 caller = (u64)socket->pid << 32 | socket->tid;
	struct hg_fallen fallen = { .socket = *socket, .sock = key, .is_told = 1 };

	/* Closed by the call itself, without an error from outside: it never sent, or could not. */
	if (!error && bpf_get_current_pid_tgid() == caller && (hg_in_connect() || hg_in_send()))
		fallen.is_told = 0;
	/*
	 * Nothing is lost when this fails: what is not left to the caller is told at once,
	 * at worst without its error.
	 */
	if (bpf_map_update_elem(&hg_falling, &caller, &fallen, BPF_ANY))
		return false;
	return !fallen.is_told;
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
		if ((socket.in_call || (!error && hg_in_send())) &&
		    hg_tcp_leave(&socket, key, error))
			return;
		/* Without an error from outside, its SYN never left: the completion has the error, and tells it. */
		if (!error && hg_in_uring())
			return;
		hg_tcp_report(sk, &socket, HG_TCP_CONNECT_FAILED, now - socket.since_ns, error, 0,
			      0);
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
	hg_tcp_report(sk, &socket, HG_TCP_CLOSED, now - socket.since_ns, 0, flags, 0);
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
		fresh.in_call = hg_in_connect();
		if (bpf_map_update_elem(&hg_sockets, &key, &fresh, BPF_ANY)) {
			/* Without it the connection cannot be told later. */
			hg_take_sequence(HG_RING_DATA);
			hg_count_lost(HG_PROBE_TCP, HG_LOSS_MAP_FULL);
		}
		return 0;
	case HG_TCP_LISTEN:
		fresh.socket_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
		hg_socket_own(&fresh);
		hg_tcp_report(sk, &fresh, HG_TCP_LISTENS, 0, 0, 0, 0);
		return 0;
	case HG_TCP_ESTABLISHED:
		now = bpf_ktime_get_boot_ns();
		if (old_state == HG_TCP_SYN_SENT) {
			known = bpf_map_lookup_elem(&hg_sockets, &key);
			if (!known)
				return 0;
			fresh = *known;
			known->since_ns = now;
			hg_tcp_report(sk, &fresh, HG_TCP_CONNECT, now - fresh.since_ns, 0, 0, 0);
			return 0;
		}
		fresh.socket_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
		fresh.since_ns = now;
		if (bpf_map_update_elem(&hg_sockets, &key, &fresh, BPF_ANY)) {
			/* Its accept can be told only as of an older connection, an early end not at all. */
			hg_take_sequence(HG_RING_DATA);
			hg_count_lost(HG_PROBE_TCP, HG_LOSS_MAP_FULL);
		}
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

/* The TCP socket that a file is; NULL when it is none. */
static __always_inline struct sock *hg_tcp_of_file(struct file *file)
{
	struct inode *inode = 0;
	struct super_block *super = 0;
	struct socket *wrapper = 0;
	struct sock *sk = 0;
	unsigned long magic = 0;
	u16 family = 0, protocol = 0;

	hg_read_field(&inode, sizeof(inode), &file->f_inode);
	hg_read_field(&super, sizeof(super), &inode->i_sb);
	hg_read_field(&magic, sizeof(magic), &super->s_magic);
	if (magic != HG_SOCKFS_MAGIC)
		return 0;
	hg_read_field(&wrapper, sizeof(wrapper), &file->private_data);
	hg_read_field(&sk, sizeof(sk), &wrapper->sk);
	hg_read_field(&family, sizeof(family), &sk->__sk_common.skc_family);
	hg_read_field(&protocol, sizeof(protocol), &sk->sk_protocol);
	if ((family != HG_AF_INET && family != HG_AF_INET6) || protocol != HG_IPPROTO_TCP)
		return 0;
	return sk;
}

/* The same of a descriptor of the current process. */
static __always_inline struct sock *hg_tcp_of_fd(u32 fd)
{
	return hg_tcp_of_file((void *)hg_file_of_fd(fd));
}

static __always_inline int hg_report_accept(long fd)
{
	struct sock *sk;
	u8 state = 0;
	struct hg_socket socket = {};
	struct hg_socket *known;
	u64 key, now;

	if (fd < 0)
		return 0;
	sk = hg_tcp_of_fd(fd);
	if (!sk)
		return 0;
	hg_read_field(&state, sizeof(state), &sk->__sk_common.skc_state);

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
			hg_tcp_report(sk, &socket, HG_TCP_ACCEPT, 0, 0, 0, 0);
			socket.bytes_sent = sent;
			socket.bytes_received = received;
			hg_tcp_report(sk, &socket, HG_TCP_CLOSED,
				      socket.closed_ns - socket.since_ns, 0, flags, 0);
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
	hg_tcp_report(sk, &socket, HG_TCP_ACCEPT, 0, 0, 0, 0);
	return 0;
}

HG_CALL_END(hg_accept_exit)
{
	return hg_report_accept(result);
}

/* Errors that only an answer from outside, or none, gives: the state program has told them. */
static __always_inline bool hg_is_answer(long error)
{
	return error == HG_ECONNREFUSED || error == HG_ECONNRESET || error == HG_ETIMEDOUT ||
	       error == HG_ECONNABORTED || error == HG_EPIPE;
}

static __always_inline int hg_report_connect(long result, struct sock *sk, u64 address, u32 length)
{
	long error = -result;
	u64 caller = bpf_get_current_pid_tgid();
	u64 now = bpf_ktime_get_boot_ns();
	struct hg_socket socket = {};
	struct hg_address asked = {};
	struct hg_fallen *fallen;
	bool has_fallen = false;
	u64 key = (u64)sk;

	if (error <= 0 || error == HG_EISCONN || error == HG_EALREADY)
		return 0;
	if (error == HG_EINPROGRESS || error == HG_EINTR || error == HG_ERESTARTSYS) {
		/* Goes on without its caller: whatever ends it is told when it happens. */
		struct hg_socket *known = bpf_map_lookup_elem(&hg_sockets, &key);

		if (known)
			known->in_call = 0;
		bpf_map_delete_elem(&hg_falling, &caller);
		return 0;
	}
	fallen = bpf_map_lookup_elem(&hg_falling, &caller);
	if (fallen) {
		bool is_told = fallen->is_told && fallen->sock == key;

		has_fallen = !fallen->is_told;
		if (has_fallen)
			socket = fallen->socket;
		bpf_map_delete_elem(&hg_falling, &caller);
		if (is_told)
			return 0;
	}
	if (!has_fallen) {
		struct tcp_sock *tp = (void *)sk;
		u32 write_seq = 0;

		if (!sk)
			return 0;
		/*
		 * The first SYN of a socket gives it a sequence number for good. On one that has
		 * tried before, an answer's error is what an earlier, asynchronous try has come to.
		 */
		hg_read_field(&write_seq, sizeof(write_seq), &tp->write_seq);
		if (write_seq && hg_is_answer(error))
			return 0;
	}
	/* The kernel has just read it, so it is resident; shorter ones are of no family of ours. */
	if (length >= 24)
		bpf_probe_read_user(&asked, sizeof(asked), (void *)address);
	else if (length >= 16)
		bpf_probe_read_user(&asked, 8, (void *)address);
	if (asked.family != HG_AF_INET && asked.family != HG_AF_INET6) {
		/* Not a connect at all: a disconnect, or words that the kernel could not use. */
		if (!has_fallen)
			return 0;
		hg_read_field(&asked.family, 2, &sk->__sk_common.skc_family);
	}
	if (!has_fallen) {
		socket.socket_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
		socket.since_ns = now;
		hg_socket_own(&socket);
	}
	hg_tcp_report(sk, &socket, HG_TCP_CONNECT_FAILED, now - socket.since_ns, error,
		      HG_TCP_UNSENT, &asked);
	return 0;
}

HG_CALL_END(hg_connect_exit)
{
	if (result >= 0)
		return 0;
	if (hg_is_compat())
		return hg_report_connect(result, hg_tcp_of_fd(regs->bx), (u32)regs->cx, regs->dx);
	return hg_report_connect(result, hg_tcp_of_fd(regs->di), regs->si, regs->dx);
}

/*
 * The end of a call that may have connected before it sent. `address` is where to, in the call itself;
 * with `message` in the first words of a msghdr.
 */
static __always_inline int hg_report_send(long result, u32 fd, u64 address, u32 length, u64 message,
					  u32 flags)
{
	u64 caller = bpf_get_current_pid_tgid();

	if (result >= 0 ||
	    (!(flags & HG_MSG_FASTOPEN) && !bpf_map_lookup_elem(&hg_falling, &caller)))
		return 0;
	if (message && hg_is_compat()) {
		u32 words[2] = {};

		bpf_probe_read_user(words, sizeof(words), (void *)message);
		address = words[0];
		length = words[1];
	} else if (message) {
		u64 words[2] = {};

		bpf_probe_read_user(words, sizeof(words), (void *)message);
		address = words[0];
		length = words[1];
	}
	return hg_report_connect(result, hg_tcp_of_fd(fd), address, length);
}

HG_CALL_END(hg_sendto_exit)
{
	if (result >= 0)
		return 0;
	if (hg_is_compat())
		return hg_report_send(result, regs->bx, (u32)regs->di, regs->bp, 0, regs->si);
	return hg_report_send(result, regs->di, regs->r8, regs->r9, 0, regs->r10);
}

/* sendmsg, and sendmmsg by its first message: it begins as that of sendmsg does. */
HG_CALL_END(hg_sendmsg_exit)
{
	u32 number = regs->orig_ax & ~(1u << 30);

	if (result >= 0)
		return 0;
	if (hg_is_compat())
		return hg_report_send(result, regs->bx, 0, 0, (u32)regs->cx,
				      number == HG_NR_COMPAT_SENDMMSG ? regs->si : regs->dx);
	return hg_report_send(result, regs->di, 0, 0, regs->si,
			      number == HG_NR_SENDMMSG || number == HG_NR_X32_SENDMMSG ?
				      regs->r10 :
				      regs->dx);
}

/* socketcall of the 32-bit ABI: connect, accept and accept4 are its calls 3, 5 and 18. */
HG_CALL_END(hg_socketcall_exit)
{
	u32 call = regs->bx, words[6] = {};

	if (call == 5 || call == 18)
		return hg_report_accept(result);
	if (result >= 0)
		return 0;
	switch (call) {
	case HG_SOCKETCALL_CONNECT:
		bpf_probe_read_user(words, 12, (void *)(u64)(u32)regs->cx);
		return hg_report_connect(result, hg_tcp_of_fd(words[0]), words[1], words[2]);
	case HG_SOCKETCALL_SENDTO:
		bpf_probe_read_user(words, 24, (void *)(u64)(u32)regs->cx);
		return hg_report_send(result, words[0], words[4], words[5], 0, words[3]);
	case HG_SOCKETCALL_SENDMSG:
		bpf_probe_read_user(words, 12, (void *)(u64)(u32)regs->cx);
		return hg_report_send(result, words[0], 0, 0, words[1], words[2]);
	case HG_SOCKETCALL_SENDMMSG:
		bpf_probe_read_user(words, 16, (void *)(u64)(u32)regs->cx);
		return hg_report_send(result, words[0], 0, 0, words[1], words[3]);
	}
	return 0;
}

/*
 * Connections through io_uring: there is no end of a call. `file` and what the request was given are
 * still in it when it completes.
 */
SEC("tp_btf/io_uring_complete")
int hg_tcp_uring(u64 *ctx)
{
	struct io_kiocb *request = (void *)ctx[1];
	struct io_accept *accept = (void *)request;
	struct io_connect *connect = (void *)request;
	int result = hg_uring_result(ctx);
	struct hg_socket *known;
	struct file *file = 0;
	u64 address = 0, key;
	u32 slot = 0;
	int length = 0;
	u8 opcode = 0;

	if (!request) {
		/* One of many completions of a request that is not named: an accept, if its result is a connection that nobody has. */
		if (result < 0)
			return 0;
		key = (u64)hg_tcp_of_fd(result);
		known = bpf_map_lookup_elem(&hg_sockets, &key);
		return known && !known->pid ? hg_report_accept(result) : 0;
	}
	hg_read_field(&opcode, 1, &request->opcode);
	if (opcode == HG_OP_ACCEPT) {
		/* In a place of the ring's own table it has no descriptor. */
		hg_read_field(&slot, sizeof(slot), &accept->file_slot);
		return slot ? 0 : hg_report_accept(result);
	}
	if (opcode != HG_OP_CONNECT || result >= 0)
		return 0;
	hg_read_field(&file, sizeof(file), &request->file);
	hg_read_field(&address, sizeof(address), &connect->addr);
	hg_read_field(&length, sizeof(length), &connect->addr_len);
	return hg_report_connect(result, hg_tcp_of_file(file), address, length);
}
