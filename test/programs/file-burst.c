/*
 * Opens files for writing, as fast as it can, and counts: each of PATHS paths with flags of its own, again and again.
 *
 * Makes the files in FOLDER first; those creations are counted, too. When CGROUP is given it puts itself there before
 * all that, which is not counted. One process; each of THREADS threads opens all of the paths. Files stay for whoever
 * made the folder.
 * Prints {"count":…, "self":PID, "from_ns":…, "to_ns":…} (CLOCK_REALTIME) at the end.
 * Usage: file-burst SECONDS[,ROUNDS] PATHS FOLDER THREADS [CGROUP]; so many rounds over the paths at least, or one
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long paths, rounds = 1;
static char (*names)[256];
static long long until;
static const int flags[] = { O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDWR | O_NONBLOCK };

static long long clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void must_open(const char *path, int with)
{
	int fd = open(path, with, 0600);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
}

/* Whole rounds; gives how many opens that were. */
static void *open_all(void *unused)
{
	long count = 0, at;

	(void)unused;
	do {
		for (at = 0; at < paths; at++)
			must_open(names[at], flags[at % (sizeof(flags) / sizeof(*flags))]);
		count += paths;
	} while (count < rounds * paths || clock_ns(CLOCK_MONOTONIC) < until);
	return (void *)count;
}

int main(int argc, char **argv)
{
	long long from = clock_ns(CLOCK_REALTIME);
	long count = 0, at;
	pthread_t threads[64];
	int many, one;
	char *end;

	if (argc != 5 && argc != 6) {
		fprintf(stderr, "usage: file-burst SECONDS[,ROUNDS] PATHS FOLDER THREADS [CGROUP]\n");
		return 2;
	}
	many = atoi(argv[4]) > 64 ? 64 : atoi(argv[4]);
	paths = atol(argv[2]);
	names = malloc(paths * sizeof(*names));
	if (argc == 6) {
		char procs[4096];
		int fd;

		snprintf(procs, sizeof(procs), "%s/cgroup.procs", argv[5]);
		fd = open(procs, O_WRONLY);
		if (fd < 0 || write(fd, "0", 1) != 1) {
			perror(procs);
			return 1;
		}
		close(fd);
	}
	for (at = 0; at < paths; at++) {
		snprintf(names[at], sizeof(*names), "%s/file-%ld", argv[3], at);
		must_open(names[at], O_CREAT | O_EXCL | O_WRONLY);
		count++;
	}
	until = clock_ns(CLOCK_MONOTONIC) + (long long)(strtod(argv[1], &end) * 1e9);
	if (*end == ',')
		rounds = atol(end + 1);
	for (one = 0; one < many; one++)
		if (pthread_create(&threads[one], NULL, open_all, NULL))
			return 1;
	for (one = 0; one < many; one++) {
		void *opens;

		pthread_join(threads[one], &opens);
		count += (long)opens;
	}
	printf("{\"count\":%ld,\"self\":%d,\"from_ns\":\"%lld\",\"to_ns\":\"%lld\"}\n", count, getpid(),
	       from, clock_ns(CLOCK_REALTIME));
	return 0;
}
