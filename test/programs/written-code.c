/*
 * Writes a file, renames it, and maps it to be executed: by mmap twice, and by mprotect of a mapping that was made
 * without that right. The one who writes is a child. Then maps a file that is older than all of it.
 * Prints {"self":…, "writer":…, "inode":"…", "size":…}.
 * Usage: written-code FOLDER OLD_FILE
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int is_done, const char *what)
{
	if (is_done)
		return;
	perror(what);
	exit(1);
}

static void *map(const char *path, int protection)
{
	int fd = open(path, O_RDONLY);
	void *at;

	must(fd >= 0, path);
	at = mmap(NULL, 4096, protection, MAP_PRIVATE, fd, 0);
	must(at != MAP_FAILED, "mmap");
	close(fd);
	return at;
}

int main(int argc, char **argv)
{
	static const char page[4096];
	struct stat file;
	pid_t writer;
	int status;

	if (argc != 3) {
		fprintf(stderr, "usage: written-code FOLDER OLD_FILE\n");
		return 2;
	}
	must(!chdir(argv[1]), argv[1]);
	writer = fork();
	if (!writer) {
		int fd = open("draft", O_CREAT | O_EXCL | O_WRONLY, 0700);

		must(fd >= 0 && write(fd, page, sizeof(page)) == sizeof(page), "draft");
		_exit(0);
	}
	must(waitpid(writer, &status, 0) == writer && !status, "writer");
	must(!rename("draft", "code") && !stat("code", &file), "rename");
	map("code", PROT_READ | PROT_EXEC);
	map("code", PROT_READ | PROT_EXEC);
	must(!mprotect(map("code", PROT_READ), 4096, PROT_READ | PROT_EXEC), "mprotect");
	map(argv[2], PROT_READ | PROT_EXEC);
	printf("{\"self\":%d,\"writer\":%d,\"inode\":\"%lu\",\"size\":%ld}\n", getpid(), writer,
	       (unsigned long)file.st_ino, (long)file.st_size);
	return 0;
}
