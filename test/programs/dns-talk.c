/*
 * Programs that talk DNS with one another on loopback, in a network namespace of their own: a server (port 5300),
 * a resolver that asks it for others (port 53), and who asks. Says on stdout
 *
 *     server pid
 *     stub pid local-port            the port that it asks the server from
 *     NAME pid local-port port id question-bytes answer-bytes
 *
 *     dns-talk direct 4|6    over UDP, each name once
 *     dns-talk stub 4|6      the same through the resolver
 *     dns-talk tcp 4|6       over TCP, questions and answers in pieces
 *     dns-talk port 4|6      from the port that a resolver serves at
 *     dns-talk group 4       mDNS on port 5353; `bystander pid` has not asked
 *
 * What the server answers is in the name (see answer_to). Needs root. Nothing leaves the namespace.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER_PORT 5300
#define STUB_PORT 53
#define GROUP_PORT 5353

typedef unsigned char byte;

static int family = AF_INET;
static unsigned next_id = 0x1001;
/* Where askers ask from; 0 for any. */
static int from_port;

static void fail(const char *what)
{
	perror(what);
	_exit(90);
}

static void say(const char *line)
{
	if (write(1, line, strlen(line)) != (ssize_t)strlen(line))
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

static int open_socket(int type, int port, int is_bound)
{
	struct sockaddr_storage at;
	socklen_t length = loopback(&at, port);
	int fd = socket(family, type, 0);

	if (fd < 0)
		fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (is_bound ? bind(fd, (void *)&at, length) : connect(fd, (void *)&at, length))
		fail("bind or connect");
	return fd;
}

static byte *put16(byte *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
	return at + 2;
}

static byte *put32(byte *at, unsigned value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

static byte *put_text(byte *at, const char *text)
{
	size_t length = strlen(text);

	*at = length;
	memcpy(at + 1, text, length);
	return at + 1 + length;
}

/* A record about the name of the question, by a pointer to it. */
static byte *put_record(byte *at, unsigned type, unsigned ttl, const void *data, unsigned length)
{
	at = put16(put16(put16(at, 0xc00c), type), 1);
	at = put16(put32(at, ttl), length);
	memcpy(at, data, length);
	return at + length;
}

/* Names whose first label is not what it says stand here with their bytes. */
static byte *put_name(byte *at, const char *first)
{
	if (strcmp(first, "hostile") == 0) {
		memcpy(at, "\x08h\x00.\\\xff\x1b i", 9);
		at += 9;
	} else {
		at = put_text(at, first);
	}
	at = put_text(at, "test");
	*at = 0;
	return at + 1;
}

static long question(byte *to, unsigned id, const char *first, unsigned type, int has_edns)
{
	static const unsigned counts[] = { 1, 0, 0 };
	byte *at = put16(put16(to, id), 0x0100);

	for (int i = 0; i < 3; i++)
		at = put16(at, counts[i]);
	at = put16(at, has_edns);
	at = put16(put16(put_name(at, first), type), 1);
	if (has_edns) {
		*at++ = 0;
		at = put16(put32(put16(put16(at, 41), 1232), 0x00008000), 0);
	}
	return at - to;
}

/* Answers the question in `in`; 0 for none. */
static long answer_to(const byte *in, long length, byte *out, int is_stream)
{
	char first[64] = {};
	byte *at, *end;
	long head = 12;

	if (length < 17 || in[12] > 63)
		return 0;
	memcpy(first, in + 13, in[12]);
	while (in[head])
		head += in[head] + 1;
	head += 5;
	memcpy(out, in, head);
	put16(out + 2, 0x8180);
	memset(out + 6, 0, 6);
	at = end = out + head;
	if (strcmp(first, "plain") == 0) {
		end = put_record(at, 1, 300, "\xc0\x00\x02\x01", 4);
		put16(out + 6, 1);
	} else if (strcmp(first, "chain") == 0) {
		end = put_record(at, 5, 60, "\x04" "next\xc0\x12", 7);
		end = put_record(end, 28, 30, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
		end = put_record(end, 16, 90, "\x05he\"y\n\x03" "two", 10);
		put16(out + 6, 3);
	} else if (strcmp(first, "none") == 0) {
		put16(out + 2, 0x8183);
	} else if (strcmp(first, "loop") == 0) {
		/* A name that is a pointer to itself. */
		end = put16(end, 0xc000 | (end - out));
		put16(out + 6, 1);
	} else if (strcmp(first, "big") == 0 && !is_stream) {
		put16(out + 2, 0x8380);
	} else if (strcmp(first, "big") == 0) {
		byte text[255];

		memset(text, 'y', sizeof(text));
		text[0] = 254;
		for (int i = 0; i < 24; i++)
			end = put_record(end, 16, 10, text, sizeof(text));
		put16(out + 6, 24);
	} else if (strcmp(first, "hostile") != 0 && first[0] != 'h') {
		return 0;
	}
	return end - out;
}

/* Sends a message over a stream: its length and it, cut where `cut` says. */
static void send_stream(int fd, const byte *message, long length, long cut)
{
	byte all[16384];

	put16(all, length);
	memcpy(all + 2, message, length);
	length += 2;
	if (send(fd, all, cut, 0) != cut)
		fail("first piece");
	usleep(20000);
	for (long at = cut; at < length;) {
		long piece = length - at < 3000 ? length - at : 3000;

		if (send(fd, all + at, piece, 0) != piece)
			fail("next piece");
		at += piece;
	}
}

static long receive_stream(int fd, byte *to)
{
	byte head[2];
	long length;

	if (recv(fd, head, 2, MSG_WAITALL) != 2)
		return 0;
	length = head[0] << 8 | head[1];
	return recv(fd, to, length, MSG_WAITALL) == length ? length : 0;
}

static void serve(int ready)
{
	int datagrams = open_socket(SOCK_DGRAM, SERVER_PORT, 1);
	int listener = open_socket(SOCK_STREAM, SERVER_PORT, 1);
	struct pollfd fds[2] = { { datagrams, POLLIN, 0 }, { listener, POLLIN, 0 } };
	byte in[4096], out[16384];

	if (listen(listener, 8) || write(ready, "", 1) != 1)
		fail("listen");
	for (;;) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		long n;

		poll(fds, 2, -1);
		if (fds[0].revents) {
			n = recvfrom(datagrams, in, sizeof(in), 0, (void *)&from, &length);
			n = answer_to(in, n, out, 0);
			if (n)
				sendto(datagrams, out, n, 0, (void *)&from, length);
		}
		if (fds[1].revents) {
			int fd = accept(listener, 0, 0);

			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
			while ((n = receive_stream(fd, in)) > 0) {
				n = answer_to(in, n, out, 1);
				if (n)
					send_stream(fd, out, n, 1);
			}
			close(fd);
		}
	}
}

/* Asks the server for whoever asks it, under an id of its own. */
static void resolve(int ready)
{
	int here = open_socket(SOCK_DGRAM, STUB_PORT, 1);
	int there = open_socket(SOCK_DGRAM, SERVER_PORT, 0);
	unsigned id = 0x7001;
	byte in[4096], out[4096];
	char line[64];

	snprintf(line, sizeof(line), "stub %d %d\n", getpid(), port_of(there));
	say(line);
	if (write(ready, "", 1) != 1)
		fail("ready");
	for (;;) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		long n = recvfrom(here, in, sizeof(in), 0, (void *)&from, &length);
		byte asked[2] = { in[0], in[1] };

		put16(in, id++);
		if (n < 12 || send(there, in, n, 0) != n)
			continue;
		n = recv(there, out, sizeof(out), 0);
		if (n < 12)
			continue;
		memcpy(out, asked, 2);
		sendto(here, out, n, 0, (void *)&from, length);
	}
}

static pid_t start(void (*run)(int))
{
	int ready[2];
	pid_t child;
	char one;

	if (pipe(ready))
		fail("pipe");
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(ready[1]);
		_exit(0);
	}
	if (read(ready[0], &one, 1) != 1)
		fail("start");
	return child;
}

