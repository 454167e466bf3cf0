/*
 * Does one thing after another to files in a folder, each through each door: the system calls of the x86-64 ABI,
 * of x32 and of the 32-bit one (`int $0x80`). Says of each, as one line of JSON, what it did to which file, as
 * stat(2) has it, before the next. The refused ones are done by a child that is nobody.
 *
 * "named": the call had only names, no descriptor. What a kernel does not offer is said with its errno.
 * Usage: file-doors FOLDER   (absolute, without symbolic links, empty; run by root)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define X32_BIT 0x40000000
#define NONE (-1)

enum abi { NATIVE, X32, COMPAT };
static const char *const abi_names[] = { "native", "x32", "compat" };
static enum abi abi;
/* Below 4 GiB, so that `int $0x80` reaches it. */
static char *low;
static size_t used;
static char folder[4096];

static long compat_call(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static long native_call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "memory", "rcx", "r11");
	return result;
}

/* Calls by the number of the present ABI; -ENOSYS where that has none. */
static long call(long number, long compat_number, long a, long b, long c, long d, long e)
{
	if (abi == COMPAT)
		return compat_number == NONE ? -ENOSYS :
					       (int)compat_call(compat_number, a, b, c, d, e);
	return number == NONE ? -ENOSYS :
				native_call(abi == X32 ? number | X32_BIT : number, a, b, c, d, e);
}

static char *keep(const char *text)
{
	char *copy = low + used;

	used += strlen(text) + 1;
	return strcpy(copy, text);
}

/* The path of a name in the folder, below 4 GiB. */
static char *in(const char *name)
{
	char text[8192];

	snprintf(text, sizeof(text), "%s/%s", folder, name);
	return keep(text);
}

static void die(const char *what, long error)
{
	fprintf(stderr, "%s (%s): %s\n", what, abi_names[abi], strerror(error));
	exit(1);
}

static void make(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path, errno);
	close(fd);
}

struct told {
	const char *operation;
	const char *path;
	const char *second;
	long flags;
	int error;
	int named;
	/* Of chown and chmod: what it was asked for. */
	long owner;
	long group;
	int is_chmod;
};

static void tell(const char *door, const struct told *told, const struct stat *file)
{
	struct stat none = {};

	if (!file)
		file = &none;
	printf("{\"door\":\"%s %s\",\"pid\":%d,\"operation\":\"%s\",\"path\":\"%s\",\"second\":\"%s\",",
	       abi_names[abi], door, getpid(), told->operation, told->path,
	       told->second ? told->second : "");
	printf("\"inode\":\"%lu\",\"device\":%u,\"mode\":%u,\"owner\":%ld,\"group\":%ld,\"size\":%ld,",
	       (unsigned long)file->st_ino, major(file->st_dev) << 20 | minor(file->st_dev),
	       told->is_chmod ? file->st_mode & 07777 : file->st_mode,
	       told->owner ? told->owner : (long)file->st_uid,
	       told->group ? told->group : (long)file->st_gid, (long)file->st_size);
	printf("\"openFlags\":%ld,\"errno\":%d,\"named\":%s}\n", told->flags, told->error,
	       told->named ? "true" : "false");
	fflush(stdout);
}

/* Whether the call succeeded; says so when the kernel does not offer it. Dies of anything else. */
static int worked(const char *door, long result)
{
	if (result >= 0)
		return 1;
	if (result != -ENOSYS && result != -EOPNOTSUPP)
		die(door, -result);
	printf("{\"missing\":\"%s %s\",\"errno\":%ld}\n", abi_names[abi], door, -result);
	return 0;
}

/* An open and what it said. Closes the descriptor. */
static void opened(const char *door, const char *operation, const char *path, long flags, long fd)
{
	struct told told = { .operation = operation, .path = path, .flags = flags };
	struct stat file;

	if (!worked(door, fd))
		return;
	if (fstat(fd, &file))
		die(door, errno);
	told.flags = fcntl(fd, F_GETFL) | (flags & (O_CREAT | O_EXCL | O_TRUNC));
	close(fd);
	tell(door, &told, &file);
}

