/*
 * Requests through io_uring, in a folder and on loopback of a network namespace of its own; says on stdout what it
 * has asked for and what came of it:
 *
 *     ring NAME pid fd entries flags
 *     register pid fd opcode arguments result
 *     compat-ring pid fd entries flags register-result     through the 32-bit ABI, where there is one
 *     NAME pid opcode fd result PATH|- PATH2|-      each that is told one by one
 *     moved NAME pid opcode fd count                those that are counted
 *
 *     uring-doors FOLDER      an empty folder: it becomes the working folder
 *
 * Needs root. What is left in the folder is its caller's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "uring.h"

static char text[256];

static void fail(const char *what)
{
	perror(what);
	_exit(90);
}

#define say(...)                                                     \
	do {                                                         \
		char line[9000];                                     \
		int n = snprintf(line, sizeof(line), __VA_ARGS__);   \
		if (write(1, line, n) != n)                          \
			_exit(91);                                   \
	} while (0)

static unsigned long at(const void *pointer)
{
	return (unsigned long)pointer;
}

/* Does one request, and says so. */
static int once(struct uring *ring, const char *name, struct io_uring_sqe request, const char *path,
		const char *path2)
{
	int result = uring_do(ring, &request);

	say("%s %d %d %d %d %s %s\n", name, getpid(), request.opcode, request.fd, result,
	    path ? path : "-", path2 ? path2 : "-");
	return result;
}

/* Does a request `count` times, and says so once. */
static void often(struct uring *ring, const char *name, struct io_uring_sqe request, int count)
{
	for (int i = 0; i < count; i++)
		if (uring_do(ring, &request) < 0)
			fail(name);
	say("moved %s %d %d %d %d\n", name, getpid(), request.opcode, request.fd, count);
}

static void open_ring(struct uring *ring, const char *name, unsigned flags)
{
	if (uring_open(ring, 8, flags))
		fail("io_uring_setup");
	say("ring %s %d %d 8 %u\n", name, getpid(), ring->fd, flags);
}

static void names(struct uring *ring, const char *prefix, int folder)
{
	struct open_how how = { .flags = O_RDONLY };
	char long_path[4000], a[64], b[64], name[64];
	int fd;

#define named(what) (snprintf(name, sizeof(name), "%s%s", prefix, what), name)
	snprintf(a, sizeof(a), "%sa", prefix);
	snprintf(b, sizeof(b), "%sb", prefix);
	fd = once(ring, named("create"),
		  (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = at(a),
					 .len = 0600, .open_flags = O_CREAT | O_RDWR },
		  a, 0);
	close(fd);
	fd = once(ring, named("openat2"),
		  (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT2, .fd = folder, .addr = at(a),
					 .len = sizeof(how), .off = at(&how) },
		  a, 0);
	close(fd);
	once(ring, named("missing"),
	     (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = folder, .addr = at("nothing") },
	     "nothing", 0);
	once(ring, named("rename"),
	     (struct io_uring_sqe){ .opcode = IORING_OP_RENAMEAT, .fd = folder, .addr = at(a),
				    .len = (unsigned)AT_FDCWD, .off = at(b) },
	     a, b);
	once(ring, named("link"),
	     (struct io_uring_sqe){ .opcode = IORING_OP_LINKAT, .fd = folder, .addr = at(b),
				    .len = folder, .off = at(a) },
	     b, a);
	once(ring, named("unlink"),
	     (struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = at(b) }, b,
	     0);
	once(ring, named("symlink"),
	     (struct io_uring_sqe){ .opcode = IORING_OP_SYMLINKAT, .fd = folder,
				    .addr = at("/where/it/leads"), .off = at(b) },
	     "/where/it/leads", b);
	memset(long_path, 'p', sizeof(long_path) - 1);
	long_path[3999] = 0;
	once(ring, named("mkdir"),
	     (struct io_uring_sqe){ .opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD,
				    .addr = at(long_path), .len = 0700 },
	     long_path, 0);
}

static void data(struct uring *ring)
{
	int fd = open("data", O_CREAT | O_RDWR, 0600), other = open("other", O_CREAT | O_RDWR, 0600);
	struct io_uring_sqe write_it = { .opcode = IORING_OP_WRITE, .fd = fd, .addr = at(text),
					 .len = 10 };
	struct io_uring_sqe read_it = { .opcode = IORING_OP_READ, .fd = fd, .addr = at(text),
					.len = 10 };
	int files[2] = { other, fd };
	long result;

	often(ring, "write", write_it, 7);
	often(ring, "read", read_it, 3);
	write_it.fd = other;
	often(ring, "write-other", write_it, 1);
	/* Another file in the same place, and most likely in the same memory of the kernel. */
	close(other);
	other = open("third", O_CREAT | O_RDWR, 0600);
	write_it.fd = other;
	often(ring, "write-third", write_it, 2);
	result = syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_FILES, files, 2);
	say("register %d %d %d 2 %ld\n", getpid(), ring->fd, IORING_REGISTER_FILES, result);
	write_it.fd = 1;
	write_it.flags = IOSQE_FIXED_FILE;
	often(ring, "write-fixed", write_it, 2);
}