static void told(const char *first, int fd, int port, unsigned id, long asked, long answered)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %d %d %d %u %ld %ld\n", first, getpid(), port_of(fd), port,
		 id, asked, answered);
	say(line);
}

/* Asks from a process of its own. */
static void ask(const char *first, unsigned type, int port, int type_of_socket)
{
	unsigned id = next_id++;
	pid_t child = fork();
	byte message[16384];
	long asked, answered = 0;
	int fd;

	if (child) {
		waitpid(child, 0, 0);
		return;
	}
	if (from_port) {
		struct sockaddr_storage there;
		socklen_t length = loopback(&there, port);

		fd = open_socket(type_of_socket, from_port, 1);
		if (connect(fd, (void *)&there, length))
			fail("connect");
	} else {
		fd = open_socket(type_of_socket, port, 0);
	}
	asked = question(message, id, first, type, strcmp(first, "plain") == 0);
	if (type_of_socket == SOCK_STREAM) {
		send_stream(fd, message, asked, 9);
		answered = receive_stream(fd, message);
	} else {
		struct timeval wait = { 0, 200000 };

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		if (send(fd, message, asked, 0) != asked)
			fail("ask");
		answered = recv(fd, message, sizeof(message), 0);
	}
	told(first, fd, port, id, asked, answered);
	_exit(0);
}

