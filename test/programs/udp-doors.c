/*
 * UDP datagrams through every door that sends them, to servers on loopback, in a network
 * namespace of their own; says on stdout
 *
 *     door pid local-port remote-port packets-sent bytes-sent packets-received bytes-received
 *     served pid port packets-received bytes-received packets-sent bytes-sent
 *
 *     udp-doors 4|6         every door, each with a server port of its own
 *     udp-doors 4|6 idle    one flow, held open after its last datagram until stdin ends
 *     udp-doors 4|6 held    one flow, whose sockets wait for a byte on stdin before they are used
 *     udp-doors 4|6 shared  one flow that ten children go on with
 *
 * Needs root. Nothing leaves the namespace, and it goes with the processes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uring.h"

#define FIRST_PORT 4001
#define PORTS 24

static int family = AF_INET;
static int next_port = FIRST_PORT;
static char text[2048];

static void fail(const char *what)
{
	perror(what);
	_exit(90);
}

static void say(const char *role, long a, long b, long c, long d, long e, long f)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s %d %ld %ld %ld %ld %ld %ld\n", role, getpid(), a, b,
			 c, d, e, f);

	if (write(1, line, n) != n)
		_exit(91);
}

static socklen_t loopback(struct sockaddr_storage *at, int port)
{
	struct sockaddr_in *in = (void *)at;
	struct sockaddr_in6 *in6 = (void *)at;

	memset(at, 0, sizeof(*at));
	if (family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

static int port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t length = sizeof(at);

	if (getsockname(fd, (void *)&at, &length))
		fail("getsockname");
	return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

static int open_socket(void)
{
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0)
		fail("socket");
	return fd;
}

static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (ioctl(fd, SIOCSIFFLAGS, &request))
		fail("lo");
	close(fd);
}

/* Answers each datagram with two bytes more, until `stop` is closed at its other end. */
static void serve(int ready, int stop)
{
	struct pollfd fds[PORTS + 1];
	struct { long in, in_bytes, out, out_bytes; } served[PORTS] = {};
	struct sockaddr_storage at;
	char buffer[2050];

	for (int i = 0; i < PORTS; i++) {
		socklen_t length = loopback(&at, FIRST_PORT + i);

		fds[i] = (struct pollfd){ .fd = open_socket(), .events = POLLIN };
		if (bind(fds[i].fd, (void *)&at, length))
			fail("bind");
	}
	fds[PORTS] = (struct pollfd){ .fd = stop, .events = POLLIN };
	if (write(ready, "", 1) != 1)
		fail("ready");
	for (;;) {
		if (poll(fds, PORTS + 1, -1) < 0)
			fail("poll");
		for (int i = 0; i < PORTS; i++) {
			socklen_t length = sizeof(at);
			long n;

			if (!(fds[i].revents & POLLIN))
				continue;
			n = recvfrom(fds[i].fd, buffer, 2048, 0, (void *)&at, &length);
			if (n < 0)
				continue;
			served[i].in++;
			served[i].in_bytes += n;
			if (sendto(fds[i].fd, buffer, n + 2, 0, (void *)&at, length) != n + 2)
				fail("answer");
			served[i].out++;
			served[i].out_bytes += n + 2;
		}
		if (fds[PORTS].revents)
			break;
	}
	for (int i = 0; i < PORTS; i++)
		if (served[i].in)
			say("served", FIRST_PORT + i, served[i].in, served[i].in_bytes,
			    served[i].out, served[i].out_bytes, 0);
	_exit(0);
}

struct door {
	const char *name;
	int fd;
	int port;
	struct sockaddr_storage to;
	socklen_t length;
	long sent, sent_bytes, received, received_bytes;
};

static struct door open_door(const char *name, int is_connected)
{
	struct door door = { .name = name, .fd = open_socket(), .port = next_port++ };

	door.length = loopback(&door.to, door.port);
	if (is_connected && connect(door.fd, (void *)&door.to, door.length))
		fail("connect");
	return door;
}