static void network(struct uring *ring)
{
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	struct sockaddr_in to = { .sin_family = AF_INET }, nowhere = { .sin_family = AF_INET };
	struct sockaddr_in6 nowhere6 = { .sin6_family = AF_INET6, .sin6_port = htons(78) };
	socklen_t length = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, accepted;

	if (ioctl(listener, SIOCSIFFLAGS, &up))
		fail("lo");
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&to, length) || listen(listener, 4) ||
	    getsockname(listener, (void *)&to, &length))
		fail("listen");
	fd = once(ring, "socket",
		  (struct io_uring_sqe){ .opcode = IORING_OP_SOCKET, .fd = AF_INET,
					 .off = SOCK_STREAM },
		  0, 0);
	if (fd < 0)
		fd = socket(AF_INET, SOCK_STREAM, 0);
	once(ring, "connect",
	     (struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = fd, .addr = at(&to),
				    .off = sizeof(to) },
	     0, 0);
	accepted = uring_do(ring, &(struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT,
							  .fd = listener });
	if (accepted < 0)
		fail("accept");
	say("moved accept %d %d %d 1\n", getpid(), IORING_OP_ACCEPT, listener);
	say("connected %d %d %d\n", getpid(), ntohs(to.sin_port), accepted);
	often(ring, "send",
	      (struct io_uring_sqe){ .opcode = IORING_OP_SEND, .fd = fd, .addr = at(text), .len = 5 },
	      4);
	often(ring, "recv",
	      (struct io_uring_sqe){ .opcode = IORING_OP_RECV, .fd = accepted, .addr = at(text),
				     .len = 5 },
	      2);
	close(accepted);
	close(fd);
	/* Nobody listens there. */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	nowhere.sin_port = htons(77);
	nowhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	once(ring, "refused",
	     (struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = fd, .addr = at(&nowhere),
				    .off = sizeof(nowhere) },
	     0, 0);
	close(fd);
	/* No way there: the SYN never leaves. */
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	inet_pton(AF_INET6, "2001:db8::7", &nowhere6.sin6_addr);
	once(ring, "no-route",
	     (struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = fd, .addr = at(&nowhere6),
				    .off = sizeof(nowhere6) },
	     0, 0);
	close(fd);
}

#ifdef __x86_64__
static long compat_call(long number, long b, long c, long d, long s)
{
	__asm__ volatile("int $0x80"
			 : "+a"(number)
			 : "b"(b), "c"(c), "d"(d), "S"(s)
			 : "memory", "r8", "r9", "r10", "r11");
	return number;
}

/* A ring through `int $0x80`, which takes 32-bit pointers also from a 64-bit program. */
static void compat_ring(void)
{
	struct io_uring_params *params = mmap(0, 4096, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	params->flags = IORING_SETUP_CLAMP;
	/* A child of its own: where there is no such door it dies. */
	if (fork() == 0) {
		long fd = compat_call(425, 4, (long)params, 0, 0), result;

		if (fd < 0)
			_exit(0);
		/* No files to take away. */
		result = compat_call(427, fd, IORING_UNREGISTER_FILES, 0, 0);
		say("compat-ring %d %ld 4 %u %ld\n", getpid(), fd, IORING_SETUP_CLAMP, result);
		_exit(0);
	}
	wait(0);
}
#endif

/* One request that accepts for as long as the ring is there. */
static void many_accepts(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t length = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fds[2], accepted = -1;
	struct uring ring;

	open_ring(&ring, "many", 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&to, length) || listen(listener, 4) ||
	    getsockname(listener, (void *)&to, &length))
		fail("listen");
	for (int i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fds[i], (void *)&to, length))
			fail("connect");
		/* The second one is there already: the same request gives it. */
		if (i == 1)
			accepted = uring_do(&ring, &(struct io_uring_sqe){
							   .opcode = IORING_OP_ACCEPT,
							   .fd = listener,
							   .ioprio = IORING_ACCEPT_MULTISHOT });
	}
	if (accepted < 0)
		fail("accept");
	say("many %d %d\n", getpid(), ntohs(to.sin_port));
}

int main(int argc, char **argv)
{
	struct uring ring, thread;
	int folder;

	if (argc < 2 || chdir(argv[1]) || unshare(CLONE_NEWNET))
		fail("folder or namespace");
	folder = open(".", O_RDONLY | O_DIRECTORY);
	memset(text, 'x', sizeof(text));
	open_ring(&ring, "plain", 0);
	names(&ring, "", folder);
	data(&ring);
	network(&ring);
	open_ring(&thread, "thread", IORING_SETUP_SQPOLL);
	names(&thread, "thread-", folder);
	many_accepts();
#ifdef __x86_64__
	compat_ring();
#endif
	return 0;
}
