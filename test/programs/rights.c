/*
 * Everything that the probe `cred` reports, once through each door; says what it did as doors.h has
 * it, with what was true of itself before and after, from /proc.
 *
 *     rights [repeats COUNT | threads | nested]
 *
 * Needs root. Each thing is done in a child, in namespaces of its own where it would change the
 * machine; calls that could do harm are made such that they fail.
 */
#include "doors.h"
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>

#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif

/* By the names of /proc/PID/ns. */
static const char *const ns_files[] = { "mnt", "net", "user", "uts", "ipc", "cgroup", "time_for_children" };
static const char *const ns_columns[] = { "MountNs", "NetNs", "UserNs", "UtsNs", "IpcNs", "CgroupNs", 0 };

struct state {
	unsigned uid[4], gid[4];
	unsigned long long inheritable, permitted, effective, bounding, ambient;
	unsigned securebits;
	unsigned ns[7];
};

static void look(struct state *now)
{
	char line[512], path[64];
	FILE *status = fopen("/proc/thread-self/status", "r");

	must(status != 0, "status");
	memset(now, 0, sizeof(*now));
	while (fgets(line, sizeof(line), status)) {
		sscanf(line, "Uid: %u %u %u %u", now->uid, now->uid + 1, now->uid + 2, now->uid + 3);
		sscanf(line, "Gid: %u %u %u %u", now->gid, now->gid + 1, now->gid + 2, now->gid + 3);
		sscanf(line, "CapInh: %llx", &now->inheritable);
		sscanf(line, "CapPrm: %llx", &now->permitted);
		sscanf(line, "CapEff: %llx", &now->effective);
		sscanf(line, "CapBnd: %llx", &now->bounding);
		sscanf(line, "CapAmb: %llx", &now->ambient);
	}
	fclose(status);
	now->securebits = prctl(PR_GET_SECUREBITS);
	for (int i = 0; ns_columns[i]; i++) {
		ssize_t length;
		char *number;

		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", ns_files[i]);
		length = readlink(path, line, sizeof(line) - 1);
		line[length > 0 ? length : 0] = 0;
		number = strchr(line, '[');
		now->ns[i] = number ? strtoul(number + 1, 0, 10) : 0;
	}
}

static void print_state(char *to, size_t room, const char *prefix, const struct state *s)
{
	size_t n = snprintf(
		to, room,
		",\"%sUid\":%u,\"%sEuid\":%u,\"%sSuid\":%u,\"%sFsuid\":%u,\"%sGid\":%u,\"%sEgid\":%u,"
		"\"%sSgid\":%u,\"%sFsgid\":%u,\"%sCapInheritable\":\"%llu\",\"%sCapPermitted\":\"%llu\","
		"\"%sCapEffective\":\"%llu\",\"%sCapBounding\":\"%llu\",\"%sCapAmbient\":\"%llu\","
		"\"%sSecurebits\":%u",
		prefix, s->uid[0], prefix, s->uid[1], prefix, s->uid[2], prefix, s->uid[3], prefix,
		s->gid[0], prefix, s->gid[1], prefix, s->gid[2], prefix, s->gid[3], prefix,
		s->inheritable, prefix, s->permitted, prefix, s->effective, prefix, s->bounding, prefix,
		s->ambient, prefix, s->securebits);

	for (int i = 0; ns_columns[i]; i++)
		n += snprintf(to + n, room - n, ",\"%s%s\":%u", prefix, ns_columns[i], s->ns[i]);
}

/* Of a call that may change what the process is. */
static void say_change(const char *operation, enum door door, long result, const struct state *before,
		       const char *more, ...)
{
	char was[1024], is[1024], rest[512];
	struct state after;
	va_list arguments;

	look(&after);
	print_state(was, sizeof(was), "before", before);
	print_state(is, sizeof(is), "after", &after);
	va_start(arguments, more);
	vsnprintf(rest, sizeof(rest), more, arguments);
	va_end(arguments);
	say(operation, door, result, "%s%s%s", was, is, rest);
}

/* A mount namespace of its own, from which nothing comes back to the machine. */
static void own_mounts(void)
{
	struct state before;
	long result;

	look(&before);
	result = syscall(SYS_unshare, CLONE_NEWNS);
	say_change("unshare", NATIVE, result, &before, ",\"callFlags\":\"%u\"", CLONE_NEWNS);
	must(mount("none", "/", 0, MS_REC | MS_PRIVATE, 0) == 0, "private");
	say("mount", NATIVE, 0, ",\"source\":\"none\",\"path\":\"/\",\"type\":\"\",\"callFlags\":\"%u\"",
	    MS_REC | MS_PRIVATE);
}

#define CHANGE(operation, native, compat, a, b, c, d, e, ...)                                     \
	do {                                                                                      \
		struct state earlier;                                                             \
		long came_of_it;                                                                  \
		look(&earlier);                                                                   \
		came_of_it = call(door, native, compat, a, b, c, d, e);                           \
		say_change(operation, door, came_of_it, &earlier, __VA_ARGS__);                   \
	} while (0)