/* Takes one answer for each of `count` datagrams of `bytes`, which have just been sent. */
static void answered(struct door *door, int count, long bytes)
{
	char buffer[2050];

	door->sent += count;
	door->sent_bytes += count * bytes;
	for (int i = 0; i < count; i++) {
		long n = recv(door->fd, buffer, sizeof(buffer), 0);

		if (n != bytes + 2)
			fail(door->name);
		door->received++;
		door->received_bytes += n;
	}
}

static void close_door(struct door *door)
{
	int port = port_of(door->fd);

	close(door->fd);
	say(door->name, port, door->port, door->sent, door->sent_bytes, door->received,
	    door->received_bytes);
}

static void check(long result, long wanted, const char *what)
{
	if (result != wanted) {
		if (result < -1)
			errno = -result;
		fail(what);
	}
}

static void plain_doors(void)
{
	struct iovec parts[2] = { { text, 10 }, { text, 20 } };
	struct mmsghdr many[3] = {};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	struct door door;
	int ends[2];

	door = open_door("sendto", 0);
	for (int i = 0; i < 2; i++) {
		check(sendto(door.fd, text, 100, 0, (void *)&door.to, door.length), 100, door.name);
		answered(&door, 1, 100);
	}
	close_door(&door);

	door = open_door("sendmsg", 0);
	message.msg_name = &door.to;
	message.msg_namelen = door.length;
	check(sendmsg(door.fd, &message, 0), 30, door.name);
	answered(&door, 1, 30);
	close_door(&door);

	door = open_door("sendmmsg", 0);
	for (int i = 0; i < 3; i++)
		many[i].msg_hdr = (struct msghdr){ .msg_name = &door.to, .msg_namelen = door.length,
						   .msg_iov = parts, .msg_iovlen = 1 };
	check(sendmmsg(door.fd, many, 3, 0), 3, door.name);
	answered(&door, 3, 10);
	close_door(&door);

	door = open_door("write", 1);
	check(write(door.fd, text, 40), 40, door.name);
	answered(&door, 1, 40);
	close_door(&door);

	door = open_door("writev", 1);
	check(writev(door.fd, parts, 2), 30, door.name);
	answered(&door, 1, 30);
	close_door(&door);

	door = open_door("send", 1);
	check(send(door.fd, "", 0, 0), 0, door.name);
	answered(&door, 1, 0);
	close_door(&door);

	door = open_door("splice", 1);
	if (pipe(ends) || write(ends[1], text, 60) != 60)
		fail("pipe");
	check(splice(ends[0], 0, door.fd, 0, 60, 0), 60, door.name);
	answered(&door, 1, 60);
	close_door(&door);

	/* Several datagrams in one: what arrives are three. */
	door = open_door("segment", 1);
	check(setsockopt(door.fd, IPPROTO_UDP, UDP_SEGMENT, &(int){ 50 }, sizeof(int)), 0, door.name);
	check(send(door.fd, text, 150, 0), 150, door.name);
	answered(&door, 3, 50);
	close_door(&door);

	/* One datagram of several sends. */
	door = open_door("cork", 1);
	check(send(door.fd, text, 25, MSG_MORE), 25, door.name);
	check(send(door.fd, text, 25, 0), 25, door.name);
	answered(&door, 1, 50);
	close_door(&door);
}

static void uring_doors(void)
{
	static const struct { const char *name; unsigned flags; } kinds[] = {
		{ "uring", 0 },
		{ "uring-thread", IORING_SETUP_SQPOLL },
	};
	struct iovec part = { text, 80 };
	struct uring ring;

	for (int i = 0; i < 2; i++) {
		struct door door = open_door(kinds[i].name, 0);
		struct msghdr message = { .msg_name = &door.to, .msg_namelen = door.length,
					  .msg_iov = &part, .msg_iovlen = 1 };
		struct io_uring_sqe request = { .opcode = IORING_OP_SENDMSG, .fd = door.fd,
						.addr = (unsigned long)&message, .len = 1 };

		if (uring_open(&ring, 4, kinds[i].flags))
			fail("io_uring_setup");
		check(uring_do(&ring, &request), 80, door.name);
		answered(&door, 1, 80);
		/* By another thread of the kernel: one of this process, too. */
		request.flags = IOSQE_ASYNC;
		check(uring_do(&ring, &request), 80, door.name);
		answered(&door, 1, 80);
		close_door(&door);
		close(ring.fd);
	}
}

