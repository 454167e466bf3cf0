/*
 * Round trips on loopback: one byte there and one back, between two processes. For each line on stdin,
 * says how long a batch took, in ns by the clock and in CPU time of both processes.
 *
 *     round-trip tcp|udp COUNT       COUNT round trips a batch
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	_exit(90);
}

static long now(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return at.tv_sec * 1000000000L + at.tv_nsec;
}

/* Sends back what comes, and at the end of a batch its own CPU time. */
static void echo(int fd, int report, long count)
{
	for (;;) {
		long cpu = now(CLOCK_PROCESS_CPUTIME_ID);
		char one;

		for (long i = 0; i < count; i++)
			if (read(fd, &one, 1) != 1 || write(fd, &one, 1) != 1)
				_exit(0);
		cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		if (write(report, &cpu, sizeof(cpu)) != sizeof(cpu))
			_exit(0);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int type = argc > 1 && strcmp(argv[1], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	long count = argc > 2 ? atol(argv[2]) : 1000;
	socklen_t length = sizeof(at);
	int here = socket(AF_INET, type, 0), there = socket(AF_INET, type, 0), report[2];
	char line[64];
	pid_t child;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(there, (void *)&at, length) || getsockname(there, (void *)&at, &length) ||
	    pipe(report))
		fail("bind");
	if (type == SOCK_STREAM && listen(there, 1))
		fail("listen");
	if (connect(here, (void *)&at, length))
		fail("connect");
	if (type == SOCK_STREAM) {
		there = accept(there, 0, 0);
	} else {
		getsockname(here, (void *)&at, &length);
		if (connect(there, (void *)&at, length))
			fail("connect back");
	}
	setsockopt(here, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	setsockopt(there, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		echo(there, report[1], count);
	}
	while (fgets(line, sizeof(line), stdin)) {
		long cpu = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC), other;
		char one = 'x';

		for (long i = 0; i < count; i++)
			if (write(here, &one, 1) != 1 || read(here, &one, 1) != 1)
				fail("round trip");
		wall = now(CLOCK_MONOTONIC) - wall;
		cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		if (read(report[0], &other, sizeof(other)) != sizeof(other))
			fail("report");
		printf("%ld %ld\n", wall, cpu + other);
		fflush(stdout);
	}
	kill(child, SIGKILL);
	waitpid(child, 0, 0);
	return 0;
}
