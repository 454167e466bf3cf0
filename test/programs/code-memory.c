/*
 * Everything that the probe `memory` reports, once through each door; says what it did as doors.h
 * has it.
 *
 *     code-memory [jit COUNT]
 *
 * Needs root, for what a user is refused and for the memory of others: children of its own.
 */
#include "doors.h"
#include <grp.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define PAGE 4096ul
/* Bits of the table's flags. */
enum { WAS_WRITTEN = 1, STACK = 2, HEAP = 4 };

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static long map(enum door door, long length, int protection, int flags, int fd)
{
	unsigned *words;

	if (door != COMPAT)
		return syscall(door == X32 ? SYS_mmap + X32_BIT : SYS_mmap, 0l, length, (long)protection,
			       (long)flags, (long)fd, 0l);
	/* The first mmap there takes its arguments in memory. */
	words = low(24);
	words[1] = length;
	words[2] = protection;
	words[3] = flags;
	words[4] = fd;
	return (unsigned)call(COMPAT, 0, 90, (long)words, 0, 0, 0, 0);
}

static long protect(enum door door, long address, long length, int protection)
{
	return call(door, SYS_mprotect, 125, address, length, protection, 0, 0);
}

static void say_memory(const char *operation, enum door door, long result, long address, long length,
		       int protection, int flags, const char *more)
{
	say(operation, door, result,
	    ",\"address\":\"%ld\",\"bytes\":\"%ld\",\"protection\":%d,\"flags\":%d%s", address, length,
	    protection, flags, more);
}

