/*
 * Families of processes, by name. Each process says `role pid ppid` on stdout as it
 * sees it, so that a reader of the sensor's rows knows what must be there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void say(const char *role, long a, long b)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s %ld %ld\n", role, a, b);

	if (write(1, line, n) != n)
		_exit(99);
}

static void say_self(const char *role)
{
	say(role, getpid(), getppid());
}

static void wait_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, 0);
}

static char *program;

static void *exec_in_thread(void *unused)
{
	char *argv[] = { "from-thread", 0 };

	(void)unused;
	execv(program, argv);
	_exit(98);
}

static void double_fork(void)
{
	pid_t child = fork();

	if (child == 0) {
		pid_t middle = getpid();

		if (fork() == 0) {
			while (getppid() == middle)
				wait_ms(1);
			say("grandchild", getpid(), middle);
			_exit(7);
		}
		say_self("child");
		_exit(0);
	}
	waitpid(child, 0, 0);
	wait_ms(50);
}

static void new_session(void)
{
	pid_t child = fork();

	if (child == 0) {
		char *argv[] = { program, "session", 0 };

		setsid();
		say_self("session");
		execv(program, argv);
		_exit(98);
	}
	waitpid(child, 0, 0);
}

static void disguise(void)
{
	pid_t child = fork();

	if (child == 0) {
		char *argv[] = { "[kworker/0:1]", "--hidden", 0 };

		say_self("disguised");
		execv(program, argv);
		_exit(98);
	}
	waitpid(child, 0, 0);
}

static void thread_exec(void)
{
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		say_self("threaded");
		pthread_create(&thread, 0, exec_in_thread, 0);
		pthread_join(thread, 0);
		_exit(97);
	}
	waitpid(child, 0, 0);
}

static void vfork_exec(void)
{
	pid_t child = vfork();

	if (child == 0) {
		char *argv[] = { program, "vforked", 0 };

		execv(program, argv);
		_exit(98);
	}
	say("vforked", child, getpid());
	waitpid(child, 0, 0);
}

static void parent_first(void)
{
	pid_t child = fork();

	if (child == 0) {
		pid_t parent = getpid();
		pid_t last = fork();

		if (last == 0) {
			char *argv[] = { program, "orphan", 0 };

			while (getppid() == parent)
				wait_ms(1);
			say("orphan", getpid(), getppid());
			execv(program, argv);
			_exit(98);
		}
		say("leaving", getpid(), getppid());
		_exit(0);
	}
	waitpid(child, 0, 0);
	wait_ms(100);
}

static void endings(void)
{
	static const int codes[] = { 0, 1, 42, 255 };
	static const int signals[] = { SIGKILL, SIGTERM, SIGSEGV };
	struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	for (unsigned i = 0; i < 4; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(codes[i]);
		waitpid(child, 0, 0);
		say("code", child, codes[i]);
	}
	for (unsigned i = 0; i < 3; i++) {
		pid_t child = fork();

		if (child == 0) {
			raise(signals[i]);
			pause();
		}
		waitpid(child, 0, 0);
		say("signal", child, signals[i]);
	}
}

static void *sleep_in_thread(void *ms)
{
	wait_ms((long)ms);
	return 0;
}

/* Works for a while, and on until the leader is a zombie: on a busy machine that may take longer. */
static void *outlive_leader(void *ms)
{
	char path[64], line[256], *state;
	int fd, length;

	wait_ms((long)ms);
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	for (;;) {
		fd = open(path, O_RDONLY);
		length = fd < 0 ? 0 : (int)read(fd, line, sizeof(line) - 1);
		close(fd);
		line[length > 0 ? length : 0] = 0;
		state = strrchr(line, ')');
		if (state && state[1] == ' ' && state[2] == 'Z')
			return 0;
		wait_ms(1);
	}
}

/* The leader ends before its last thread; and threads that all end at once. */
static void threads(void)
{
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, 0, outlive_leader, (void *)50);
		say_self("leader-first");
		pthread_exit(0);
	}
	waitpid(child, 0, 0);
	for (int round = 0; round < 20; round++) {
		child = fork();
		if (child == 0) {
			pthread_t threads[8];

			for (int i = 0; i < 8; i++)
				pthread_create(&threads[i], 0, sleep_in_thread, (void *)2);
			say_self("together");
			pthread_exit(0);
		}
		waitpid(child, 0, 0);
	}
}

static void burn(void)
{
	pid_t child = fork();
	struct rusage use;
	int status;

	if (child == 0) {
		size_t bytes = 32 << 20;
		char *memory = malloc(bytes);
		clock_t end = clock() + CLOCKS_PER_SEC * 3 / 10;
		volatile unsigned long sum = 0;

		memset(memory, 1, bytes);
		while (clock() < end) {
			sum += memory[sum % bytes];
			getppid();
			syscall(SYS_getpid);
		}
		/*
		 * The scheduler counts a slice when it ends: at a tick, which an emulated
		 * machine may deliver 80 ms late, or when the process sleeps.
		 */
		wait_ms(1);
		_exit(0);
	}
	wait4(child, &status, 0, &use);
	say("burnt", child, getpid());
	say("user-us", child, use.ru_utime.tv_sec * 1000000 + use.ru_utime.tv_usec);
	say("system-us", child, use.ru_stime.tv_sec * 1000000 + use.ru_stime.tv_usec);
	say("rss-kb", child, use.ru_maxrss);
}

