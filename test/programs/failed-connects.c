/*
 * TCP connects that fail before their SYN leaves, each for a reason of its own, in a
 * network namespace of their own; says on stdout which process got which error, as
 * `role pid errno remote-port`.
 *
 *     failed-connects 4|6 [CGROUP]    CGROUP: an empty version 2 cgroup for `denied`
 *
 * Needs root. Nothing leaves the namespace, and it goes with the process.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int family = AF_INET;
/* Each connect has a remote port of its own. */
static int next_port = 1001;

static void fail(const char *what)
{
	perror(what);
	_exit(90);
}

static void say(const char *role, int error, int port)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %d %d %d\n", role, getpid(), error, port);

	if (write(1, line, n) != n)
		_exit(91);
}

static socklen_t address(struct sockaddr_storage *at, const char *v4, const char *v6, int port)
{
	struct sockaddr_in *in = (void *)at;
	struct sockaddr_in6 *in6 = (void *)at;

	memset(at, 0, sizeof(*at));
	if (family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		inet_pton(AF_INET, v4, &in->sin_addr);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	inet_pton(AF_INET6, v6, &in6->sin6_addr);
	return sizeof(*in6);
}

static int open_socket(int flags)
{
	int fd = socket(family, SOCK_STREAM | flags, 0);

	if (fd < 0)
		fail("socket");
	return fd;
}

/* Connects and says what came of it. */
static void try_connect(const char *role, int fd, const char *v4, const char *v6, int port)
{
	struct sockaddr_storage at;
	socklen_t length = address(&at, v4, v6, port);
	int error = connect(fd, (void *)&at, length) ? errno : 0;

	say(role, error, port);
}

/* The same by the calls that connect before they send. */
static void try_fastopen(const char *role, int way, const char *v4, const char *v6, int port)
{
	struct sockaddr_storage at;
	socklen_t length = address(&at, v4, v6, port);
	struct iovec part = { "x", 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &at, .msg_namelen = length,
						.msg_iov = &part, .msg_iovlen = 1 } };
	int fd = open_socket(0);
	long result = way == 0 ? sendto(fd, "x", 1, MSG_FASTOPEN, (void *)&at, length) :
		      way == 1 ? sendmsg(fd, &message.msg_hdr, MSG_FASTOPEN) :
				 sendmmsg(fd, &message, 1, MSG_FASTOPEN);

	say(role, result < 0 ? errno : 0, port);
	close(fd);
}

static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (ioctl(fd, SIOCSIFFLAGS, &request))
		fail("lo");
	close(fd);
}

/* 198.51.100.0/24 is refused by the host's own table. */
static void add_unreachable_route(void)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_REJECT };
	struct sockaddr_in *to = (void *)&route.rt_dst, *mask = (void *)&route.rt_genmask;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	to->sin_family = mask->sin_family = AF_INET;
	inet_pton(AF_INET, "198.51.100.0", &to->sin_addr);
	inet_pton(AF_INET, "255.255.255.0", &mask->sin_addr);
	if (ioctl(fd, SIOCADDRT, &route))
		fail("route");
	close(fd);
}

/* One port for all connects of the namespace, and it is taken for both ports that are listened on. */
static void no_port(void)
{
	struct sockaddr_storage at;
	int range = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY), fds[4];

	if (range < 0 || write(range, "40000 40000", 11) != 11)
		fail("ip_local_port_range");
	close(range);
	for (int i = 0; i < 2; i++) {
		socklen_t length = address(&at, "127.0.0.1", "::1", 998 + i);

		fds[i] = open_socket(0);
		if (bind(fds[i], (void *)&at, length) || listen(fds[i], 4))
			fail("listen");
		fds[2 + i] = open_socket(0);
		if (connect(fds[2 + i], (void *)&at, length))
			fail("first connect");
	}
	try_connect("no-port", open_socket(0), "127.0.0.1", "::1", 999);
	try_fastopen("fastopen-no-port", 0, "127.0.0.1", "::1", 998);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

/* A socket that was refused once is used again, where there is no way. */
static void again(void)
{
	int fd = open_socket(0);

	try_connect("again-refused", fd, "127.0.0.1", "::1", next_port++);
	try_connect("again-no-route", fd, "192.0.2.1", "2001:db8::1", next_port++);
	close(fd);
}

/* Refused while nobody waits; the second call only asks what came of the first. */
static void asynchronous(void)
{
	struct sockaddr_storage at;
	int fd = open_socket(SOCK_NONBLOCK), port = next_port++;
	socklen_t length = address(&at, "127.0.0.1", "::1", port);

	if (!connect(fd, (void *)&at, length) || errno != EINPROGRESS)
		fail("asynchronous");
	try_connect("asynchronous", fd, "127.0.0.1", "::1", port);
	close(fd);
}

