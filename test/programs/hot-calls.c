/*
 * Makes one call over and over, and says what it cost.
 *
 *     hot-calls null COUNT             getppid, which does nothing
 *     hot-calls read COUNT PATH        open for reading and close
 *     hot-calls write COUNT FOLDER     open for writing and close, FOLDER/0 to FOLDER/COUNT-1, each once
 *     hot-calls prepare COUNT FOLDER   makes these files
 *     hot-calls connect COUNT          connect, accept and close over loopback TCP, both ends
 *     hot-calls dns COUNT              a DNS question and its answer over loopback UDP, in a network namespace of its own
 *
 * Prints one line of JSON: {"count":…, "failed":…, "self":PID, "from_ns":…, "to_ns":…, "cpu_ns":…}: CLOCK_REALTIME,
 * and the CPU time of the calls alone. The count comes from here, never from what is being tested.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* 0 when it worked. */
static int open_close(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	if (fd < 0)
		return 1;
	close(fd);
	return 0;
}

static void fail(const char *what)
{
	perror(what);
	exit(71);
}

static int listener(struct sockaddr_in *at)
{
	socklen_t length = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (void *)at, length) || listen(fd, 16) ||
	    getsockname(fd, (void *)at, &length))
		fail("listen");
	return fd;
}

/* 0 when it worked. The end that opened is reset away, so that no port waits. */
static int connect_accept(int server, const struct sockaddr_in *at)
{
	struct linger none = { .l_onoff = 1 };
	int here = socket(AF_INET, SOCK_STREAM, 0), there;

	if (here < 0 || connect(here, (void *)at, sizeof(*at)))
		return 1;
	there = accept(server, 0, 0);
	setsockopt(here, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(here);
	close(there);
	return there < 0;
}

/* A namespace whose only interface is up, for port 53 may be somebody's outside. */
static void own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd;

	if (unshare(CLONE_NEWNET))
		fail("unshare");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		fail("lo");
	close(fd);
}

/* 0 when it worked. A question of 29 bytes for a name, and its answer: the same with one address behind it. */
static int ask_answer(int asker, int server)
{
	unsigned char question[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				   "\x07" "example" "\x03" "org" "\x00\x00\x01\x00\x01";
	unsigned char answer[64], got[64];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	size_t size = sizeof(question) - 1;

	if (send(asker, question, size, 0) < 0 ||
	    recvfrom(server, got, sizeof(got), 0, (void *)&from, &length) < 0)
		return 1;
	memcpy(answer, question, size);
	answer[2] = 0x81;
	answer[3] = 0x80;
	answer[7] = 1;
	memcpy(answer + size, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01", 16);
	return sendto(server, answer, size + 16, 0, (void *)&from, length) < 0 ||
	       recv(asker, got, sizeof(got), 0) < 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "", *path = argc > 3 ? argv[3] : "";
	long count = argc > 2 ? atol(argv[2]) : 0, failed = 0;
	int flags = strcmp(mode, "prepare") == 0 ? O_WRONLY | O_CREAT : O_WRONLY;
	long long from, to, cpu;
	char (*names)[32] = 0;

	int is_alone = !strcmp(mode, "null") || !strcmp(mode, "connect") || !strcmp(mode, "dns");
	struct sockaddr_in at;
	int server = -1, asker = -1;

	if (count < 1 || (!is_alone && argc < 4)) {
		fprintf(stderr, "usage: hot-calls null|read|write|prepare|connect|dns COUNT [PATH]\n");
		return 64;
	}
	if (strcmp(mode, "connect") == 0)
		server = listener(&at);
	if (strcmp(mode, "dns") == 0) {
		own_network();
		server = socket(AF_INET, SOCK_DGRAM, 0);
		asker = socket(AF_INET, SOCK_DGRAM, 0);
		at = (struct sockaddr_in){ .sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					   .sin_port = htons(53) };
		if (bind(server, (void *)&at, sizeof(at)) || connect(asker, (void *)&at, sizeof(at)))
			fail("port 53");
	}
	if (strcmp(mode, "write") == 0 || strcmp(mode, "prepare") == 0) {
		names = calloc(count, sizeof(*names));
		if (!names || chdir(path)) {
			perror(path);
			return 71;
		}
		for (long i = 0; i < count; i++)
			snprintf(names[i], sizeof(*names), "%ld", i);
	}
	from = now(CLOCK_REALTIME);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	if (strcmp(mode, "null") == 0)
		for (long i = 0; i < count; i++)
			syscall(SYS_getppid);
	else if (asker >= 0)
		for (long i = 0; i < count; i++)
			failed += ask_answer(asker, server);
	else if (server >= 0)
		for (long i = 0; i < count; i++)
			failed += connect_accept(server, &at);
	else if (names)
		for (long i = 0; i < count; i++)
			failed += open_close(names[i], flags);
	else
		for (long i = 0; i < count; i++)
			failed += open_close(path, O_RDONLY);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	to = now(CLOCK_REALTIME);
	printf("{\"count\":%ld, \"failed\":%ld, \"self\":%d, \"from_ns\":\"%lld\", \"to_ns\":\"%lld\", \"cpu_ns\":%lld}\n",
	       count, failed, getpid(), from, to, cpu);
	return 0;
}
