/*
 * Opens numbered TCP connections to a listener of its own on loopback, at a pace or as fast as it can.
 *
 * The number is in the destination: 127.A.B.C with A.B.C = BASE + n, so that every connect event carries
 * the number that this program counted. One process, one thread: connect, accept, close both ends.
 * Prints {"count":…, "port":…, "self":PID, "from_ns":…, "to_ns":…} (CLOCK_REALTIME) at the end.
 * Usage: numbered-connects SECONDS PER_SECOND(0 = unpaced) BASE
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct sockaddr_in any = { .sin_family = AF_INET }, to = { .sin_family = AF_INET };
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	socklen_t length = sizeof(any);
	long long from, start, until, interval;
	long base, count = 0;
	double per_second;
	int listener, one = 1;

	if (argc != 4) {
		fprintf(stderr, "usage: numbered-connects SECONDS PER_SECOND BASE\n");
		return 2;
	}
	per_second = atof(argv[2]);
	base = atol(argv[3]);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) || listen(listener, 128)) {
		perror("listen");
		return 1;
	}
	getsockname(listener, (struct sockaddr *)&any, &length);
	to.sin_port = any.sin_port;
	printf("{\"ready\":true,\"port\":%d,\"self\":%d}\n", ntohs(any.sin_port), getpid());
	fflush(stdout);
	from = clock_ns(CLOCK_REALTIME);
	start = clock_ns(CLOCK_MONOTONIC);
	until = start + (long long)(atof(argv[1]) * 1e9);
	interval = per_second > 0 ? (long long)(1e9 / per_second) : 0;
	while (clock_ns(CLOCK_MONOTONIC) < until) {
		int client, server;

		to.sin_addr.s_addr = htonl(0x7f000000u | ((base + count) & 0xffffff));
		client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		/* No TIME_WAIT: it would use up the ports of a run that is not paced. */
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		if (connect(client, (struct sockaddr *)&to, sizeof(to))) {
			perror("connect");
			return 1;
		}
		server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (server < 0) {
			perror("accept");
			return 1;
		}
		close(client);
		close(server);
		count++;
		if (interval) {
			long long next = start + count * interval;
			struct timespec t = { next / 1000000000LL, next % 1000000000LL };

			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		}
	}
	printf("{\"count\":%ld,\"port\":%d,\"self\":%d,\"from_ns\":\"%lld\",\"to_ns\":\"%lld\"}\n", count,
	       ntohs(any.sin_port), getpid(), from, clock_ns(CLOCK_REALTIME));
	return 0;
}