/* Words that are no connect: nothing to tell. */
static void nonsense(void)
{
	struct sockaddr_storage at;
	socklen_t length = address(&at, "192.0.2.1", "2001:db8::1", 9);
	int fd = open_socket(0);

	connect(fd, (void *)&at, 1);
	connect(fd, (void *)8, length);
	at.ss_family = AF_UNSPEC;
	connect(fd, (void *)&at, length);
	connect(-1, (void *)&at, length);
	connect(1, (void *)&at, length);
	close(fd);
}

/* A program in a cgroup of our own that denies every connect, as a host's policy may. */
static void denied(const char *cgroup)
{
	struct bpf_insn deny[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.expected_attach_type = family == AF_INET ? BPF_CGROUP_INET4_CONNECT :
							    BPF_CGROUP_INET6_CONNECT,
		.insns = (unsigned long)deny,
		.insn_cnt = 2,
		.license = (unsigned long)"GPL",
	};
	union bpf_attr attach = { .attach_type = load.expected_attach_type };
	char path[4096];
	int procs;

	attach.target_fd = open(cgroup, O_RDONLY | O_DIRECTORY);
	attach.attach_bpf_fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if ((int)attach.target_fd < 0 || (int)attach.attach_bpf_fd < 0 ||
	    syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)))
		fail("cgroup program");
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	if (fork() == 0) {
		procs = open(path, O_WRONLY);
		if (procs < 0 || write(procs, "0", 1) != 1)
			fail("cgroup.procs");
		try_connect("denied", open_socket(0), "127.0.0.1", "::1", next_port);
		_exit(0);
	}
	next_port++;
	wait(0);
}

#ifdef __x86_64__
/* Through `int $0x80`, which takes 32-bit pointers also from a 64-bit program. */
static void compat(void)
{
	char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
			 -1, 0);
	unsigned *words = (unsigned *)(low + 512);
	struct sockaddr_storage at;

	/* connect, the same through socketcall, and sendto and sendmsg with MSG_FASTOPEN through that. */
	static const char *const roles[] = { "compat", "socketcall", "socketcall-sendto",
					     "socketcall-sendmsg" };
	static const int calls[] = { 0, 3, 11, 16 };

	for (int way = 0; way < 4; way++) {
		int port = next_port++, fd = open_socket(0);
		long result = way ? 102 : 362;
		long b = way ? calls[way] : fd;
		long c = (long)(way ? (char *)words : low);
		unsigned *message = words + 16;

		/* A child of its own: where there is no such door it dies. */
		words[0] = fd;
		words[1] = (unsigned)(unsigned long)low;
		words[2] = address(&at, "192.0.2.1", "2001:db8::1", port);
		memcpy(low, &at, sizeof(at));
		if (way == 2) {
			unsigned length = words[2];
			unsigned sendto_words[6] = { fd, (unsigned)(unsigned long)low, 1, MSG_FASTOPEN,
						     (unsigned)(unsigned long)low, length };

			memcpy(words, sendto_words, sizeof(sendto_words));
		} else if (way == 3) {
			/* struct msghdr of the 32-bit ABI, and its one part. */
			unsigned parts[2] = { (unsigned)(unsigned long)low, 1 };
			unsigned head[7] = { (unsigned)(unsigned long)low, words[2],
					     (unsigned)(unsigned long)(message + 8), 1 };

			memcpy(message, head, sizeof(head));
			memcpy(message + 8, parts, sizeof(parts));
			words[1] = (unsigned)(unsigned long)message;
			words[2] = MSG_FASTOPEN;
		}
		if (fork() == 0) {
			__asm__ volatile("int $0x80"
					 : "+a"(result)
					 : "b"(b), "c"(c), "d"((long)words[2])
					 : "memory", "r8", "r9", "r10", "r11");
			if (result != -ENOSYS)
				say(roles[way], -result, port);
			_exit(0);
		}
		wait(0);
		close(fd);
	}
}
#endif

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "6"))
		family = AF_INET6;
	if (unshare(CLONE_NEWNET))
		fail("unshare");
	try_connect("no-route", open_socket(0), "192.0.2.1", "2001:db8::1", next_port++);
	try_fastopen("sendto", 0, "192.0.2.1", "2001:db8::1", next_port++);
	try_fastopen("sendmsg", 1, "192.0.2.1", "2001:db8::1", next_port++);
	try_fastopen("sendmmsg", 2, "192.0.2.1", "2001:db8::1", next_port++);
#ifdef __x86_64__
	compat();
#endif
	bring_up_loopback();
	if (family == AF_INET) {
		add_unreachable_route();
		try_connect("unreachable", open_socket(0), "198.51.100.7", "", next_port++);
	}
	again();
	asynchronous();
	nonsense();
	if (argc > 2)
		denied(argv[2]);
	no_port();
	return 0;
}
