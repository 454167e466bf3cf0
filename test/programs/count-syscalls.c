/*
 * Runs a program and counts the system calls that it and all its descendants return from: how often a program
 * on sys_exit runs because of them. Counted by ptrace(2), so not by anything that is being tested.
 *
 * What does not return (exit_group, a call that a signal ends for good) is not counted, and neither is it by
 * that tracepoint. Prints {"count":…, "processes":…} after what the program prints.
 * Usage: count-syscalls PROGRAM [ARGUMENT…]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		       PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	long count = 0, processes = 1;
	int status, code = 0;
	pid_t child, pid;

	if (argc < 2) {
		fprintf(stderr, "usage: count-syscalls PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		/* Until here it is this program: counting begins when it goes on. */
		raise(SIGSTOP);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, child, 0, options) || ptrace(PTRACE_SYSCALL, child, 0, 0)) {
		perror("ptrace");
		return 1;
	}
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		struct __ptrace_syscall_info info;
		int deliver = 0;

		if (pid < 0)
			continue;
		if (!WIFSTOPPED(status)) {
			if (pid == child)
				code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
			    info.op == PTRACE_SYSCALL_INFO_EXIT)
				count++;
		} else if (status >> 16 == PTRACE_EVENT_FORK || status >> 16 == PTRACE_EVENT_VFORK ||
			   status >> 16 == PTRACE_EVENT_CLONE) {
			processes++;
		} else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP) {
			/* A new process begins with a SIGSTOP that is ptrace's own; any other signal is its. */
			deliver = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, 0, deliver);
	}
	printf("{\"count\":%ld,\"processes\":%ld}\n", count, processes);
	return code;
}