#ifdef __x86_64__
/* Through `int $0x80`, which takes 32-bit pointers also from a 64-bit program. */
static void compat_doors(void)
{
	static const struct { const char *name; long number; } calls[] = {
		{ "compat", 369 },
		{ "socketcall", 102 },
	};
	char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
			 -1, 0);

	for (int i = 0; i < 2; i++) {
		struct door door = open_door(calls[i].name, 0);
		long result = calls[i].number;
		unsigned *words = (unsigned *)(low + 512);

		memcpy(low, &door.to, sizeof(door.to));
		words[0] = door.fd;
		words[1] = (unsigned)(unsigned long)(low + 1024);
		words[2] = 70;
		words[3] = 0;
		words[4] = (unsigned)(unsigned long)low;
		words[5] = door.length;
		/* A child of its own: where there is no such door it dies. */
		if (fork() == 0) {
			if (i == 1)
				__asm__ volatile("int $0x80"
						 : "+a"(result)
						 : "b"(11), "c"(words)
						 : "memory", "r8", "r9", "r10", "r11");
			else
				__asm__ volatile("push %%rbp\n\tmov %k[length], %%ebp\n\tint $0x80\n\tpop %%rbp"
						 : "+a"(result)
						 : "b"((long)words[0]), "c"((long)words[1]),
						   "d"((long)words[2]), "S"((long)words[3]),
						   "D"((long)words[4]), [length] "r"((long)words[5])
						 : "memory", "r8", "r9", "r10", "r11");
			if (result == 70) {
				answered(&door, 1, 70);
				close_door(&door);
			}
			_exit(0);
		}
		close(door.fd);
		wait(0);
	}
}
#endif

/* A packet whose headers the program wrote itself. Nobody has its port: no answer. */
static void raw_door(void)
{
	struct { struct udphdr udp; char text[16]; } packet = {};
	int fd = socket(family, SOCK_RAW, IPPROTO_UDP), port = next_port++;
	struct sockaddr_storage to;
	socklen_t length = loopback(&to, 0);

	packet.udp.source = htons(3999);
	packet.udp.dest = htons(port);
	packet.udp.len = htons(sizeof(packet));
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &(int){ 6 }, sizeof(int)))
		fail("checksum");
	check(sendto(fd, &packet, sizeof(packet), 0, (void *)&to, length), sizeof(packet), "raw");
	/* Until it is on its way through the server. */
	usleep(50000);
	close(fd);
	say("raw", 3999, port, 1, sizeof(packet.text), 0, 0);
}

/* UDP-Lite, where the kernel has it. Nobody has its port: no answer. */
static void lite_door(void)
{
	int fd = socket(family, SOCK_DGRAM, IPPROTO_UDPLITE), port = next_port++;
	struct sockaddr_storage to;
	socklen_t length = loopback(&to, port);

	if (fd < 0)
		return;
	check(sendto(fd, text, 45, 0, (void *)&to, length), 45, "lite");
	length = port_of(fd);
	close(fd);
	say("lite", (long)length, port, 1, 45, 0, 0);
}

/* A socket of IPv6 that speaks to one of IPv4. */
static void mapped_door(void)
{
	struct door door = { .name = "mapped", .fd = socket(AF_INET6, SOCK_DGRAM, 0),
			     .port = next_port++ };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(door.port) };

	inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
	check(sendto(door.fd, text, 90, 0, (void *)&to, sizeof(to)), 90, door.name);
	answered(&door, 1, 90);
	close_door(&door);
}

