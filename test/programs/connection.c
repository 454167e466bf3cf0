/*
 * TCP connections on loopback, by name; says on stdout which process did what with
 * which port, as `role pid local-port remote-port bytes-sent bytes-received`.
 *
 *     connection SCENARIO 4|6
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int family = AF_INET;

static void say(const char *role, long a, long b, long c, long d)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s %d %ld %ld %ld %ld\n", role, getpid(), a, b, c, d);

	if (write(1, line, n) != n)
		_exit(99);
}

static void wait_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, 0);
}

static socklen_t loopback(struct sockaddr_storage *at, int port)
{
	memset(at, 0, sizeof(*at));
	if (family == AF_INET) {
		struct sockaddr_in *in = (void *)at;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (void *)at;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

static int port_of(int fd, int peer)
{
	struct sockaddr_storage at;
	socklen_t length = sizeof(at);

	if (peer)
		getpeername(fd, (void *)&at, &length);
	else
		getsockname(fd, (void *)&at, &length);
	return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

static int listener(void)
{
	struct sockaddr_storage at;
	socklen_t length = loopback(&at, 0);
	int fd = socket(family, SOCK_STREAM, 0);

	if (bind(fd, (void *)&at, length) || listen(fd, 16))
		_exit(90);
	return fd;
}

static int connect_to(int port)
{
	struct sockaddr_storage at;
	socklen_t length = loopback(&at, port);
	int fd = socket(family, SOCK_STREAM, 0);

	if (connect(fd, (void *)&at, length))
		_exit(91);
	return fd;
}

static void send_all(int fd, size_t bytes)
{
	static char block[65536];

	while (bytes) {
		ssize_t n = write(fd, block, bytes < sizeof(block) ? bytes : sizeof(block));

		if (n <= 0)
			_exit(92);
		bytes -= n;
	}
}

static void receive_all(int fd, size_t bytes)
{
	static char block[65536];

	while (bytes) {
		ssize_t n = read(fd, block, bytes < sizeof(block) ? bytes : sizeof(block));

		if (n <= 0)
			_exit(93);
		bytes -= n;
	}
}

static void client(int port, size_t sends, size_t receives)
{
	int fd = connect_to(port);

	say("client", port_of(fd, 0), port, sends, receives);
	send_all(fd, sends);
	receive_all(fd, receives);
	wait_ms(30);
	close(fd);
	_exit(0);
}

static void echo(void)
{
	int at = listener(), port = port_of(at, 0);
	size_t sends = 12345, receives = 300001;
	int fd;

	say("listener", port, 0, 0, 0);
	if (fork() == 0)
		client(port, sends, receives);
	fd = accept(at, 0, 0);
	say("server", port, port_of(fd, 1), receives, sends);
	receive_all(fd, sends);
	send_all(fd, receives);
	receive_all(fd, 0);
	wait(0);
	close(fd);
	wait_ms(20);
}

static void refused(void)
{
	struct sockaddr_storage at;
	int fd = listener(), port = port_of(fd, 0);
	socklen_t length = loopback(&at, port);

	close(fd);
	fd = socket(family, SOCK_STREAM, 0);
	connect(fd, (void *)&at, length);
	say("refused", port, errno, 0, 0);
	close(fd);
}

/* The parent listens, a forked worker accepts. */
static void worker(void)
{
	int at = listener(), port = port_of(at, 0);

	say("listener", port, 0, 0, 0);
	if (fork() == 0) {
		int fd = accept4(at, 0, 0, SOCK_CLOEXEC);

		say("worker", port, port_of(fd, 1), 0, 10);
		receive_all(fd, 10);
		wait_ms(60);
		close(fd);
		_exit(0);
	}
	if (fork() == 0)
		client(port, 10, 0);
	wait(0);
	wait(0);
}

/* One accepts and hands the descriptor over; the other closes it. */
static void passed(void)
{
	int at = listener(), port = port_of(at, 0), pair[2];
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 1;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		_exit(94);
	if (fork() == 0) {
		close(at);
		if (recvmsg(pair[1], &message, 0) != 1)
			_exit(95);
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
		wait_ms(30);
		say("receiver", port, port_of(fd, 1), 0, 0);
		shutdown(fd, SHUT_RDWR);
		close(fd);
		_exit(0);
	}
	if (fork() == 0) {
		int own = connect_to(port);
		char end;

		say("client", port_of(own, 0), port, 0, 0);
		if (read(own, &end, 1) < 0)
			_exit(96);
		wait_ms(30);
		close(own);
		_exit(0);
	}
	fd = accept(at, 0, 0);
	say("acceptor", port, port_of(fd, 1), 0, 0);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(pair[0], &message, 0) != 1)
		_exit(97);
	close(fd);
	wait(0);
	wait(0);
}

/* The client resets. */
static void reset(void)
{
	int at = listener(), port = port_of(at, 0);
	struct linger now = { 1, 0 };
	int fd;

	if (fork() == 0) {
		fd = connect_to(port);
		say("client", port_of(fd, 0), port, 0, 0);
		wait_ms(20);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
		_exit(0);
	}
	fd = accept(at, 0, 0);
	say("server", port, port_of(fd, 1), 0, 0);
	wait(0);
	wait_ms(20);
	close(fd);
}

/* Reset while it waits in the listener's queue: accept gives it all the same. */
static void early_reset(void)
{
	int at = listener(), port = port_of(at, 0);
	struct linger now = { 1, 0 };
	int fd = connect_to(port);

	say("client", port_of(fd, 0), port, 0, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	fd = accept(at, 0, 0);
	say("server", port, 0, 0, 0);
	close(fd);
}

/* `count` connections one after another, closed at once. */
static void storm(int count)
{
	int at = listener(), port = port_of(at, 0);
	struct linger now = { 1, 0 };

	for (int i = 0; i < count; i++) {
		int fd = connect_to(port), other = accept(at, 0, 0);

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
		close(other);
	}
	say("storm", port, count, 0, 0);
}

/* Opens a connection, says so, and closes it when a line comes on stdin. */
static void held(void)
{
	int at = listener(), port = port_of(at, 0);
	int fd = connect_to(port), other = accept(at, 0, 0);
	char byte;

	say("held", port_of(fd, 0), port, 0, 0);
	if (read(0, &byte, 1) < 0)
		_exit(98);
	close(fd);
	wait_ms(20);
	close(other);
	wait_ms(20);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (argc > 2 && !strcmp(argv[2], "6"))
		family = AF_INET6;
	if (!strcmp(name, "echo"))
		echo();
	else if (!strcmp(name, "refused"))
		refused();
	else if (!strcmp(name, "worker"))
		worker();
	else if (!strcmp(name, "passed"))
		passed();
	else if (!strcmp(name, "reset"))
		reset();
	else if (!strcmp(name, "early-reset"))
		early_reset();
	else if (!strcmp(name, "held"))
		held();
	else if (!strcmp(name, "storm"))
		storm(argc > 3 ? atoi(argv[3]) : 1000);
	else
		return 2;
	return 0;
}
