/*
 * Says what a process knows of itself, as one JSON line on the descriptor named by
 * HG_WHO_FD (1 by default): what the sensor's rows are compared with.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[65536];
static int length;

static void add_link(const char *name, const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = 0;
	length += snprintf(text + length, sizeof(text) - length, ",\"%s\":\"%s\"", name, target);
}

static void add_line(const char *name, const char *path, const char *prefix)
{
	char line[4096];
	FILE *file = fopen(path, "r");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, prefix, strlen(prefix)))
			continue;
		line[strcspn(line, "\n")] = 0;
		length += snprintf(text + length, sizeof(text) - length, ",\"%s\":\"%s\"", name,
				   line + strlen(prefix) + strspn(line + strlen(prefix), " \t"));
		break;
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	struct stat file;
	char stat_line[4096], *field;
	char *cwd = getcwd(0, 0), *tty = ttyname(0);
	const char *fd = getenv("HG_WHO_FD");
	size_t argv_bytes = 0;
	int stat_fd = open("/proc/self/stat", O_RDONLY);
	ssize_t n = read(stat_fd, stat_line, sizeof(stat_line) - 1);

	stat_line[n < 0 ? 0 : n] = 0;
	field = strrchr(stat_line, ')') + 2;
	for (int i = 3; i < 22; i++)
		field = strchr(field, ' ') + 1;
	for (int i = 0; i < argc; i++)
		argv_bytes += strlen(argv[i]) + 1;
	stat("/proc/self/exe", &file);
	length = snprintf(text, sizeof(text),
			  "{\"pid\":%d,\"ppid\":%d,\"uid\":%d,\"euid\":%d,\"gid\":%d,\"egid\":%d,"
			  "\"argc\":%d,\"argvBytes\":%zu,\"cwd\":\"%s\",\"tty\":\"%s\","
			  "\"startTicks\":%ld,\"inode\":%lu,\"device\":%lu",
			  getpid(), getppid(), getuid(), geteuid(), getgid(), getegid(), argc,
			  argv_bytes, cwd ? cwd : "", tty ? tty : "", atol(field),
			  (unsigned long)file.st_ino, (unsigned long)file.st_dev);
	add_link("exe", "/proc/self/exe");
	add_link("mountNs", "/proc/self/ns/mnt");
	add_link("pidNs", "/proc/self/ns/pid_for_children");
	add_link("netNs", "/proc/self/ns/net");
	add_link("userNs", "/proc/self/ns/user");
	add_line("capEff", "/proc/self/status", "CapEff:");
	add_line("capPrm", "/proc/self/status", "CapPrm:");
	add_line("capInh", "/proc/self/status", "CapInh:");
	add_line("nsPids", "/proc/self/status", "NSpid:");
	add_line("loginUid", "/proc/self/loginuid", "");
	add_line("sessionId", "/proc/self/sessionid", "");
	add_line("unified", "/proc/self/cgroup", "0::");
	length += snprintf(text + length, sizeof(text) - length, "}\n");
	if (write(fd ? atoi(fd) : 1, text, length) != length)
		return 1;
	return 0;
}