static void groups(enum door door)
{
	unsigned *list = low(12);
	unsigned short *short_list = low(6);

	for (int i = 0; i < 3; i++)
		list[i] = short_list[i] = 7 + i;
	CHANGE("setgroups", SYS_setgroups, 206, 3, (long)list, 0, 0, 0,
	       ",\"groupCount\":3,\"groups\":\"7 8 9\"");
	CHANGE("setgid", SYS_setgid, 214, 71001, 0, 0, 0, 0, ",\"askedId\":71001");
	CHANGE("setregid", SYS_setregid, 204, 71002, 71003, 0, 0, 0,
	       ",\"askedId\":71002,\"askedEffectiveId\":71003");
	CHANGE("setresgid", SYS_setresgid, 210, 71004, 71005, 71006, 0, 0,
	       ",\"askedId\":71004,\"askedEffectiveId\":71005,\"askedSavedId\":71006");
	CHANGE("setfsgid", SYS_setfsgid, 216, 71007, 0, 0, 0, 0, ",\"askedId\":71007");
	if (door != COMPAT)
		return;
	/* These take 16 bits, and all of them set is -1. */
	CHANGE("setgroups", 0, 81, 2, (long)short_list, 0, 0, 0, ",\"groupCount\":2,\"groups\":\"7 8\"");
	CHANGE("setgid", 0, 46, 1001, 0, 0, 0, 0, ",\"askedId\":1001");
	CHANGE("setregid", 0, 71, 0xffff, 1003, 0, 0, 0,
	       ",\"askedId\":4294967295,\"askedEffectiveId\":1003");
	CHANGE("setresgid", 0, 170, 1004, 1005, 1006, 0, 0,
	       ",\"askedId\":1004,\"askedEffectiveId\":1005,\"askedSavedId\":1006");
	CHANGE("setfsgid", 0, 139, 1007, 0, 0, 0, 0, ",\"askedId\":1007");
}

static void fsuid(enum door door)
{
	CHANGE("setfsuid", SYS_setfsuid, 215, 72001, 0, 0, 0, 0, ",\"askedId\":72001");
	if (door == COMPAT)
		CHANGE("setfsuid", 0, 138, 2001, 0, 0, 0, 0, ",\"askedId\":2001");
}

static void reuid(enum door door)
{
	CHANGE("setreuid", SYS_setreuid, 203, 72002, 72003, 0, 0, 0,
	       ",\"askedId\":72002,\"askedEffectiveId\":72003");
}

static void resuid(enum door door)
{
	CHANGE("setresuid", SYS_setresuid, 208, 72004, 72005, 72006, 0, 0,
	       ",\"askedId\":72004,\"askedEffectiveId\":72005,\"askedSavedId\":72006");
}

static void short_reuid(enum door door)
{
	CHANGE("setreuid", 0, 70, 2002, 0xffff, 0, 0, 0,
	       ",\"askedId\":2002,\"askedEffectiveId\":4294967295");
}

static void short_resuid(enum door door)
{
	CHANGE("setresuid", 0, 164, 2004, 2005, 2006, 0, 0,
	       ",\"askedId\":2004,\"askedEffectiveId\":2005,\"askedSavedId\":2006");
}

static void short_uid(enum door door)
{
	CHANGE("setuid", 0, 23, 2007, 0, 0, 0, 0, ",\"askedId\":2007");
}

static int open_file(void)
{
	char path[] = "/tmp/hg-rights-XXXXXX";
	int fd = mkstemp(path);

	must(fd >= 0 && write(fd, "no module", 9) == 9, "mkstemp");
	close(fd);
	/* The kernel takes no file that is open to be written. */
	fd = open(path, O_RDONLY);
	printf("{\"file\":\"%s\"}\n", path);
	fflush(stdout);
	return fd;
}

static long bpf_program(enum door door, const char *name, int is_good)
{
	struct bpf_insn *code = low(2 * sizeof(*code));
	union bpf_attr *attr = low(sizeof(*attr));
	long result;

	code[0] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0 };
	code[1] = (struct bpf_insn){ .code = is_good ? BPF_JMP | BPF_EXIT : 0xff };
	attr->prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	attr->insns = (unsigned long)code;
	attr->insn_cnt = 2;
	attr->license = text("GPL");
	strcpy(attr->prog_name, name);
	result = call(door, SYS_bpf, 357, BPF_PROG_LOAD, (long)attr, sizeof(*attr), 0, 0);
	say("bpf", door, result,
	    ",\"request\":5,\"name\":\"%s\",\"objectType\":%d,\"argument2\":\"2\"", name,
	    BPF_PROG_TYPE_RAW_TRACEPOINT);
	return result;
}