/* With a header between that of IP and that of UDP. */
static void extension_door(void)
{
	/* Destination options: one of padding that fills 8 bytes. */
	static const unsigned char options[8] = { 0, 0, 1, 4 };
	struct door door = open_door("extension", 1);

	check(setsockopt(door.fd, IPPROTO_IPV6, 59 /* IPV6_DSTOPTS */, options, sizeof(options)), 0,
	      door.name);
	check(send(door.fd, text, 35, 0), 35, door.name);
	answered(&door, 1, 35);
	close_door(&door);
}

/* A child goes on with its parent's socket. */
static void moved_door(void)
{
	struct door door = open_door("moved", 1);
	int status;

	check(send(door.fd, text, 5, 0), 5, door.name);
	answered(&door, 1, 5);
	if (fork() == 0) {
		check(send(door.fd, text, 6, 0), 6, door.name);
		answered(&door, 1, 6);
		say("mover", port_of(door.fd), door.port, door.sent, door.sent_bytes, door.received,
		    door.received_bytes);
		_exit(0);
	}
	wait(&status);
	/* What the child did counts for the flow. */
	door.sent++, door.received++;
	door.sent_bytes += 6, door.received_bytes += 8;
	close_door(&door);
}

/* Ten children go on with one socket, one after the other. */
static void shared_door(void)
{
	struct door door = open_door("shared", 1);

	check(send(door.fd, text, 5, 0), 5, door.name);
	answered(&door, 1, 5);
	for (int i = 0; i < 10; i++) {
		pid_t child = fork();

		if (child == 0) {
			check(send(door.fd, text, 5, 0), 5, door.name);
			_exit(0);
		}
		waitpid(child, 0, 0);
		answered(&door, 1, 5);
	}
	close_door(&door);
}

/* One socket, many others at the other end. */
static void many_remotes(void)
{
	struct door door = { .name = "many", .fd = open_socket() };
	int first = next_port;

	for (int i = 0; i < 3; i++) {
		door.length = loopback(&door.to, next_port++);
		check(sendto(door.fd, text, 12, 0, (void *)&door.to, door.length), 12, door.name);
		answered(&door, 1, 12);
	}
	door.port = first;
	close_door(&door);
}

int main(int argc, char **argv)
{
	int ready[2], stop[2], status;
	pid_t server;
	char byte;

	if (argc > 1 && strcmp(argv[1], "6") == 0)
		family = AF_INET6;
	memset(text, 'x', sizeof(text));
	if (unshare(CLONE_NEWNET))
		fail("unshare");
	bring_up_loopback();
	if (pipe(ready) || pipe(stop))
		fail("pipe");
	server = fork();
	if (server == 0) {
		close(stop[1]);
		serve(ready[1], stop[0]);
	}
	close(stop[0]);
	if (read(ready[0], &byte, 1) != 1)
		fail("server");
	if (argc > 2 && strcmp(argv[2], "shared") == 0) {
		shared_door();
	} else if (argc > 2) {
		int is_held = strcmp(argv[2], "held") == 0;
		struct door door = open_door(argv[2], 1);

		if (is_held) {
			say("server", server, 0, 0, 0, 0, 0);
			if (read(0, &byte, 1) != 1)
				fail("stdin");
		}
		check(send(door.fd, text, 30, 0), 30, door.name);
		answered(&door, 1, 30);
		say(door.name, port_of(door.fd), door.port, 1, 30, 1, 32);
		while (!is_held && read(0, &byte, 1) > 0)
			;
	} else {
		plain_doors();
		uring_doors();
#ifdef __x86_64__
		compat_doors();
#endif
		raw_door();
		lite_door();
		if (family == AF_INET)
			mapped_door();
		else
			extension_door();
		moved_door();
		many_remotes();
	}
	close(stop[1]);
	waitpid(server, &status, 0);
	return WEXITSTATUS(status);
}