static void opens(int directory)
{
	/* Nothing else is there yet. */
	struct open_how *how = (void *)low;
	struct file_handle *handle;
	int mount, any;

	used += sizeof(*how);
	handle = (void *)(low + used);
	used += 256;
	opened("creat", "create", in("created"), O_CREAT | O_TRUNC,
	       call(SYS_creat, 8, (long)in("created"), 0640, 0, 0, 0));
	make(in("file"), "content");
	opened("open", "write", in("file"), O_WRONLY,
	       call(SYS_open, 5, (long)in("file"), O_WRONLY, 0, 0, 0));
	opened("open created", "create", in("new"), O_RDWR | O_CREAT | O_EXCL,
	       call(SYS_open, 5, (long)in("new"), O_RDWR | O_CREAT | O_EXCL, 0600, 0, 0));
	opened("openat", "write", in("file"), O_WRONLY | O_APPEND,
	       call(SYS_openat, 295, directory, (long)keep("file"), O_WRONLY | O_APPEND, 0, 0));
	opened("openat emptied", "write", in("file"), O_TRUNC,
	       call(SYS_openat, 295, directory, (long)keep("./file"), O_RDWR | O_TRUNC, 0, 0));
	how->flags = O_RDWR;
	how->mode = 0;
	how->resolve = 0;
	opened("openat2", "write", in("file"), O_RDWR,
	       call(SYS_openat2, 437, directory, (long)keep("file"), (long)how, sizeof(*how), 0));
	handle->handle_bytes = 128;
	any = name_to_handle_at(AT_FDCWD, in("file"), handle, &mount, 0);
	if (!any)
		opened("open_by_handle_at", "write", in("file"), O_WRONLY | O_NONBLOCK,
		       call(SYS_open_by_handle_at, 342, directory, (long)handle,
			    O_WRONLY | O_NONBLOCK, 0, 0));
	else
		worked("open_by_handle_at", -errno);
	/* Sensitive by its name, and under another one by its inode. */
	if (mkdir(in("hg-secret"), 0755))
		die("mkdir", errno);
	make(in("hg-secret/hg-key"), "secret");
	if (link(in("hg-secret/hg-key"), in("other-name")))
		die("link", errno);
	opened("open read", "read", in("hg-secret/hg-key"), O_RDONLY,
	       call(SYS_open, 5, (long)in("hg-secret/hg-key"), O_RDONLY, 0, 0, 0));
	opened("openat read", "read", in("other-name"), O_RDONLY,
	       call(SYS_openat, 295, directory, (long)keep("other-name"), O_RDONLY, 0, 0));
	/* And one that is not. */
	close(call(SYS_open, 5, (long)in("file"), O_RDONLY, 0, 0, 0));
}

static void refused_by_nobody(int directory)
{
	struct told told = { .operation = "write", .error = EACCES, .named = 1 };
	pid_t child;
	int status;

	make(in("locked"), "");
	if (chmod(in("locked"), 0600) || chmod(in("hg-secret/hg-key"), 0600))
		die("chmod", errno);
	fflush(stdout);
	child = fork();
	if (child) {
		if (waitpid(child, &status, 0) != child || status)
			die("child", ECHILD);
		return;
	}
	if (setgid(65534) || setuid(65534))
		die("setuid", errno);
	told.path = in("locked");
	told.flags = O_WRONLY | O_APPEND;
	if (call(SYS_open, 5, (long)in("locked"), told.flags, 0, 0, 0) != -EACCES)
		die("open", EEXIST);
	tell("open refused", &told, NULL);
	told.path = in("forbidden");
	told.flags = O_CREAT | O_WRONLY | O_TRUNC;
	if (call(SYS_creat, 8, (long)in("forbidden"), 0600, 0, 0, 0) != -EACCES)
		die("creat", EEXIST);
	tell("creat refused", &told, NULL);
	told.operation = "read";
	told.path = in("hg-secret/hg-key");
	told.flags = O_RDONLY | O_NONBLOCK;
	if (call(SYS_openat, 295, directory, (long)keep("hg-secret//hg-key"), told.flags, 0, 0) !=
	    -EACCES)
		die("openat", EEXIST);
	tell("openat read refused", &told, NULL);
	/* No event: not sensitive; not there; there already. */
	call(SYS_open, 5, (long)in("locked"), O_RDONLY, 0, 0, 0);
	call(SYS_open, 5, (long)in("absent"), O_WRONLY, 0, 0, 0);
	fflush(stdout);
	_exit(0);
}