/* All that an ordinary user is refused. */
static void refused(enum door door)
{
	unsigned *list = low(12);
	unsigned *capabilities = low(24), *header = low(8);
	unsigned long long *arguments = low(64);
	struct perf_event_attr *event = low(sizeof(*event));
	int own_net = open("/proc/self/ns/net", O_RDONLY);
	struct state before;
	long result;

	look(&before);

	/* Before it is another's, so that the files of /proc are still its own. */
	CHANGE("setuid", SYS_setuid, 213, 72007, 0, 0, 0, 0, ",\"askedId\":72007");
	CHANGE("prctl", SYS_prctl, 172, PR_SET_DUMPABLE, 1, 0, 0, 0, ",\"request\":4,\"argument1\":\"1\"");
	CHANGE("setuid", SYS_setuid, 213, 0, 0, 0, 0, 0, ",\"askedId\":0");
	CHANGE("setgid", SYS_setgid, 214, 7, 0, 0, 0, 0, ",\"askedId\":7");
	CHANGE("setgroups", SYS_setgroups, 206, 3, (long)list, 0, 0, 0, ",\"groupCount\":3,\"groups\":\"\"");
	CHANGE("setfsuid", SYS_setfsuid, 215, 0, 0, 0, 0, 0, ",\"askedId\":0,\"refused\":1");
	header[0] = 0x20080522;
	capabilities[0] = capabilities[1] = 1 << 21;
	CHANGE("capset", SYS_capset, 185, (long)header, (long)capabilities, 0, 0, 0,
	       ",\"argument1\":\"%u\",\"argument2\":\"%u\",\"argument3\":\"0\"", 1 << 21, 1 << 21);
	CHANGE("unshare", SYS_unshare, 310, CLONE_NEWNS, 0, 0, 0, 0, ",\"callFlags\":\"%u\"", CLONE_NEWNS);
	CHANGE("setns", SYS_setns, 346, own_net, CLONE_NEWNET, 0, 0, 0,
	       ",\"callFlags\":\"%u\",\"inode\":\"%u\"", CLONE_NEWNET, before.ns[1]);
	result = call(door, SYS_mount, 21, text("hg"), text("/tmp"), text("tmpfs"), MS_NOSUID, 0);
	say("mount", door, result, ",\"source\":\"hg\",\"path\":\"/tmp\",\"type\":\"tmpfs\",\"callFlags\":\"2\"");
	result = call(door, SYS_umount2, 52, text("/tmp"), MNT_DETACH, 0, 0, 0);
	say("umount", door, result, ",\"path\":\"/tmp\",\"callFlags\":\"2\"");
	result = call(door, SYS_chroot, 61, text("/"), 0, 0, 0, 0);
	say("chroot", door, result, ",\"path\":\"/\"");
	result = call(door, SYS_pivot_root, 217, text("/a"), text("/b"), 0, 0, 0);
	say("pivotRoot", door, result, ",\"path\":\"/a\",\"source\":\"/b\"");
	result = call(door, SYS_fsopen, 430, text("tmpfs"), 0, 0, 0, 0);
	say("fsopen", door, result, ",\"type\":\"tmpfs\"");
	result = call(door, SYS_ptrace, 26, PTRACE_ATTACH, 1, 0, 0, 0);
	say("ptrace", door, result, ",\"request\":16,\"targetPid\":1");
	result = call(door, SYS_clone, 120, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0);
	if (!result)
		_exit(0);
	say("clone", door, result, ",\"callFlags\":\"%u\"", CLONE_NEWNET);
	arguments[0] = CLONE_NEWUTS;
	arguments[4] = SIGCHLD;
	result = call(door, SYS_clone3, 435, (long)arguments, 64, 0, 0, 0);
	if (!result)
		_exit(0);
	say("clone", door, result, ",\"callFlags\":\"%u\"", CLONE_NEWUTS);
	bpf_program(door, "hg_refused", 1);
	event->type = PERF_TYPE_TRACEPOINT;
	event->size = sizeof(*event);
	event->config = 1;
	result = call(door, SYS_perf_event_open, 336, (long)event, 1, -1, -1, 0);
	if (result == -EPERM || result == -EACCES)
		say("perfEventOpen", door, result,
		    ",\"targetPid\":1,\"objectType\":2,\"argument1\":\"1\"");
	result = call(door, SYS_init_module, 128, text("x"), 1, text("a=b"), 0, 0);
	say("initModule", door, result, ",\"options\":\"a=b\",\"argument1\":\"1\"");
}

