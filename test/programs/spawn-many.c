/*
 * Starts COUNT processes, PARALLEL at a time, each `PROGRAM TAG NUMBER`, and waits for all.
 *
 * The count comes from here, never from what is being tested. Prints one line of JSON:
 * {"count":…, "failed":…, "wrong_exit":…, "self":PID, "from_ns":…, "to_ns":…, "cpu_us":…}: CLOCK_REALTIME, and
 * the CPU time between the two of this program and of all that it started and waited for.
 * A start is a posix_spawn(3), or fork(2) and execve(2) as a shell does it. They are not the same thing: glibc's
 * posix_spawn asks for each signal's action before the exec, over a hundred system calls.
 * Usage: spawn-many COUNT PARALLEL TAG PROGRAM [fork]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

static long long used_us(int who)
{
	struct rusage use;

	getrusage(who, &use);
	return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000LL + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
}

static long long cpu_us(void)
{
	return used_us(RUSAGE_SELF) + used_us(RUSAGE_CHILDREN);
}

/* 0 when it was started. */
static int start(char **args, int by_fork)
{
	pid_t pid;

	if (!by_fork)
		return posix_spawn(&pid, args[0], NULL, NULL, args, environ);
	pid = fork();
	if (!pid) {
		execve(args[0], args, environ);
		_exit(127);
	}
	return pid < 0;
}

int main(int argc, char **argv)
{
	long count, parallel, started = 0, ended = 0, failed = 0, wrong = 0;
	long long from, to, cpu;

	int by_fork = argc == 6 && !strcmp(argv[5], "fork");

	if (argc != 5 && !by_fork) {
		fprintf(stderr, "usage: spawn-many COUNT PARALLEL TAG PROGRAM [fork]\n");
		return 2;
	}
	count = atol(argv[1]);
	parallel = atol(argv[2]);
	cpu = cpu_us();
	from = now_ns();
	while (ended < count) {
		while (started < count && started - ended < parallel) {
			char number[24];
			char *args[] = { argv[4], argv[3], number, NULL };

			snprintf(number, sizeof(number), "%ld", started);
			if (start(args, by_fork)) {
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
	to = now_ns();
	cpu = cpu_us() - cpu;
	printf("{\"count\":%ld,\"failed\":%ld,\"wrong_exit\":%ld,\"self\":%d,\"from_ns\":\"%lld\",\"to_ns\":\"%lld\",\"cpu_us\":%lld}\n",
	       count, failed, wrong, getpid(), from, to, cpu);
	return 0;
}
