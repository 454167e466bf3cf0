/*
 * For programs that make a system call through each of its doors: the x86-64 ABI, x32, and the
 * 32-bit ABI by `int $0x80`; and that say in JSON, one event a line, what a sensor should tell of it.
 *
 * Pointers for the 32-bit ABI must lie below 4 GiB: `low` gives such memory.
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum door { NATIVE, X32, COMPAT };
static const char *const door_names[] = { "native", "x32", "compat" };

#define X32_BIT 0x40000000

static long call(enum door door, long native, long compat, long a, long b, long c, long d, long e)
{
	long result;

	if (door != COMPAT) {
		result = syscall(door == X32 ? native + X32_BIT : native, a, b, c, d, e, 0l);
		return result < 0 ? -errno : result;
	}
#ifdef __x86_64__
	result = compat;
	/* The sixth argument is 0 here, too: it lies in ebp. */
	__asm__ volatile("mov %%rbp, %%r12\n\txor %%ebp, %%ebp\n\tint $0x80\n\tmov %%r12, %%rbp"
			 : "+a"(result)
			 : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11", "r12");
	return (int)result;
#else
	return -ENOSYS;
#endif
}

/* In a child: without the door it may die. */
static int has_door(enum door door)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(call(door, SYS_getppid, 64, 0, 0, 0, 0, 0) == getppid() ? 0 : 1);
	waitpid(child, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static char *low_memory;
static size_t low_used;

static void *low(size_t bytes)
{
	void *found;

	if (!low_memory)
		low_memory = mmap(0, 1 << 16, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	found = low_memory + low_used;
	low_used += (bytes + 15) & ~15ul;
	if (low_memory == MAP_FAILED || low_used > 1 << 16)
		_exit(70);
	memset(found, 0, bytes);
	return found;
}

static long text(const char *value)
{
	return (long)strcpy(low(strlen(value) + 1), value);
}

/* A child that does nothing and does not outlive its parent. */
static pid_t sleeper(void)
{
	pid_t parent = getpid(), child;

	fflush(stdout);
	child = fork();
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void must(int is_so, const char *what)
{
	if (is_so)
		return;
	perror(what);
	_exit(71);
}

/* Runs `what` in a child of its own and waits for it. */
static void in_child(void (*what)(enum door), enum door door)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		what(door);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (status) {
		fprintf(stderr, "a child through the door %s ended with %#x\n", door_names[door], status);
		exit(72);
	}
}

/*
 * One line: {"operation":…,"door":…,"pid":…,"columns":{"errno":…, MORE}}. `more` is a format that
 * begins with a comma.
 */
static void say(const char *operation, enum door door, long result, const char *more, ...)
{
	va_list arguments;

	printf("{\"operation\":\"%s\",\"door\":\"%s\",\"pid\":%d,\"columns\":{\"tid\":%ld,\"errno\":%ld",
	       operation, door_names[door], getpid(), syscall(SYS_gettid), result < 0 ? -result : 0);
	va_start(arguments, more);
	vprintf(more, arguments);
	va_end(arguments);
	printf("}}\n");
	fflush(stdout);
}
