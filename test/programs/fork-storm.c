/*
 * Forks children that exit at once, as fast as it can or at a pace, and counts them.
 *
 * Every child exits with its number modulo 256. Prints {"count":…, "self":PID, "from_ns":…, "to_ns":…}.
 * Usage: fork-storm SECONDS PER_SECOND(0 = unpaced)
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
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
	long long from, start, until, interval;
	double per_second;
	long count = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: fork-storm SECONDS PER_SECOND\n");
		return 2;
	}
	per_second = atof(argv[2]);
	interval = per_second > 0 ? (long long)(1e9 / per_second) : 0;
	from = clock_ns(CLOCK_REALTIME);
	start = clock_ns(CLOCK_MONOTONIC);
	until = start + (long long)(atof(argv[1]) * 1e9);
	while (clock_ns(CLOCK_MONOTONIC) < until) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (!pid)
			_exit(count & 0xff);
		waitpid(pid, NULL, 0);
		count++;
		if (interval) {
			long long next = start + count * interval;
			struct timespec t = { next / 1000000000LL, next % 1000000000LL };

			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		}
	}
	printf("{\"count\":%ld,\"self\":%d,\"from_ns\":\"%lld\",\"to_ns\":\"%lld\"}\n", count, getpid(), from,
	       clock_ns(CLOCK_REALTIME));
	return 0;
}