static int join_group(void)
{
	struct ip_mreq group = {};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(GROUP_PORT) };

	inet_pton(AF_INET, "224.0.0.251", &group.imr_multiaddr);
	group.imr_interface.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (void *)&at, sizeof(at)) ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group.imr_interface, 4))
		fail("group");
	return fd;
}

static void send_group(int fd, const byte *message, long length)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(GROUP_PORT) };

	inet_pton(AF_INET, "224.0.0.251", &to.sin_addr);
	if (sendto(fd, message, length, 0, (void *)&to, sizeof(to)) != length)
		fail("group send");
}

static void respond(int ready)
{
	int fd = join_group();
	byte in[4096], out[4096], *at;

	if (write(ready, "", 1) != 1)
		fail("ready");
	for (;;) {
		long n = recv(fd, in, sizeof(in), 0);

		/* Its own words come back to it. */
		if (n < 12 || in[2] & 0x80)
			continue;
		/* Without the question, as responders do, and with the bit that replaces what is known. */
		memset(out, 0, 12);
		put16(out + 2, 0x8400);
		put16(out + 6, 1);
		at = put16(put16(put_name(out + 12, "plain"), 1), 0x8001);
		at = put16(put32(at, 120), 4);
		memcpy(at, "\xc0\x00\x02\x01", 4);
		send_group(fd, out, at + 4 - out);
	}
}

static void stand_by(int ready)
{
	char line[64];
	byte in[4096];
	int fd = join_group();

	snprintf(line, sizeof(line), "bystander %d\n", getpid());
	say(line);
	if (write(ready, "", 1) != 1)
		fail("ready");
	while (recv(fd, in, sizeof(in), 0) >= 0)
		;
}

static void ask_group(void)
{
	int fd = join_group();
	byte message[4096];
	long asked = question(message, 0, "plain", 1, 0), answered;

	send_group(fd, message, asked);
	do
		answered = recv(fd, message, sizeof(message), 0);
	while (!(message[2] & 0x80));
	told("plain", fd, GROUP_PORT, 0, asked, answered);
}

int main(int argc, char **argv)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	const char *scenario = argc > 1 ? argv[1] : "";
	pid_t first, second = 0;
	char line[64];
	int fd, port = SERVER_PORT;

	if (argc > 2 && strcmp(argv[2], "6") == 0)
		family = AF_INET6;
	if (unshare(CLONE_NEWNET))
		fail("unshare");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		fail("lo");
	close(fd);
	if (strcmp(scenario, "group") == 0) {
		first = start(respond);
		second = start(stand_by);
		ask_group();
	} else {
		first = start(serve);
		snprintf(line, sizeof(line), "server %d\n", first);
		say(line);
		if (strcmp(scenario, "stub") == 0) {
			second = start(resolve);
			port = STUB_PORT;
		}
		if (strcmp(scenario, "port") == 0) {
			from_port = STUB_PORT;
			ask("plain", 1, port, SOCK_DGRAM);
		} else if (strcmp(scenario, "tcp") == 0) {
			ask("plain", 1, port, SOCK_STREAM);
			ask("big", 16, port, SOCK_STREAM);
		} else {
			ask("plain", 1, port, SOCK_DGRAM);
			ask("chain", 255, port, SOCK_DGRAM);
			ask("none", 28, port, SOCK_DGRAM);
			ask("loop", 1, port, SOCK_DGRAM);
			ask("big", 16, port, SOCK_DGRAM);
			ask("hostile", 1, port, SOCK_DGRAM);
			if (strcmp(scenario, "direct") == 0)
				ask("silent", 1, port, SOCK_DGRAM);
		}
	}
	kill(first, SIGKILL);
	if (second)
		kill(second, SIGKILL);
	while (wait(0) > 0)
		;
	return 0;
}
