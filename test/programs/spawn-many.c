/*
 * Starts COUNT processes, PARALLEL at a time, each `PROGRAM TAG NUMBER`, and waits for all.
 *
 * The count comes from here, never from what is being tested. Prints one line of JSON:
 * {"count":…, "failed":…, "wrong_exit":…, "self":PID, "from_ns":…, "to_ns":…} (CLOCK_REALTIME).
 * Usage: spawn-many COUNT PARALLEL TAG PROGRAM
 */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	long count, parallel, started = 0, ended = 0, failed = 0, wrong = 0;
	long long from;

	if (argc != 5) {
		fprintf(stderr, "usage: spawn-many COUNT PARALLEL TAG PROGRAM\n");
		return 2;
	}
	count = atol(argv[1]);
	parallel = atol(argv[2]);
	from = now_ns();
	while (ended < count) {
		while (started < count && started - ended < parallel) {
			char number[24];
			char *args[] = { argv[4], argv[3], number, NULL };
			pid_t pid;

			snprintf(number, sizeof(number), "%ld", started);
			if (posix_spawn(&pid, argv[4], NULL, NULL, args, environ)) {
				failed++;
				ended++;
			}
			started++;
		}
		int status;

		if (waitpid(-1, &status, 0) > 0) {
			ended++;
			if (!WIFEXITED(status) || WEXITSTATUS(status))
				wrong++;
		} else if (errno != EINTR) {
			break;
		}
	}
	printf("{\"count\":%ld,\"failed\":%ld,\"wrong_exit\":%ld,\"self\":%d,\"from_ns\":\"%lld\",\"to_ns\":\"%lld\"}\n",
	       count, failed, wrong, getpid(), from, now_ns());
	return 0;
}
