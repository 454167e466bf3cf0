/*
 * Runs `/bin/true TAG-NUMBER-NS` COUNT times, with NS the CLOCK_REALTIME just before each exec,
 * stamped by the child itself. PAUSE_MS apart. Prints {"count":…, "self":PID, "from_ns":…, "to_ns":…}.
 * Usage: stamped-execs COUNT PAUSE_MS TAG
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	long count, pause_ms;
	long long from;

	if (argc != 4) {
		fprintf(stderr, "usage: stamped-execs COUNT PAUSE_MS TAG\n");
		return 2;
	}
	count = atol(argv[1]);
	pause_ms = atol(argv[2]);
	from = now_ns();
	for (long i = 0; i < count; i++) {
		struct timespec t = { pause_ms / 1000, pause_ms % 1000 * 1000000 };
		pid_t pid = fork();

		if (!pid) {
			char word[128];

			snprintf(word, sizeof(word), "%s-%ld-%lld", argv[3], i, now_ns());
			execl("/bin/true", "true", word, NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
		nanosleep(&t, NULL);
	}
	printf("{\"count\":%ld,\"self\":%d,\"from_ns\":\"%lld\",\"to_ns\":\"%lld\"}\n", count, getpid(), from, now_ns());
	return 0;
}