static void capabilities(enum door door)
{
	unsigned *data = low(24), *header = low(8);
	struct state before;

	look(&before);
	header[0] = 0x20080522;
	/* All but CAP_SYS_MODULE; two may be inherited. */
	data[0] = data[1] = (unsigned)before.permitted & ~(1u << 16);
	data[2] = 3;
	data[3] = data[4] = before.permitted >> 32;
	CHANGE("capset", SYS_capset, 185, (long)header, (long)data, 0, 0, 0,
	       ",\"argument1\":\"%llu\",\"argument2\":\"%llu\",\"argument3\":\"3\"",
	       data[0] | (unsigned long long)data[3] << 32, data[1] | (unsigned long long)data[4] << 32);
	CHANGE("prctl", SYS_prctl, 172, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 1, 0, 0,
	       ",\"request\":47,\"argument1\":\"2\",\"argument2\":\"1\"");
	CHANGE("prctl", SYS_prctl, 172, PR_SET_KEEPCAPS, 1, 0, 0, 0, ",\"request\":8,\"argument1\":\"1\"");
	CHANGE("prctl", SYS_prctl, 172, PR_SET_SECUREBITS, 0x20 | 0x10, 0, 0, 0,
	       ",\"request\":28,\"argument1\":\"48\"");
	/* Not told, but it changes what is told of the next. */
	must(prctl(PR_CAPBSET_DROP, 5) == 0, "PR_CAPBSET_DROP");
	CHANGE("prctl", SYS_prctl, 172, PR_SET_DUMPABLE, 0, 0, 0, 0,
	       ",\"request\":4,\"argument1\":\"0\",\"isBeforeUnknown\":1");
	CHANGE("prctl", SYS_prctl, 172, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0,
	       ",\"request\":36,\"argument1\":\"1\"");
	CHANGE("prctl", SYS_prctl, 172, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0,
	       ",\"request\":38,\"argument1\":\"1\"");
	prctl(PR_GET_DUMPABLE);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 1, 0, 0);
}

static void ptracer(enum door door)
{
	struct state before;
	long result;

	look(&before);
	result = call(door, SYS_prctl, 172, PR_SET_PTRACER, getppid(), 0, 0, 0);
	/* Of Yama; kernels without it do not know the option, which is no refusal. */
	if (result == 0)
		say_change("prctl", door, result, &before,
			   ",\"request\":1499557217,\"argument1\":\"%d\",\"targetPid\":%d", getppid(),
			   getppid());
}

static void names(enum door door)
{
	int fd = open("/proc/self/comm", O_WRONLY);

	must(call(door, SYS_prctl, 172, PR_SET_NAME, text("hg-renamed"), 0, 0, 0) == 0, "PR_SET_NAME");
	say("rename", door, 0, ",\"name\":\"hg-renamed\",\"oldName\":\"rights\"");
	must(call(door, SYS_write, 4, fd, text("hg-written"), 10, 0, 0) == 10, "comm");
	say("rename", door, 0, ",\"name\":\"hg-written\",\"oldName\":\"hg-renamed\"");
}

static void filters(enum door door)
{
	struct sock_filter *allow = low(sizeof(*allow));
	struct {
		unsigned short length;
		unsigned short padding[3];
		unsigned long filter;
	} *program = low(sizeof(*program));
	struct {
		unsigned short length;
		unsigned short padding;
		unsigned filter;
	} *compat_program = low(sizeof(*compat_program));
	struct state before;
	long given = door == COMPAT ? (long)compat_program : (long)program, result;

	*allow = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program->length = compat_program->length = 1;
	program->filter = (unsigned long)allow;
	compat_program->filter = (unsigned)(unsigned long)allow;
	result = call(door, SYS_seccomp, 354, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, given, 0, 0);
	say("seccomp", door, result, ",\"request\":1,\"callFlags\":\"2\"");
	look(&before);
	result = call(door, SYS_prctl, 172, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, given, 0, 0);
	say_change("prctl", door, result, &before, ",\"request\":22,\"argument1\":\"2\"");
}

/* A call that seccomp refuses: the kernel's function of it never runs. */
static void answered(enum door door)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 521 + X32_BIT, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, door == COMPAT ? 26 : SYS_ptrace, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog program = { .len = sizeof(rules) / sizeof(rules[0]), .filter = rules };
	struct state before;
	long result;

	look(&before);
	result = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	say_change("prctl", NATIVE, result, &before, ",\"request\":22,\"argument1\":\"2\"");
	result = call(door, door == X32 ? 521 : SYS_ptrace, 26, PTRACE_ATTACH, getppid(), 0, 0, 0);
	must(result == -EPERM, "seccomp refuses");
	say("ptrace", door, result, ",\"request\":16,\"targetPid\":%d", getppid());
}

static void persona(enum door door)
{
	unsigned was = personality(0xffffffff);

	call(door, SYS_personality, 136, was | ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC, 0, 0, 0, 0);
	say("personality", door, 0, ",\"callFlags\":\"%u\",\"argument1\":\"%u\"",
	    was | ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC, was);
}

static volatile long traced_word = 5;