static void anonymous(enum door door)
{
	int both = MAP_PRIVATE | MAP_ANONYMOUS | (door == COMPAT ? MAP_32BIT : 0);
	char more[64];
	long at;

	snprintf(more, sizeof(more), ",\"callFlags\":\"%d\",\"path\":\"\"", both);
	at = map(door, 2 * PAGE, PROT_READ | PROT_EXEC, both, -1);
	say_memory("mapAnonymous", door, 0, at, 2 * PAGE, 5, 0, more);
	at = map(door, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, both, -1);
	say_memory("mapAnonymous", door, 0, at, PAGE, 7, 0, more);
	if (door == COMPAT) {
		at = (unsigned)call(COMPAT, 0, 192, 0, PAGE, PROT_EXEC, both, -1);
		say_memory("mapAnonymous", door, 0, at, PAGE, 4, 0, more);
	}
	at = map(door, 3 * PAGE, PROT_READ | PROT_WRITE, both, -1);
	must(protect(door, at, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
	say_memory("protectAnonymous", door, 0, at, PAGE, 5, 0, "");
	at = map(door, 3 * PAGE, PROT_READ | PROT_WRITE, both, -1);
	memset((void *)at, 0xc3, PAGE);
	must(protect(door, at, 2 * PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
	say_memory("protectAnonymous", door, 0, at, 2 * PAGE, 5, WAS_WRITTEN, "");
	must(protect(door, at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0, "mprotect");
	say_memory("protectAnonymous", door, 0, at, PAGE, 7, WAS_WRITTEN, "");
	/* pkey_mprotect without a key is mprotect. */
	must(call(door, SYS_pkey_mprotect, 380, at, PAGE, PROT_EXEC, -1, 0) == 0, "pkey_mprotect");
	say_memory("protectAnonymous", door, 0, at, PAGE, 4, WAS_WRITTEN, "");
	/* Takes the right away: not told. */
	must(protect(door, at, 2 * PAGE, PROT_READ) == 0, "mprotect");
}

static void stack_and_heap(enum door door)
{
	volatile char local[2 * PAGE];
	long at = ((long)local + PAGE - 1) & ~(PAGE - 1);
	char *end = sbrk(0), *heap;

	local[0] = 1;
	if (door == COMPAT)
		return;
	must(protect(door, at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0, "stack");
	say_memory("protectAnonymous", door, 0, at, PAGE, 7, WAS_WRITTEN | STACK, "");
	heap = (char *)(((long)end + PAGE - 1) & ~(PAGE - 1));
	must(brk(heap + 2 * PAGE) == 0, "brk");
	heap[0] = 1;
	must(protect(door, (long)heap, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0, "heap");
	say_memory("protectAnonymous", door, 0, (long)heap, PAGE, 7, WAS_WRITTEN | HEAP, "");
}

static int new_file(char *path)
{
	int fd;

	strcpy(path, "/tmp/hg-code-XXXXXX");
	fd = mkstemp(path);
	must(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0, "file");
	printf("{\"file\":\"%s\"}\n", path);
	fflush(stdout);
	return fd;
}

static void files(enum door door)
{
	int where = door == COMPAT ? MAP_32BIT : 0, fd, memory;
	char path[64], name[64], more[256];
	struct stat file;
	long at;

	fd = new_file(path);
	fstat(fd, &file);
	snprintf(more, sizeof(more), ",\"path\":\"%s\",\"inode\":\"%lu\"", path, file.st_ino);
	at = map(door, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | where, fd);
	*(char *)at = 1;
	must(protect(door, at, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
	say_memory("protectWritten", door, 0, at, PAGE, 5, WAS_WRITTEN, more);
	at = map(door, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | where, fd);
	say_memory("mapWritable", door, 0, at, PAGE, 7, 0, more);
	/* Of a file that has a name and was not written through this mapping: not told. */
	at = map(door, PAGE, PROT_READ, MAP_PRIVATE | where, fd);
	must(protect(door, at, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
	map(door, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | where, fd);
	unlink(path);
	at = map(door, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | where, fd);
	say_memory("mapUnlinked", door, 0, at, PAGE, 5, 0, more);

	snprintf(name, sizeof(name), "hg-%s", door_names[door]);
	memory = call(door, SYS_memfd_create, 356, text(name), MFD_CLOEXEC, 0, 0, 0);
	must(memory >= 0 && ftruncate(memory, PAGE) == 0, "memfd_create");
	fstat(memory, &file);
	snprintf(more, sizeof(more), ",\"path\":\"memfd:%s\",\"inode\":\"%lu\"", name, file.st_ino);
	say("memfdCreate", door, 0, ",\"callFlags\":\"1\"%s", more);
	at = map(door, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | where, memory);
	say_memory("mapUnlinked", door, 0, at, PAGE, 5, 0, more);
	at = map(door, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | where, memory);
	must(protect(door, at, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
	say_memory("protectUnlinked", door, 0, at, PAGE, 5, 0, more);
	memory = call(door, SYS_memfd_secret, 447, 0, 0, 0, 0, 0);
	if (memory >= 0)
		say("memfdSecret", door, 0, ",\"callFlags\":\"0\"");
}

static void shared(enum door door)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	long at;

	must(id >= 0, "shmget");
	/* Gone with the last who has it. */
	at = call(door, SYS_shmat, 397, id, 0, SHM_EXEC, 0, 0);
	if (door == COMPAT) {
		unsigned *where = low(4);

		say("attachShared", door, 0, ",\"address\":\"%u\",\"protection\":7,\"inode\":\"%d\",\"callFlags\":\"%d\"",
		    (unsigned)at, id, SHM_EXEC);
		must(call(door, 0, 117, 21, id, SHM_EXEC | SHM_RDONLY, (long)where, 0) == 0, "ipc");
		say("attachShared", door, 0, ",\"address\":\"%u\",\"protection\":5,\"inode\":\"%d\",\"callFlags\":\"%d\"",
		    *where, id, SHM_EXEC | SHM_RDONLY);
	} else {
		say("attachShared", door, 0, ",\"address\":\"%ld\",\"protection\":7,\"inode\":\"%d\",\"callFlags\":\"%d\"",
		    at, id, SHM_EXEC);
	}
	/* Not to be executed: not told. */
	call(door, SYS_shmat, 397, id, 0, 0, 0, 0);
	shmctl(id, IPC_RMID, 0);
}

static char others[64] = "memory of another";

static void processes(enum door door)
{
	struct iovec *local = low(sizeof(*local)), *remote = low(sizeof(*remote));
	unsigned *short_local = low(8), *short_remote = low(8);
	char *buffer = low(64), *theirs = low(64);
	long number = door == X32 ? 539 : SYS_process_vm_readv, a, b;
	pid_t child = sleeper();

	local->iov_base = buffer;
	remote->iov_base = theirs;
	local->iov_len = remote->iov_len = 17;
	short_local[0] = (unsigned)(long)buffer;
	short_remote[0] = (unsigned)(long)theirs;
	short_local[1] = short_remote[1] = 17;
	a = door == NATIVE ? (long)local : (long)short_local;
	b = door == NATIVE ? (long)remote : (long)short_remote;
	must(call(door, number, 347, child, a, 1, b, 1) == 17, "process_vm_readv");
	say("processRead", door, 0, ",\"targetPid\":%d,\"targetTid\":%d,\"bytes\":\"17\",\"address\":\"%ld\"", child,
	    child, (long)theirs);
	number += 1;
	must(call(door, number, 348, child, a, 1, b, 1) == 17, "process_vm_writev");
	say("processWrite", door, 0, ",\"targetPid\":%d,\"bytes\":\"17\",\"address\":\"%ld\"", child, (long)theirs);
	kill(child, SIGKILL);
	waitpid(child, 0, 0);
}

/* By each of the calls that write; each in a process of its own, as repeats are told together. */
static void process_files(enum door door)
{
	static const int natives[] = { SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_pwritev2 };
	static const int x32s[] = { SYS_write, SYS_pwrite64, 516, 535, 547 };
	static const int compats[] = { 4, 181, 146, 334, 379 };
	char *theirs = low(64), *what = low(64), path[32];
	struct iovec *part = low(sizeof(*part));
	unsigned *short_part = low(8);
	long parts = door == NATIVE ? (long)part : (long)short_part;
	struct stat file;

	part->iov_base = what;
	short_part[0] = (unsigned)(long)what;
	part->iov_len = short_part[1] = 17;
	for (int i = 0; i < 5; i++) {
		pid_t child = sleeper();
		int is_vector = i >= 2, fd;
		long written;

		snprintf(path, sizeof(path), "/proc/%d/mem", child);
		fd = call(door, SYS_open, 5, text(path), O_RDWR, 0, 0, 0);
		must(fd >= 0 && fstat(fd, &file) == 0, "/proc/PID/mem");
		say("procOpen", door, 0, ",\"targetPid\":%d,\"path\":\"%s\",\"inode\":\"%lu\"", child, path,
		    file.st_ino);
		/* To be read only: not told. */
		close(call(door, SYS_open, 5, text(path), O_RDONLY, 0, 0, 0));
		if (i == 0 || i == 2)
			must(lseek(fd, (long)theirs, SEEK_SET) == (long)theirs, "lseek");
		written = call(door, door == X32 ? x32s[i] : natives[i], compats[i], fd,
			       is_vector ? parts : (long)what, is_vector ? 1 : 17, (long)theirs, 0);
		must(written == 17, "write");
		say("procWrite", door, 0,
		    ",\"targetPid\":%d,\"path\":\"%s\",\"bytes\":\"17\",\"address\":\"%ld\"", child, path,
		    (long)theirs);
		close(fd);
		kill(child, SIGKILL);
		waitpid(child, 0, 0);
	}
}

/* Of the process that is traced by nobody and is not ours to look at. */
static void refused(enum door door)
{
	struct iovec *part = low(sizeof(*part));
	unsigned *short_part = low(8);
	long given = door == NATIVE ? (long)part : (long)short_part, result;

	part->iov_base = others;
	part->iov_len = 8;
	short_part[1] = 8;
	must(setgroups(0, 0) == 0 && setresgid(74001, 74001, 74001) == 0 && setresuid(74001, 74001, 74001) == 0,
	     "setresuid");
	result = call(door, door == X32 ? 539 : SYS_process_vm_readv, 347, 1, given, 1, given, 1);
	say("processRead", door, result, ",\"targetPid\":1,\"bytes\":\"0\"");
	result = call(door, SYS_userfaultfd, 374, O_CLOEXEC, 0, 0, 0, 0);
	if (result >= 0 || result == -EPERM)
		say("userfaultfd", door, result, ",\"callFlags\":\"%d\"", O_CLOEXEC);
}

/* What a JIT compiler does: writes code and makes it executable, again and again. */
static void jit(long count)
{
	char *at = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < count; i++) {
		must(mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0, "to write");
		at[0] = (char)0xc3;
		must(mprotect(at, PAGE, PROT_READ | PROT_EXEC) == 0, "to execute");
	}
	say("protectAnonymous", NATIVE, 0, ",\"count\":\"%ld\",\"bytes\":\"%ld\",\"address\":\"%ld\"", count,
	    count * (long)PAGE, (long)at);
}

int main(int argc, char **argv)
{
	static void (*const all[])(enum door) = { anonymous,	 stack_and_heap, files,	 shared,
						  processes, process_files,	 refused };

	if (argc > 2 && !strcmp(argv[1], "jit")) {
		jit(atol(argv[2]));
		return 0;
	}
	for (enum door door = NATIVE; door <= COMPAT; door++) {
		if (!has_door(door))
			continue;
		printf("{\"has\":\"%s\"}\n", door_names[door]);
		for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			in_child(all[i], door);
	}
	return 0;
}