static void reuse_pid(void)
{
	for (int round = 0; round < 200; round++) {
		char text[32];
		pid_t first = fork(), second;
		int fd;

		if (first == 0)
			_exit(11);
		waitpid(first, 0, 0);
		fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
		snprintf(text, sizeof(text), "%d", first - 1);
		if (fd < 0 || write(fd, text, strlen(text)) < 0)
			break;
		close(fd);
		second = fork();
		if (second == 0)
			_exit(12);
		waitpid(second, 0, 0);
		if (second == first) {
			say("reused", first, getpid());
			return;
		}
	}
	say("not-reused", 0, 0);
}

static void failed(void)
{
	char *argv[] = { "missing", "one", "\xff\xfe", 0 };
	char *none[] = { 0 };
	int fd;

	execv("/nonexistent/program", argv);
	say("errno", errno, getpid());
	fd = open("/", O_RDONLY | O_DIRECTORY);
	syscall(SYS_execveat, fd, "nonexistent-at", argv, none, 0);
	say("errno-at", errno, getpid());
#ifdef __x86_64__
	{
		/* The 32-bit door of a 64-bit program: pointers must lie below 4 GiB. */
		char *low = mmap(0, 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		unsigned *argv32 = (unsigned *)(low + 1024);
		long result = 11;

		if (fork() == 0) {
			strcpy(low, "/nonexistent/compat");
			strcpy(low + 512, "compat-argument");
			argv32[0] = (unsigned)(unsigned long)(low + 512);
			argv32[1] = 0;
			__asm__ volatile("int $0x80"
					 : "+a"(result)
					 : "b"(low), "c"(argv32), "d"(0)
					 : "memory", "r8", "r9", "r10", "r11");
			say("errno-compat", -result, getpid());
			_exit(0);
		}
		wait(0);
	}
#endif
}

static void memfd(void)
{
	pid_t child = fork();

	if (child == 0) {
		char *argv[] = { "in-memory", 0 }, *none[] = { 0 };
		char block[65536];
		int from = open(program, O_RDONLY), to = memfd_create("payload", MFD_CLOEXEC);
		ssize_t n;

		while ((n = read(from, block, sizeof(block))) > 0)
			if (write(to, block, n) != n)
				_exit(96);
		say_self("memfd");
		syscall(SYS_execveat, to, "", argv, none, AT_EMPTY_PATH);
		_exit(98);
	}
	waitpid(child, 0, 0);
}

static void deleted(const char *copy)
{
	pid_t child = fork();

	if (child == 0) {
		char *argv[] = { "gone", 0 }, *none[] = { 0 };
		int fd = open(copy, O_RDONLY | O_CLOEXEC);

		unlink(copy);
		say_self("deleted");
		syscall(SYS_execveat, fd, "", argv, none, AT_EMPTY_PATH);
		_exit(98);
	}
	waitpid(child, 0, 0);
}

/* A program with a terminal of its own; it says what it knows on descriptor 9, not on the terminal. */
static void terminal(void)
{
	int master;
	pid_t child;

	dup2(1, 9);
	child = forkpty(&master, 0, 0, 0);
	if (child == 0) {
		char *argv[] = { program, "terminal", 0 };

		setenv("HG_WHO_FD", "9", 1);
		execv(program, argv);
		_exit(98);
	}
	waitpid(child, 0, 0);
	say("terminal", child, getpid());
}

/* Many short processes, in `width` lines at once; says nothing but its own pid. */
static void storm(int count, int width)
{
	for (int i = 0; i < width; i++) {
		if (fork() == 0) {
			for (int n = i; n < count; n += width) {
				pid_t child = vfork();

				if (child == 0)
					_exit(n & 127);
				waitpid(child, 0, 0);
			}
			_exit(0);
		}
	}
	while (wait(0) > 0)
		;
	say("storm", getpid(), count + width);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	program = argc > 2 ? argv[2] : "/bin/true";
	signal(SIGCHLD, SIG_DFL);
	say_self("self");
	if (!strcmp(name, "double-fork"))
		double_fork();
	else if (!strcmp(name, "session"))
		new_session();
	else if (!strcmp(name, "disguise"))
		disguise();
	else if (!strcmp(name, "thread-exec"))
		thread_exec();
	else if (!strcmp(name, "vfork"))
		vfork_exec();
	else if (!strcmp(name, "parent-first"))
		parent_first();
	else if (!strcmp(name, "endings"))
		endings();
	else if (!strcmp(name, "threads"))
		threads();
	else if (!strcmp(name, "burn"))
		burn();
	else if (!strcmp(name, "reuse-pid"))
		reuse_pid();
	else if (!strcmp(name, "failed"))
		failed();
	else if (!strcmp(name, "memfd"))
		memfd();
	else if (!strcmp(name, "deleted"))
		deleted(argc > 3 ? argv[3] : "");
	else if (!strcmp(name, "terminal"))
		terminal();
	else if (!strcmp(name, "storm"))
		storm(atoi(program), argc > 3 ? atoi(argv[3]) : 4);
	else
		return 2;
	return 0;
}