/* A call that changed names. `stat_path` has the file now. */
static void named(const char *door, const char *operation, const char *path, const char *second,
		  const char *stat_path, long result)
{
	struct told told = {
		.operation = operation, .path = path, .second = second, .named = 1,
	};
	struct stat file;

	if (!worked(door, result))
		return;
	if (lstat(stat_path, &file))
		die(door, errno);
	tell(door, &told, &file);
}

static void removed(const char *door, const char *path, const struct stat *before, long result)
{
	struct told told = { .operation = "delete", .path = path, .named = 1 };

	if (worked(door, result))
		tell(door, &told, before);
}

static void names(int directory)
{
	struct stat before;

	make(in("a"), "a");
	named("rename", "rename", in("a"), in("b"), in("b"),
	      call(SYS_rename, 38, (long)in("a"), (long)in("b"), 0, 0, 0));
	named("renameat", "rename", in("b"), in("c"), in("c"),
	      call(SYS_renameat, 302, directory, (long)keep("b"), AT_FDCWD, (long)in("c"), 0));
	make(in("d"), "dd");
	named("renameat2 exchange", "rename", in("c"), in("d"), in("d"),
	      call(SYS_renameat2, 353, directory, (long)keep("c"), directory, (long)keep("d"),
		   RENAME_EXCHANGE));
	named("link", "link", in("c"), in("e"), in("e"),
	      call(SYS_link, 9, (long)in("c"), (long)in("e"), 0, 0, 0));
	named("linkat", "link", in("c"), in("f"), in("f"),
	      call(SYS_linkat, 303, directory, (long)keep("c"), directory, (long)keep("f"), 0));
	named("symlink", "symlink", in("s"), "../some where", in("s"),
	      call(SYS_symlink, 83, (long)keep("../some where"), (long)in("s"), 0, 0, 0));
	named("symlinkat", "symlink", in("t"), "target", in("t"),
	      call(SYS_symlinkat, 304, (long)keep("target"), directory, (long)keep("t"), 0, 0));
	named("mkdir", "create directory", in("m"), NULL, in("m"),
	      call(SYS_mkdir, 39, (long)in("m"), 0750, 0, 0, 0));
	named("mkdirat", "create directory", in("n"), NULL, in("n"),
	      call(SYS_mkdirat, 296, directory, (long)keep("n"), 0700, 0, 0));
	named("mknod", "mknod", in("p"), NULL, in("p"),
	      call(SYS_mknod, 14, (long)in("p"), S_IFIFO | 0600, 0, 0, 0));
	named("mknodat", "create", in("q"), NULL, in("q"),
	      call(SYS_mknodat, 297, directory, (long)keep("q"), S_IFREG | 0640, 0, 0));
	lstat(in("e"), &before);
	removed("unlink", in("e"), &before, call(SYS_unlink, 10, (long)in("e"), 0, 0, 0, 0));
	lstat(in("s"), &before);
	removed("unlinkat", in("s"), &before,
		call(SYS_unlinkat, 301, directory, (long)keep("s"), 0, 0, 0));
	lstat(in("m"), &before);
	removed("rmdir directory", in("m"), &before, call(SYS_rmdir, 40, (long)in("m"), 0, 0, 0, 0));
	lstat(in("n"), &before);
	removed("unlinkat directory", in("n"), &before,
		call(SYS_unlinkat, 301, directory, (long)keep("n"), AT_REMOVEDIR, 0, 0));
}

