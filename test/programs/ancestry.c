/*
 * Ways to become a process that confuse a naive observer. Each ends in `/bin/true TAG-NAME`; the path of
 * pids from this program to it is printed as JSON: {"name":…, "pids":[…]} with the pid that runs true last.
 *
 * `pid-reuse` gives the last pid to two processes, one after the other: a child of this program, whose command
 * line ends in -first-N, and then a child of its child. {"first":N} says which try it was; 0 when others always
 * took the pid.
 * Usage: ancestry TAG NAME
 *        with NAME one of double-fork setsid exec-a thread-exec vfork parent-first pid-reuse
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

/*
 * fork(2) of a child with this pid: as a restorer of checkpoints asks for it, clone3(2) of Linux 5.5, in no way
 * disturbed by what others fork meanwhile, and where /proc/sys can only be read. -1 with EEXIST when somebody has
 * the pid.
 */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (unsigned long)&pid,
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* One try: true when the pid of a child of ours was given again, to a child of another child. */
static int reuse_pid(int number)
{
	pid_t one, middle;
	int status = 0;

	pids[1] = 0;
	/* Not into what is shared: the child would write its zero there, now and then after our pid. */
	one = fork();
	if (!one) {
		char first[160];

		snprintf(first, sizeof(first), "%s-first-%d", word, number);
		execl("/bin/true", "true", first, NULL);
		_exit(127);
	}
	pids[2] = one;
	waitpid(one, NULL, 0);
	middle = fork();
	if (!middle) {
		pid_t again = fork_as(one);

		if (!again)
			run_true("true");
		if (again < 0 && errno != EEXIST) {
			perror("clone3 with set_tid");
			_exit(1);
		}
		if (again > 0) {
			waitpid(again, NULL, 0);
			pids[1] = getpid();
		}
		_exit(0);
	}
	waitpid(middle, &status, 0);
	if (status)
		exit(1);
	return pids[1] != 0;
}

static void wait_all(void)
{
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	const char *name;
	int depth = 1, first = 0;

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
	} else if (!strcmp(name, "pid-reuse")) {
		for (int number = 1; number <= 50 && !first; number++)
			if (reuse_pid(number))
				first = number;
		depth = 3;
	} else {
		return 2;
	}
	wait_all();
	printf("{\"name\":\"%s\",\"first\":%d,\"pids\":[", name, first);
	for (int i = 0; i < depth; i++)
		printf("%s%d", i ? "," : "", pids[i]);
	printf("]}\n");
	return 0;
}
