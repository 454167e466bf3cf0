/*
 * Ways to become a process that confuse a naive observer. Each ends in `/bin/true TAG-NAME`; the path of
 * pids from this program to it is printed as JSON: {"name":…, "pids":[…]} with the pid that runs true last.
 * Usage: ancestry TAG NAME   with NAME one of double-fork setsid exec-a thread-exec vfork parent-first
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char word[128];
static volatile pid_t *pids; /* shared: [0] this, [1..] below */

static void run_true(const char *name)
{
	execl("/bin/true", name, word, NULL);
	_exit(127);
}

static void *exec_in_thread(void *unused)
{
	(void)unused;
	run_true("true");
	return NULL;
}

static void wait_all(void)
{
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	const char *name;
	int depth = 1;

	if (argc != 3)
		return 2;
	name = argv[2];
	snprintf(word, sizeof(word), "%s-%s", argv[1], name);
	pids = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pids[0] = getpid();
	/* Orphans come back here, so that this program can wait for them and knows their end. */
	if (!strcmp(name, "double-fork"))
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!strcmp(name, "double-fork")) {
		if (!fork()) {
			pids[1] = getpid();
			if (!fork()) {
				pids[2] = getpid();
				/* The middle one has exited by then: the kernel's parent is the reaper, who forked is not. */
				usleep(100000);
				run_true("true");
			}
			_exit(0);
		}
		depth = 3;
	} else if (!strcmp(name, "setsid")) {
		if (!fork()) {
			pids[1] = getpid();
			setsid();
			run_true("true");
		}
		depth = 2;
	} else if (!strcmp(name, "exec-a")) {
		if (!fork()) {
			pids[1] = getpid();
			run_true("[kworker/0:0]");
		}
		depth = 2;
	} else if (!strcmp(name, "thread-exec")) {
		if (!fork()) {
			pthread_t thread;

			pids[1] = getpid();
			pthread_create(&thread, NULL, exec_in_thread, NULL);
			pause();
		}
		depth = 2;
	} else if (!strcmp(name, "vfork")) {
		pid_t pid = vfork();

		if (!pid) {
			pids[1] = getpid();
			run_true("true");
		}
		depth = 2;
	} else if (!strcmp(name, "parent-first")) {
		if (!fork()) {
			pids[1] = getpid();
			if (!fork()) {
				pids[2] = getpid();
				execl("/bin/sh", "sh", "-c", "sleep 0.2; /bin/true $0; :", word, NULL);
				_exit(127);
			}
			_exit(0);
		}
		depth = 3;
		/* init reaps the orphan; give it the time. */
		usleep(600000);
	} else {
		return 2;
	}
	wait_all();
	printf("{\"name\":\"%s\",\"pids\":[", name);
	for (int i = 0; i < depth; i++)
		printf("%s%d", i ? "," : "", pids[i]);
	printf("]}\n");
	return 0;
}