/* A call that changed attributes of `file`. */
static void changed(const char *door, const char *operation, int is_named, long owner, long group,
		    long result)
{
	struct told told = {
		.operation = operation,
		.path = in("file"),
		.named = is_named,
		.owner = owner,
		.group = group,
		.is_chmod = !strcmp(operation, "chmod"),
	};
	struct stat file;

	if (!worked(door, result))
		return;
	if (stat(in("file"), &file))
		die(door, errno);
	tell(door, &told, &file);
}

static void attributes(int directory)
{
	const long keep_id = 0xffffffffl;
	int fd = open(in("file"), O_RDONLY);
	char *path = in("file");

	changed("chmod", "chmod", 1, 0, 0, call(SYS_chmod, 15, (long)path, 0600, 0, 0, 0));
	changed("fchmod", "chmod", 0, 0, 0, call(SYS_fchmod, 94, fd, 0644, 0, 0, 0));
	changed("fchmodat", "chmod", 1, 0, 0,
		call(SYS_fchmodat, 306, directory, (long)keep("file"), 04755, 0, 0));
	changed("fchmodat2", "chmod", 0, 0, 0, call(452, 452, fd, (long)keep(""), 0640, AT_EMPTY_PATH, 0));
	changed("chown", "chown", 1, 1, 2, call(SYS_chown, 212, (long)path, 1, 2, 0, 0));
	changed("lchown", "chown", 1, 3, keep_id, call(SYS_lchown, 198, (long)path, 3, -1, 0, 0));
	changed("fchown", "chown", 0, keep_id, 4, call(SYS_fchown, 207, fd, -1, 4, 0, 0));
	changed("fchownat", "chown", 1, 70000, 5,
		call(SYS_fchownat, 298, directory, (long)keep("file"), 70000, 5, 0));
	changed("fchownat by descriptor", "chown", 0, 6, 7,
		call(SYS_fchownat, 298, fd, (long)keep(""), 6, 7, AT_EMPTY_PATH));
	if (abi == COMPAT) {
		changed("chown16", "chown", 1, 8, 9, call(NONE, 182, (long)path, 8, 9, 0, 0));
		changed("lchown16", "chown", 1, keep_id, 10,
			call(NONE, 16, (long)path, 0xffff, 10, 0, 0));
		changed("fchown16", "chown", 0, 11, 12, call(NONE, 95, fd, 11, 12, 0, 0));
	}
	close(fd);
	changed("truncate", "truncate", 1, 0, 0, call(SYS_truncate, 92, (long)path, 4096, 0, 0, 0));
	if (abi == COMPAT)
		changed("truncate64", "truncate", 1, 0, 0,
			call(NONE, 193, (long)path, 1, 1, 0, 0));
	fd = open(path, O_RDWR | O_NOATIME);
	if (fd < 0)
		die("open", errno);
	changed("ftruncate", "truncate", 0, 0, 0, call(SYS_ftruncate, 93, fd, 8192, 0, 0, 0));
	if (abi == COMPAT)
		changed("ftruncate64", "truncate", 0, 0, 0, call(NONE, 194, fd, 2, 1, 0, 0));
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: file-doors FOLDER\n");
		return 2;
	}
	umask(0);
	low = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		die("mmap", errno);
	for (abi = NATIVE; abi <= COMPAT; abi++) {
		int directory = -1;

		used = 0;
		if (abi == X32 && call(SYS_getpid, NONE, 0, 0, 0, 0, 0) != getpid()) {
			printf("{\"missing\":\"x32\",\"errno\":%d}\n", ENOSYS);
			continue;
		}
		snprintf(folder, sizeof(folder), "%s/%s", argv[1], abi_names[abi]);
		if (mkdir(folder, 0755) || (directory = open(folder, O_RDONLY | O_DIRECTORY)) < 0)
			die(folder, errno);
		opens(directory);
		refused_by_nobody(directory);
		names(directory);
		attributes(directory);
		close(directory);
	}
	return 0;
}