static void tracing(enum door door)
{
	pid_t child = fork();
	struct user_regs_struct registers;
	unsigned *compat_registers = low(17 * 4);
	long result;
	int status;

	if (child == 0) {
		result = call(door, SYS_ptrace, 26, PTRACE_TRACEME, 0, 0, 0, 0);
		say("ptrace", door, result, ",\"request\":0,\"targetPid\":%d", getppid());
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, &status, 0);
	must(WIFSTOPPED(status), "TRACEME");
	if (door == COMPAT) {
		must(call(door, 0, 26, PTRACE_GETREGS, child, 0, (long)compat_registers, 0) == 0, "GETREGS");
		result = call(door, 0, 26, PTRACE_SETREGS, child, 0, (long)compat_registers, 0);
	} else {
		must(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0, "GETREGS");
		result = call(door, door == X32 ? 521 : SYS_ptrace, 26, PTRACE_SETREGS, child, 0,
			      (long)&registers, 0);
	}
	say("ptrace", door, result, ",\"request\":13,\"targetPid\":%d,\"targetTid\":%d", child, child);
	if (door != COMPAT) {
		result = call(door, door == X32 ? 521 : SYS_ptrace, 26, PTRACE_POKEDATA, child,
			      (long)&traced_word, 6, 0);
		say("ptrace", door, result, ",\"request\":5,\"targetPid\":%d", child);
	}
	ptrace(PTRACE_KILL, child, 0, 0);
	waitpid(child, &status, 0);

	child = sleeper();
	result = call(door, SYS_ptrace, 26, PTRACE_SEIZE, child, 0, 0, 0);
	say("ptrace", door, result, ",\"request\":16902,\"targetPid\":%d", child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	child = sleeper();
	result = call(door, SYS_ptrace, 26, PTRACE_ATTACH, child, 0, 0, 0);
	say("ptrace", door, result, ",\"request\":16,\"targetPid\":%d", child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

static void modules(enum door door)
{
	int fd = open_file();
	struct stat file;
	char path[64], name[256] = { 0 };
	long result;

	fstat(fd, &file);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(readlink(path, name, sizeof(name) - 1) > 0, "readlink");
	result = call(door, SYS_init_module, 128, text("no module"), 9, text("a=b c"), 0, 0);
	say("initModule", door, result, ",\"options\":\"a=b c\",\"argument1\":\"9\"");
	result = call(door, SYS_finit_module, 350, fd, text("d=e"), 4, 0, 0);
	say("finitModule", door, result,
	    ",\"options\":\"d=e\",\"callFlags\":\"4\",\"path\":\"%s\",\"inode\":\"%lu\"", name, file.st_ino);
	result = call(door, SYS_delete_module, 129, text("hg_no_such_module"), O_NONBLOCK, 0, 0, 0);
	say("deleteModule", door, result, ",\"name\":\"hg_no_such_module\",\"callFlags\":\"%u\"", O_NONBLOCK);
	/* Flags that no kernel takes. */
	result = call(door, SYS_kexec_load, 283, 0, 0, 0, 0xf000, 0);
	say("kexecLoad", door, result, ",\"callFlags\":\"61440\"");
	if (door != COMPAT) {
		result = call(door, SYS_kexec_file_load, 0, fd, fd, 5, text("hg=1"), 0xf000);
		say("kexecFileLoad", door, result,
		    ",\"callFlags\":\"61440\",\"options\":\"hg=1\",\"path\":\"%s\"", name);
	}
	unlink(name);
}

static void programs(enum door door)
{
	union bpf_attr *attr = low(sizeof(*attr));
	struct bpf_prog_info *info = low(sizeof(*info));
	long map, program, result;
	unsigned id;

	attr->map_type = BPF_MAP_TYPE_ARRAY;
	attr->key_size = 4;
	attr->value_size = 8;
	attr->max_entries = 3;
	attr->map_flags = BPF_F_MMAPABLE;
	strcpy(attr->map_name, "hg_test_map");
	map = call(door, SYS_bpf, 357, BPF_MAP_CREATE, (long)attr, sizeof(*attr), 0, 0);
	say("bpf", door, map,
	    ",\"request\":0,\"name\":\"hg_test_map\",\"objectType\":2,\"argument1\":\"3\",\"callFlags\":\"%u\"",
	    BPF_F_MMAPABLE);
	must(map >= 0, "map");
	bpf_program(door, "hg_test_bad", 0);
	program = bpf_program(door, "hg_test_good", 1);
	must(program >= 0, "program");
	memset(attr, 0, sizeof(*attr));
	attr->info.bpf_fd = program;
	attr->info.info_len = sizeof(*info);
	attr->info.info = (unsigned long)info;
	must(syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, attr, sizeof(*attr)) == 0, "info");
	id = info->id;
	memset(attr, 0, sizeof(*attr));
	attr->prog_id = id;
	result = call(door, SYS_bpf, 357, BPF_PROG_GET_FD_BY_ID, (long)attr, sizeof(*attr), 0, 0);
	say("bpf", door, result, ",\"request\":13,\"name\":\"hg_test_good\",\"objectId\":%u,\"objectType\":%d",
	    id, BPF_PROG_TYPE_RAW_TRACEPOINT);
	memset(attr, 0, sizeof(*attr));
	attr->raw_tracepoint.name = text("task_rename");
	attr->raw_tracepoint.prog_fd = program;
	result = call(door, SYS_bpf, 357, BPF_RAW_TRACEPOINT_OPEN, (long)attr, sizeof(*attr), 0, 0);
	say("bpf", door, result,
	    ",\"request\":17,\"name\":\"hg_test_good\",\"objectId\":%u,\"type\":\"task_rename\"", id);
	if (result >= 0)
		close(result);
	own_mounts();
	must(mount("bpf", "/tmp", "bpf", 0, 0) == 0, "bpf file system");
	say("mount", NATIVE, 0, ",\"type\":\"bpf\"");
	memset(attr, 0, sizeof(*attr));
	attr->pathname = text("/tmp/hg-pinned");
	attr->bpf_fd = program;
	result = call(door, SYS_bpf, 357, BPF_OBJ_PIN, (long)attr, sizeof(*attr), 0, 0);
	say("bpf", door, result, ",\"request\":6,\"path\":\"/tmp/hg-pinned\"");
	attr->bpf_fd = 0;
	result = call(door, SYS_bpf, 357, BPF_OBJ_GET, (long)attr, sizeof(*attr), 0, 0);
	say("bpf", door, result, ",\"request\":7,\"path\":\"/tmp/hg-pinned\"");
}

static void keys(enum door door)
{
	const int process_keyring = -2, session_keyring = -3;
	long key, result;

	key = call(door, SYS_add_key, 286, text("user"), text("hg:key"), text("secret"), 6, process_keyring);
	if (key == -ENOSYS)
		return;
	say("addKey", door, key,
	    ",\"type\":\"user\",\"name\":\"hg:key\",\"objectId\":%ld,\"argument1\":\"4294967294\"", key);
	result = call(door, SYS_request_key, 287, text("user"), text("hg:key"), 0, 0, 0);
	say("requestKey", door, result, ",\"type\":\"user\",\"name\":\"hg:key\",\"objectId\":%ld", result);
	result = call(door, SYS_keyctl, 288, 1, text("hg-session"), 0, 0, 0);
	say("keyctl", door, result, ",\"request\":1,\"name\":\"hg-session\",\"objectId\":%ld", result);
	result = call(door, SYS_keyctl, 288, 8, key, session_keyring, 0, 0);
	say("keyctl", door, result, ",\"request\":8,\"argument1\":\"%ld\",\"argument2\":\"4294967293\"", key);
	result = call(door, SYS_keyctl, 288, 10, session_keyring, text("user"), text("hg:key"), 0);
	say("keyctl", door, result,
	    ",\"request\":10,\"type\":\"user\",\"name\":\"hg:key\",\"objectId\":%ld,\"argument1\":\"4294967293\"",
	    key);
}

static void mounts(enum door door)
{
	char folder[] = "/tmp/hg-mounts-XXXXXX";
	struct mount_attr *attr = low(sizeof(*attr));
	long context, mounted, tree, result;
	long at;

	own_mounts();
	must(mkdtemp(folder) != 0, "mkdtemp");
	/* So that nothing is left of it on the machine's own. */
	at = text(folder);
	result = call(door, SYS_mount, 21, text("hg-source"), at, text("tmpfs"), MS_NOSUID | MS_NODEV,
		      text("size=64k,mode=700"));
	say("mount", door, result,
	    ",\"source\":\"hg-source\",\"path\":\"%s\",\"type\":\"tmpfs\",\"callFlags\":\"%u\","
	    "\"options\":\"size=64k,mode=700\"",
	    folder, MS_NOSUID | MS_NODEV);
	result = call(door, SYS_umount2, 52, at, MNT_DETACH, 0, 0, 0);
	say("umount", door, result, ",\"path\":\"%s\",\"callFlags\":\"2\"", folder);
	if (door == COMPAT) {
		must(mount("hg", folder, "tmpfs", 0, 0) == 0, "mount");
		say("mount", NATIVE, 0, ",\"path\":\"%s\"", folder);
		result = call(door, 0, 22, at, 0, 0, 0, 0);
		say("umount", door, result, ",\"path\":\"%s\",\"callFlags\":\"0\"", folder);
	}
	context = call(door, SYS_fsopen, 430, text("tmpfs"), FSOPEN_CLOEXEC, 0, 0, 0);
	say("fsopen", door, context, ",\"type\":\"tmpfs\",\"callFlags\":\"1\"");
	result = call(door, SYS_fsconfig, 431, context, FSCONFIG_SET_STRING, text("size"), text("64k"), 0);
	say("fsconfig", door, result, ",\"request\":1,\"name\":\"size\",\"options\":\"64k\",\"type\":\"tmpfs\"");
	result = call(door, SYS_fsconfig, 431, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
	say("fsconfig", door, result, ",\"request\":6,\"type\":\"tmpfs\",\"name\":\"\"");
	mounted = call(door, SYS_fsmount, 432, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV, 0, 0);
	say("fsmount", door, mounted, ",\"type\":\"tmpfs\",\"callFlags\":\"1\",\"argument1\":\"4\"");
	result = call(door, SYS_move_mount, 429, mounted, text(""), AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH);
	say("moveMount", door, result, ",\"path\":\"%s\",\"source\":\"\",\"type\":\"tmpfs\",\"callFlags\":\"4\"",
	    folder);
	tree = call(door, SYS_open_tree, 428, AT_FDCWD, at, OPEN_TREE_CLONE, 0, 0);
	say("openTree", door, tree, ",\"path\":\"%s\",\"type\":\"tmpfs\",\"callFlags\":\"1\"", folder);
	/* A folder that is opened only: not told. */
	close(call(door, SYS_open_tree, 428, AT_FDCWD, at, 0, 0, 0));
	attr->attr_set = MOUNT_ATTR_RDONLY;
	attr->attr_clr = MOUNT_ATTR_NODEV;
	result = call(door, SYS_mount_setattr, 442, AT_FDCWD, at, 0, (long)attr, sizeof(*attr));
	say("mountSetattr", door, result, ",\"path\":\"%s\",\"argument1\":\"1\",\"argument2\":\"4\"", folder);
	result = call(door, SYS_fspick, 433, AT_FDCWD, at, FSPICK_CLOEXEC, 0, 0);
	say("fspick", door, result, ",\"path\":\"%s\",\"type\":\"tmpfs\",\"callFlags\":\"1\"", folder);
	umount2(folder, MNT_DETACH);
	say("umount", NATIVE, 0, ",\"path\":\"%s\"", folder);
	/* Where the root can be turned: on a file system of its own. */
	must(mount("hg", folder, "tmpfs", 0, 0) == 0 && chdir(folder) == 0 && mkdir("old", 0700) == 0, "pivot");
	say("mount", NATIVE, 0, ",\"path\":\"%s\"", folder);
	result = call(door, SYS_pivot_root, 217, text("."), text("old"), 0, 0, 0);
	if (result != -EINVAL)
		say("pivotRoot", door, result, ",\"path\":\".\",\"source\":\"old\"");
	result = call(door, SYS_chroot, 61, text("."), 0, 0, 0, 0);
	say("chroot", door, result, ",\"path\":\".\"");
	/* As the machine sees it, the folder is empty again once this namespace has gone. */
	printf("{\"folder\":\"%s\"}\n", folder);
}

/* Its own ids read as nobody's there, though in the kernel they stay what they are. */
static void own_user(enum door door)
{
	char was[1024], is[1024];
	struct state before, after;
	long result;

	look(&before);
	result = call(door, SYS_unshare, 310, CLONE_NEWUSER, 0, 0, 0, 0);
	look(&after);
	memcpy(after.uid, before.uid, sizeof(after.uid));
	memcpy(after.gid, before.gid, sizeof(after.gid));
	print_state(was, sizeof(was), "before", &before);
	print_state(is, sizeof(is), "after", &after);
	say("unshare", door, result, "%s%s,\"callFlags\":\"%u\"", was, is, CLONE_NEWUSER);
}

static void namespaces(enum door door)
{
	const unsigned flags[] = { CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWCGROUP };
	int uts = open("/proc/self/ns/uts", O_RDONLY), ipc = open("/proc/self/ns/ipc", O_RDONLY);
	struct state before;

	look(&before);
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		CHANGE("unshare", SYS_unshare, 310, flags[i], 0, 0, 0, 0, ",\"callFlags\":\"%u\"", flags[i]);
	CHANGE("setns", SYS_setns, 346, uts, CLONE_NEWUTS, 0, 0, 0,
	       ",\"callFlags\":\"%u\",\"inode\":\"%u\"", CLONE_NEWUTS, before.ns[3]);
	CHANGE("setns", SYS_setns, 346, ipc, 0, 0, 0, 0, ",\"callFlags\":\"0\",\"inode\":\"%u\"", before.ns[4]);
	/* No namespaces: not told. */
	call(door, SYS_unshare, 310, CLONE_FILES, 0, 0, 0, 0);
	own_user(door);
}

static void births(enum door door)
{
	unsigned long long *arguments = low(64);
	struct state own;
	int end[2];
	pid_t child;

	must(pipe(end) == 0, "pipe");
	look(&own);
	for (int by_clone3 = 0; by_clone3 < 2; by_clone3++) {
		unsigned flags = by_clone3 ? CLONE_NEWIPC | CLONE_NEWUSER : CLONE_NEWUTS | CLONE_NEWNET;
		struct state theirs;

		fflush(stdout);
		arguments[0] = flags;
		arguments[4] = SIGCHLD;
		child = by_clone3 ? call(door, SYS_clone3, 435, (long)arguments, 64, 0, 0, 0) :
				    call(door, SYS_clone, 120, flags | SIGCHLD, 0, 0, 0, 0);
		if (child == 0) {
			look(&theirs);
			must(write(end[1], &theirs, sizeof(theirs)) == sizeof(theirs), "write");
			_exit(0);
		}
		must(child > 0, "clone");
		must(read(end[0], &theirs, sizeof(theirs)) == sizeof(theirs), "read");
		waitpid(child, 0, 0);
		memcpy(theirs.uid, own.uid, sizeof(own.uid));
		memcpy(theirs.gid, own.gid, sizeof(own.gid));
		{
			char was[1024], is[1024];

			print_state(was, sizeof(was), "before", &own);
			print_state(is, sizeof(is), "after", &theirs);
			say("clone", door, 0, "%s%s,\"callFlags\":\"%u\",\"targetPid\":%d,\"targetTid\":%d", was,
			    is, flags, child, child);
		}
	}
}

static void events(enum door door)
{
	struct perf_event_attr *event = low(sizeof(*event));
	pid_t child = sleeper();
	long result;

	event->type = PERF_TYPE_SOFTWARE;
	event->config = PERF_COUNT_SW_TASK_CLOCK;
	event->size = sizeof(*event);
	result = call(door, SYS_perf_event_open, 336, (long)event, child, -1, -1, 8);
	if (result >= 0 || result == -EPERM || result == -EACCES)
		say("perfEventOpen", door, result,
		    ",\"targetPid\":%d,\"objectType\":1,\"argument1\":\"1\",\"callFlags\":\"8\"", child);
	kill(child, SIGKILL);
	waitpid(child, 0, 0);
}

/* To and fro between two users, `count` times each way, and says so. */
static void repeats(long count)
{
	for (long i = 0; i < count; i++) {
		must(syscall(SYS_setresuid, 0, 73001, 0) == 0, "to");
		must(syscall(SYS_setresuid, 0, 0, 0) == 0, "fro");
	}
	say("setresuid", NATIVE, 0, ",\"count\":\"%ld\"", 2 * count);
}

/* Names a process by its number in a pid namespace of its own. */
static void nested(void)
{
	pid_t init, target;

	must(unshare(CLONE_NEWPID) == 0, "unshare");
	init = fork();
	if (init == 0) {
		/* Over 63, so that the number is found on the second level of the kernel's tree. */
		for (int i = 0; i < 70; i++) {
			target = sleeper();
			if (i == 69)
				break;
			kill(target, SIGKILL);
			waitpid(target, 0, 0);
		}
		must(ptrace(PTRACE_SEIZE, target, 0, 0) == 0, "SEIZE");
		printf("{\"operation\":\"ptrace\",\"door\":\"native\",\"pid\":%d,\"columns\":{\"nsPid\":%d}}\n",
		       getpid(), target);
		fflush(stdout);
		kill(target, SIGKILL);
		waitpid(target, 0, 0);
		_exit(0);
	}
	waitpid(init, 0, 0);
}

static void *rename_thread(void *unused)
{
	prctl(PR_SET_NAME, "hg-thread");
	/* Of this thread alone, by the call itself. */
	must(syscall(SYS_setresuid, 73002, 73002, 73002) == 0, "thread");
	say("setresuid", NATIVE, 0, ",\"afterUid\":73002");
	return unused;
}

static void threads(void)
{
	pthread_t thread;

	pthread_create(&thread, 0, rename_thread, 0);
	pthread_join(thread, 0);
	must(syscall(SYS_setresuid, 73003, 73003, 73003) == 0, "main");
	say("setresuid", NATIVE, 0, ",\"afterUid\":73003");
}

int main(int argc, char **argv)
{
	static void (*const all[])(enum door) = { groups,    fsuid,	 reuid,	  resuid,  refused,
						  capabilities, ptracer, names,	  filters, answered, persona,
						  tracing,   modules,	 programs, keys,	  mounts,
						  namespaces, births,	 events };
	static void (*const short_ids[])(enum door) = { short_reuid, short_resuid, short_uid };

	if (argc > 2 && !strcmp(argv[1], "repeats")) {
		repeats(atol(argv[2]));
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "threads")) {
		threads();
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "nested")) {
		nested();
		return 0;
	}
	for (enum door door = NATIVE; door <= COMPAT; door++) {
		if (!has_door(door))
			continue;
		printf("{\"has\":\"%s\"}\n", door_names[door]);
		for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			in_child(all[i], door);
		for (unsigned i = 0; door == COMPAT && i < sizeof(short_ids) / sizeof(short_ids[0]); i++)
			in_child(short_ids[i], door);
	}
	return 0;
}
