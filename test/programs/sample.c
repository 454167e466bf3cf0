/*
 * Stands in for a program that a rule's sample names: under any name it does nothing and ends well.
 *
 *     HG_TO="IP PORT" NAME        connects
 *     HG_AT="IP PORT" NAME        accepts one connection, for 8 s at most
 *     sample memfd NAME ARGV...   runs itself with ARGV from a memfd of that name
 *     sample unlink PATH ARGV...  runs itself with ARGV from a file that was deleted
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static int talk(const char *where, int waits)
{
	char ip[64] = {0};
	const char *space = strchr(where, ' ');
	struct sockaddr_in at = {.sin_family = AF_INET};
	int one = 1, sock = socket(AF_INET, SOCK_STREAM, 0);

	if (!space || (size_t)(space - where) >= sizeof(ip) || sock < 0)
		return 1;
	memcpy(ip, where, space - where);
	inet_pton(AF_INET, ip, &at.sin_addr);
	at.sin_port = htons(atoi(space + 1));
	if (!waits) {
		if (connect(sock, (struct sockaddr *)&at, sizeof(at)))
			return 1;
		usleep(100000);
		return 0;
	}
	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	alarm(8);
	if (bind(sock, (struct sockaddr *)&at, sizeof(at)) || listen(sock, 4))
		return 1;
	return accept(sock, NULL, NULL) < 0;
}

static int run_without_file(int in_memory, const char *name, char **argv)
{
	struct stat own;
	int fd, from = open("/proc/self/exe", O_RDONLY);

	if (from < 0 || fstat(from, &own))
		return 1;
	fd = in_memory ? memfd_create(name, 0) : open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	if (fd < 0 || sendfile(fd, from, NULL, own.st_size) != own.st_size)
		return 1;
	if (!in_memory) {
		/* A file that is open for writing cannot be run. */
		close(fd);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		unlink(name);
	}
	fexecve(fd, argv, environ);
	return 1;
}

int main(int argc, char **argv)
{
	const char *to = getenv("HG_TO"), *at = getenv("HG_AT");

	if (to || at)
		return talk(to ? to : at, !to);
	if (argc > 3 && (!strcmp(argv[1], "memfd") || !strcmp(argv[1], "unlink")))
		return run_without_file(argv[1][0] == 'm', argv[2], argv + 3);
	return 0;
}
