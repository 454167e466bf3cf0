/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports what is done to files: opens for writing, creations, names that come, change
 * and go, modes, owners, sizes, and reads of sensitive files.
 *
 * Hooks, where trampolines are not allowed: the end of each system call that does it,
 * through the shared dispatcher. An open has given a descriptor by then, and with it
 * the file itself: no race, a resolved path. Calls by name have none: their words are read
 * when they have returned, and marked as typed. Where fentry is allowed, the kernel's own
 * functions have the dentries before and the result after (file-names.h).
 *
 * Reads are by far the most: they are let go by the hash of the last name and the inode
 * number, both against a table of bits, without a walk to the root.
 */
#include "../../../bpf/emit/repeat.h"
#include "../../../bpf/hook/memory.h"
#include "../../../bpf/read/cgroup.h"
#include "../../../bpf/read/file.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/hook/sys_exit.h"

#define HG_PROBE_FILE 11

enum hg_file_operation {
	HG_FILE_READ = 1,
	HG_FILE_WRITE = 2,
	HG_FILE_CREATE = 3,
	HG_FILE_RENAME = 4,
	HG_FILE_LINK = 5,
	HG_FILE_SYMLINK = 6,
	HG_FILE_DELETE = 7,
	HG_FILE_MKNOD = 8,
	HG_FILE_CHMOD = 9,
	HG_FILE_CHOWN = 10,
	HG_FILE_TRUNCATE = 11,
	HG_FILE_MAP_EXECUTABLE = 12,
};

#define HG_FILE_AS_TYPED (1u << 0)
#define HG_FILE_PATH_PARTIAL (1u << 1)
#define HG_FILE_SECOND_PARTIAL (1u << 2)
#define HG_FILE_UNREADABLE (1u << 3)
#define HG_FILE_TRUNCATED (1u << 4)
#define HG_FILE_DIRECTORY (1u << 5)
#define HG_FILE_SENSITIVE (1u << 6)
#define HG_FILE_DELETED (1u << 7)
#define HG_FILE_EXCHANGED (1u << 9)

#define HG_O_ACCMODE 3
#define HG_O_WRONLY 1
#define HG_O_CREAT 0100
#define HG_O_EXCL 0200
#define HG_O_TRUNC 01000
#define HG_O_LARGEFILE 0100000
#define HG_O_DIRECTORY 0200000
#define HG_O_PATH 010000000
#define HG_FMODE_WRITE 0x2
/* In open_flags.open_flag: opened to be executed. */
#define HG_FMODE_EXEC 0x20
#define HG_FMODE_PATH 0x4000
#define HG_FMODE_CREATED 0x100000
#define HG_S_IFMT 0170000
#define HG_S_IFREG 0100000
#define HG_S_IFBLK 0060000
#define HG_S_IFDIR 0040000
#define HG_S_IFCHR 0020000
#define HG_AT_FDCWD -100
#define HG_RENAME_EXCHANGE 2
#define HG_UNLINK_DIRECTORY 0x200
/* Major of /dev/mem, /dev/kmem and /dev/port, and the highest minor of them. */
#define HG_MEMORY_MAJOR 1
#define HG_MEMORY_MINORS 4
#define HG_NO_ID 0xffffffffu

struct hg_file {
	struct hg_event event;
	u64 inode;
	u64 size;
	u32 device;
	u32 mount_ns;
	u32 mode;
	u32 owner;
	u32 group;
	u32 open_flags;
	/* Positive. */
	u32 error;
	u32 operation;
	u64 writer_start_ns;
	u32 writer_pid;
	u32 writer_exec_no;
	/* Lengths of the texts behind the struct. */
	u32 path_bytes;
	u32 second_bytes;
	/* The last of them is a slash: that before the path's first name, for whoever compares its end. */
	u8 before_path[8];
};
const struct hg_file *hg_file_type __attribute__((unused));

/* A folder and all below it, as paths end that are written from their last name on: `/log/var/`. */
#define HG_FILE_PREFIX_BYTES 64
#define HG_FILE_PREFIXES 32
enum hg_file_prefix_kind {
	HG_FILE_PREFIX_IGNORE = 1,
	HG_FILE_PREFIX_WATCH = 2,
	HG_FILE_PREFIX_SENSITIVE = 4,
};

struct hg_file_prefix {
	u64 words[HG_FILE_PREFIX_BYTES / 8];
	/* All ones where `words` has text: it lies at their end. */
	u64 masks[HG_FILE_PREFIX_BYTES / 8];
	u32 kind;
	/* Of the text, its first slash included. */
	u32 length;
};

/* What user space tells the programs to go by. All zero: nothing is watched yet. */
#define HG_FILE_NAME_BITS 4096
struct hg_file_settings {
	u32 is_ready;
	u32 prefixes;
	/* Whether only what lies below a watched prefix is reported. */
	u32 has_watched;
	/* 0: no list of workloads. 1: those that are named with HG_FILE_PREFIX_IGNORE are not reported. 2: only the watched ones are. */
	u32 workloads;
	/* When the sensor first watched files, seconds since 1970. */
	u64 started_s;
	/* Bits of the last bytes of the prefixes: what lies below none of them ends, most often, in others. */
	u64 prefix_ends;
	/* Bits of the hashes of the last names of sensitive files. */
	u64 name_bits[HG_FILE_NAME_BITS / 64];
	struct hg_file_prefix prefix[HG_FILE_PREFIXES];
};
const struct hg_file_settings *hg_file_settings_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_file_settings);
} hg_file_control SEC(".maps");

/* By cgroup id: HG_FILE_PREFIX_IGNORE or HG_FILE_PREFIX_WATCH; of all cgroups below it, too. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u32);
} hg_file_workloads SEC(".maps");

/* Ends of paths of sensitive files, written from their last name on: `id_rsa/.ssh/`. */
struct hg_file_name_key {
	u32 bits;
	u8 text[64];
};
struct hg_file_name {
	u32 length;
	/* Whether it is a whole path, and not an end of one. */
	u32 is_whole;
};
const struct hg_file_name *hg_file_name_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 256);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct hg_file_name_key);
	__type(value, struct hg_file_name);
} hg_file_names SEC(".maps");

struct hg_file_id {
	u64 inode;
	u64 device;
};
const struct hg_file_id *hg_file_id_type __attribute__((unused));

#include "file-writers.h"

/*
 * Sensitive files by inode: found by user space when it starts, and added here when one
 * is met by its name. So they are known under other names as well.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct hg_file_id);
	__type(value, u32);
} hg_file_sensitive SEC(".maps");

/* Bits of the hashes of the inode numbers of these. */
#define HG_FILE_INODE_BITS 65536
struct hg_file_inode_bits { u64 words[HG_FILE_INODE_BITS / 64]; };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_file_inode_bits);
} hg_file_sensitive_bits SEC(".maps");

/* Root and working directory of a process, as they lie in struct fs_struct. */
struct hg_file_places {
	u64 root_mnt;
	u64 root_dentry;
	u64 pwd_mnt;
	u64 pwd_dentry;
};

struct hg_file_scratch {
	/* Beyond HG_PATH_ROOM is room that only the verifier needs. */
	u8 record[HG_PATH_ROOM + 2 * HG_PATH_BYTES];
	/* A path as its caller wrote it; as above. */
	u8 typed[2 * HG_PATH_BYTES];
	u64 arguments[8];
	struct hg_walk walk;
	/* Where paths of the process begin. */
	struct hg_file_places places;
	/* Of the file, and what a path is compared by: too much for a stack with loops on top. */
	struct hg_dentry_head dentry;
	struct hg_file_head head;
	struct hg_inode_head inode;
	u64 path_end[HG_FILE_PREFIX_BYTES / 8];
	struct hg_file_name_key name;
	struct hg_repeat_key key;
	struct hg_repeat first;
	/* Of the record; in memory as the numbers of the walk are. */
	volatile u32 flags;
	/* Whether the path is to be looked for among those of sensitive files. */
	u32 may_be_named;
	/* Whether its repeats are to be known: then `key` is filled in. */
	u32 has_key;
	/* Held by a program: another may come in between where it can be preempted. */
	u32 is_taken;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_file_scratch);
} hg_file_memory SEC(".maps");

static __always_inline struct hg_file_settings *hg_file_find_settings(void)
{
	u32 zero = 0;
	struct hg_file_settings *settings = bpf_map_lookup_elem(&hg_file_control, &zero);

	return settings && settings->is_ready ? settings : 0;
}

/* This CPU's memory, with the head of a record in it: who, as hg_file_wants has found, and when. */
static __always_inline struct hg_file_scratch *hg_file_take(u64 start_ns)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 cpu = bpf_get_smp_processor_id();
	struct hg_file_scratch *scratch = bpf_map_lookup_elem(&hg_file_memory, &cpu);
	struct hg_file *record;

	if (!scratch || __sync_lock_test_and_set(&scratch->is_taken, 1)) {
		hg_take_sequence(HG_RING_DATA);
		hg_count_lost(HG_PROBE_FILE, HG_LOSS_SCRATCH_BUSY);
		return 0;
	}
	record = (void *)scratch->record;
	__builtin_memset(record, 0, sizeof(*record));
	record->before_path[7] = '/';
	record->event.pid = task->tgid;
	record->event.tid = task->pid;
	record->event.start_ns = start_ns;
	record->event.exec_no = task->self_exec_id;
	record->event.uid = task->cred->uid.val;
	record->event.boot_ns = bpf_ktime_get_boot_ns();
	record->event.kind = HG_PROBE_FILE;
	scratch->flags = 0;
	scratch->has_key = 0;
	scratch->may_be_named = 1;
	scratch->walk.at = sizeof(*record);
	return scratch;
}

/* A plain store: it is this CPU only that looks. */
static __always_inline void hg_file_release(struct hg_file_scratch *scratch)
{
	*(volatile u32 *)&scratch->is_taken = 0;
}

/*
 * Typed pointers are used where it counts only: since 6.4 the verifier looks through all types of the kernel for
 * each load of a pointer from a task, whenever it comes by, which made loading take seconds.
 */

/* Finds what paths go by, and the namespace: for an event that is told. */
static __always_inline void hg_file_find_places(struct hg_file_scratch *scratch)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_file *record = (void *)scratch->record;
	struct mnt_namespace *mounts = 0;
	struct nsproxy *namespaces = 0;
	struct fs_struct *fs = 0;

	hg_read_field(&fs, sizeof(fs), &task->fs);
	if (bpf_core_field_offset(struct fs_struct, pwd) ==
		    bpf_core_field_offset(struct fs_struct, root) + 16 &&
	    bpf_core_field_offset(struct path, mnt) == 0 &&
	    bpf_core_field_offset(struct path, dentry) == 8) {
		hg_read_field(&scratch->places, sizeof(scratch->places), &fs->root);
	} else {
		hg_read_field(&scratch->places.root_mnt, 8, &fs->root.mnt);
		hg_read_field(&scratch->places.root_dentry, 8, &fs->root.dentry);
		hg_read_field(&scratch->places.pwd_mnt, 8, &fs->pwd.mnt);
		hg_read_field(&scratch->places.pwd_dentry, 8, &fs->pwd.dentry);
	}
	hg_read_field(&namespaces, sizeof(namespaces), &task->nsproxy);
	hg_read_field(&mounts, sizeof(mounts), &namespaces->mnt_ns);
	hg_read_field(&record->mount_ns, sizeof(record->mount_ns), &mounts->ns.inum);
}

/* What the lists of workloads say of the current task: the innermost cgroup that is named decides. */
static __noinline u32 hg_file_is_workload(u32 unless_named)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup_subsys_state *state = 0;
	struct kernfs_node *node = 0;
	struct cgroup *cgroup = 0;
	struct css_set *set = 0;
	u64 id = 0;
	u32 at = bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id) ?
			 bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id) :
			 bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	/* As hg_workload_node, without typed pointers. */
	hg_read_field(&set, sizeof(set), &task->cgroups);
	hg_read_field(&cgroup, sizeof(cgroup), &set->dfl_cgrp);
	hg_read_field(&node, sizeof(node), &cgroup->kn);
	hg_read_field(&id, sizeof(id), &node->id);
	if (id <= 1) {
		hg_read_kernel(&state, sizeof(state),
				      (void *)set + bpf_core_field_offset(struct css_set, subsys) +
					      at * sizeof(void *));
		hg_read_field(&cgroup, sizeof(cgroup), &state->cgroup);
		hg_read_field(&node, sizeof(node), &cgroup->kn);
	}
	for (int level = 0; level < 12 && node; level++) {
		struct kernfs_node___old *old = (void *)node;
		u32 *named;

		hg_read_field(&id, sizeof(id), &node->id);
		named = bpf_map_lookup_elem(&hg_file_workloads, &id);
		if (named)
			return *named == HG_FILE_PREFIX_WATCH;
		if (bpf_core_field_exists(node->__parent))
			hg_read_field(&node, sizeof(node), &node->__parent);
		else
			hg_read_field(&node, sizeof(node), &old->parent);
	}
	return unless_named;
}

/*
 * Whether the filters by process and workload let the current task's events pass; counted where not. Returns when
 * the process began, 0 for no.
 */
static __always_inline u64 hg_file_wants(const struct hg_file_settings *settings)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 start_ns = task->group_leader->start_boottime;
	bool is_wanted = !hg_is_own(task->tgid, start_ns);

	if (is_wanted && settings->workloads)
		is_wanted = hg_file_is_workload(settings->workloads == 1);
	if (is_wanted)
		return start_ns;
	hg_count_filtered(HG_PROBE_FILE);
	return 0;
}

#define HG_FILE_HASH 0x9e3779b97f4a7c15ull

/* Of a name of at most 31 bytes (src/probes/file/settings.ts has the same). */
static __always_inline u64 hg_file_name_hash(const u64 *words, u32 length)
{
	u64 hash = length;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		u32 begin = 8 * i;
		u64 word = words[i];

		if (length <= begin)
			word = 0;
		else if (length < begin + 8)
			word &= (1ull << (8 * (length - begin) & 63)) - 1;
		hash = (hash ^ word) * HG_FILE_HASH;
		hash ^= hash >> 32;
	}
	return hash;
}

/* Position in HG_FILE_INODE_BITS. */
static __always_inline u32 hg_file_inode_bit(u64 inode)
{
	return inode * HG_FILE_HASH >> 48;
}

static __always_inline u64 *hg_file_inode_word(u32 bit)
{
	u32 zero = 0;
	struct hg_file_inode_bits *bits = bpf_map_lookup_elem(&hg_file_sensitive_bits, &zero);

	return bits ? &bits->words[bit / 64 & (HG_FILE_INODE_BITS / 64 - 1)] : 0;
}

/* Of a name of at most 31 bytes. */
static __always_inline bool hg_file_has_name_bit(const struct hg_file_settings *settings,
						 const u64 *words, u32 length)
{
	u32 bit = hg_file_name_hash(words, length) >> 52;

	return settings->name_bits[bit / 64 & (HG_FILE_NAME_BITS / 64 - 1)] >> (bit & 63) & 1;
}

static __always_inline bool hg_file_has_inode_bit(u64 inode)
{
	u32 bit = hg_file_inode_bit(inode);
	u64 *word = hg_file_inode_word(bit);

	return word && *word >> (bit & 63) & 1;
}

/* False for nearly every file that is not sensitive, true for each that is. */
HG_READER u32 hg_file_may_be_sensitive(const struct hg_file_settings *settings,
					       u64 dentry, u64 inode)
{
	struct hg_dentry_head head;
	u64 number = 0;

	hg_read_kernel(&number, 8, (void *)inode + bpf_core_field_offset(struct inode, i_ino));
	if (hg_file_has_inode_bit(number))
		return true;
	return hg_read_dentry(&head, dentry) && head.length <= 31 &&
	       hg_file_has_name_bit(settings, head.words, head.length);
}

/* Files of which an open is an event: not terminals, pipes, sockets and the like. */
static __always_inline bool hg_file_is_watched_type(const struct hg_inode_head *inode)
{
	u32 type = inode->mode & HG_S_IFMT;

	if (type == HG_S_IFCHR)
		return inode->stands_for >> 20 == HG_MEMORY_MAJOR &&
		       (inode->stands_for & 0xfffff) <= HG_MEMORY_MINORS &&
		       (inode->stands_for & 0xfffff) != 3;
	return type == HG_S_IFREG || type == HG_S_IFBLK || type == HG_S_IFDIR;
}

static __always_inline u8 *hg_file_next(struct hg_file_scratch *scratch)
{
	u32 at = scratch->walk.at;

	hg_hide(at);
	return scratch->record + (at & (HG_PATH_ROOM - 1));
}

/*
 * Each of these writes one text behind what is there, from its last name on, and returns its
 * length. They are functions of their own, as the verifier would see their loops again
 * wherever they are used.
 */

/* The path of a dentry. */
static __noinline u32 hg_file_add_path(struct hg_file_scratch *scratch, u64 dentry, u64 mnt,
				       u32 partial)
{
	u32 length;

	hg_walk_begin(&scratch->walk);
	hg_walk_between(&scratch->walk, scratch->record, dentry, mnt, scratch->places.root_dentry,
		   scratch->places.root_mnt);
	length = hg_walk_end(&scratch->walk, scratch->record);
	if (!scratch->walk.is_done)
		scratch->flags |= partial;
	else if (scratch->walk.is_done == 2)
		scratch->flags |= HG_FILE_DELETED;
	return length;
}

struct hg_file_turn {
	struct hg_file_scratch *scratch;
	/* Behind the last byte of the name that is looked at. */
	u32 end;
	u32 length;
	u32 partial;
};

/* Looks at one byte of a path, from its end on; at the first one of a name takes the name over. */
static long hg_file_turn_step(u32 step, struct hg_file_turn *turn)
{
	struct hg_file_scratch *scratch = turn->scratch;
	struct hg_walk *walk = &scratch->walk;
	u32 at, from, length;
	u8 *to = scratch->record;
	bool is_slash;

	if (step >= turn->length)
		return 1;
	from = turn->length - 1 - step;
	hg_hide(from);
	from &= HG_PATH_BYTES - 1;
	is_slash = scratch->typed[from] == '/';
	if (!is_slash && from)
		return 0;
	from += is_slash;
	length = turn->end - from;
	turn->end = from - is_slash;
	if (!length || (length == 1 && scratch->typed[from & (HG_PATH_BYTES - 1)] == '.'))
		return 0;
	if (length > 255) {
		scratch->flags |= turn->partial;
		length = 255;
	}
	hg_hide(length);
	length &= 255;
	at = hg_room_for(walk, length);
	if (at == HG_PATH_ROOM) {
		scratch->flags |= turn->partial;
		return 1;
	}
	to += at & (HG_PATH_ROOM - 1);
	bpf_probe_read_kernel(to, length, scratch->typed + (from & (HG_PATH_BYTES - 1)));
	to[length] = '/';
	walk->at = at + length + 1;
	return 0;
}

/* Dentry and vfsmount of what a descriptor, or AT_FDCWD, stands for. */
static __always_inline void hg_file_of_directory(const struct hg_file_scratch *scratch, u32 fd,
						 struct hg_file_head *head)
{
	if ((s32)fd == HG_AT_FDCWD) {
		head->dentry = scratch->places.pwd_dentry;
		head->mnt = scratch->places.pwd_mnt;
		return;
	}
	hg_read_file(head, hg_file_of_fd(fd));
}

/* Takes a caller's words into `typed`. Returns their length; 0 when they cannot be read, or are empty. */
static __always_inline u32 hg_file_read_typed(struct hg_file_scratch *scratch, u64 text,
					      bool is_kernel)
{
	long length = is_kernel ? bpf_probe_read_kernel_str(scratch->typed, HG_PATH_BYTES,
							    (void *)text) :
				  bpf_probe_read_user_str(scratch->typed, HG_PATH_BYTES,
							  (void *)text);

	if (length < 0)
		scratch->flags |= HG_FILE_UNREADABLE;
	return length > 0 ? length - 1 : 0;
}

/* The `length` bytes of `typed`, behind the directory that they begin in. */
static __noinline u32 hg_file_add_typed(struct hg_file_scratch *scratch, u32 length, u32 fd,
					u32 partial)
{
	struct hg_walk *walk = &scratch->walk;
	struct hg_file_turn turn = {
		.scratch = scratch,
		.end = length,
		.length = length,
		.partial = partial,
	};

	scratch->flags |= HG_FILE_AS_TYPED;
	hg_walk_begin(walk);
	bpf_loop(HG_PATH_BYTES, hg_file_turn_step, &turn, 0);
	if (length && scratch->typed[0] == '/') {
		walk->is_done = 1;
	} else {
		struct hg_file_head head = {};

		hg_file_of_directory(scratch, fd, &head);
		hg_walk_between(walk, scratch->record, head.dentry, head.mnt, scratch->places.root_dentry,
			   scratch->places.root_mnt);
		if (!walk->is_done)
			scratch->flags |= partial;
	}
	return hg_walk_end(walk, scratch->record);
}

/* Whether the path of the dentry that is read may end as that of a sensitive file. */
HG_READER u32 hg_file_may_be_named(struct hg_file_scratch *scratch,
					   const struct hg_file_settings *settings, u64 mnt,
					   u64 dentry)
{
	const struct vfsmount *mount = (void *)mnt;
	u64 root = 0;

	/* A file that something is mounted on has another name there. */
	hg_read_field(&root, sizeof(root), &mount->mnt_root);
	return scratch->dentry.length > 31 || root == dentry ||
	       hg_file_has_name_bit(settings, scratch->dentry.words, scratch->dentry.length);
}

struct hg_file_match {
	const struct hg_file_settings *settings;
	/* The last bytes of the path, and its length. */
	const u64 *words;
	u32 length;
	/* HG_FILE_PREFIX_ bits of what was found. */
	u32 kinds;
};

static long hg_file_match_step(u32 step, struct hg_file_match *match)
{
	const struct hg_file_prefix *prefix =
		&match->settings->prefix[step & (HG_FILE_PREFIXES - 1)];
	const u64 *words = match->words;
	u64 difference = 0;

	/* Its first slash is the byte before the path when it is all of it. */
	if (prefix->length > match->length + 1)
		return 0;
#pragma unroll
	for (int i = 0; i < HG_FILE_PREFIX_BYTES / 8; i++)
		difference |= (prefix->words[i] ^ words[i]) & prefix->masks[i];
	if (!difference)
		match->kinds |= prefix->kind;
	return 0;
}

/* Position in `prefix_ends` of the last four bytes of a path (src/probes/file/settings.ts has the same). */
static __always_inline u32 hg_file_end_bit(u32 last)
{
	return last * 0x9e3779b1u >> 26;
}

/* HG_FILE_PREFIX_ bits of the first path of the record. */
static __noinline u32 hg_file_judge(struct hg_file_scratch *scratch,
				    const struct hg_file_settings *settings)
{
	struct hg_file *record = (void *)scratch->record;
	struct hg_file_match match = {
		.settings = settings,
		.words = scratch->path_end,
		.length = record->path_bytes,
	};
	struct hg_file_name_key *key = &scratch->name;
	struct hg_file_name *name;
	u32 end = sizeof(*record) + record->path_bytes - sizeof(u32), last = 0;

	hg_hide(end);
	hg_read_kernel(&last, sizeof(last), scratch->record + (end & (HG_PATH_ROOM - 1)));
	if (settings->prefix_ends >> hg_file_end_bit(last) & 1) {
		end = sizeof(*record) + record->path_bytes - HG_FILE_PREFIX_BYTES;
		hg_hide(end);
		hg_read_kernel(scratch->path_end, sizeof(scratch->path_end),
				      scratch->record + (end & (HG_PATH_ROOM - 1)));
		bpf_loop(settings->prefixes, hg_file_match_step, &match, 0);
	}
	if (!scratch->may_be_named)
		return match.kinds;
	key->bits = 8 * sizeof(key->text);
	hg_read_kernel(key->text, sizeof(key->text), scratch->record + sizeof(*record));
	name = bpf_map_lookup_elem(&hg_file_names, key);
	if (name && name->length <= record->path_bytes &&
	    (!name->is_whole || name->length == record->path_bytes))
		match.kinds |= HG_FILE_PREFIX_SENSITIVE;
	return match.kinds;
}

/* Whether the file is one that is known to be sensitive; and makes it known, when `is_sensitive`. */
static __always_inline bool hg_file_know_sensitive(u64 inode, u32 device, bool is_sensitive)
{
	struct hg_file_id id = { .inode = inode, .device = device };
	u32 bit = hg_file_inode_bit(inode), one = 1;
	u64 *word = hg_file_inode_word(bit);

	if (!inode || !word)
		return is_sensitive;
	if (*word >> (bit & 63) & 1 && bpf_map_lookup_elem(&hg_file_sensitive, &id))
		return true;
	/* Full: then it is known by its name only. */
	if (is_sensitive && !bpf_map_update_elem(&hg_file_sensitive, &id, &one, BPF_ANY))
		__sync_fetch_and_or(word, 1ull << (bit & 63));
	return is_sensitive;
}

/* Judges the record by its first path, and submits it. Gives the memory back. */
static __noinline int hg_file_tell(struct hg_file_scratch *scratch,
				   const struct hg_file_settings *settings)
{
	struct hg_file *record = (void *)scratch->record;
	u32 kinds = hg_file_judge(scratch, settings);
	u32 flags = scratch->flags, length;
	bool is_out;

	/* What is known by its typed words only may be anywhere: it is not left out by them. */
	is_out = !(flags & HG_FILE_AS_TYPED) &&
		 ((kinds & HG_FILE_PREFIX_IGNORE) ||
		  (settings->has_watched && !(kinds & HG_FILE_PREFIX_WATCH)));
	if (hg_file_know_sensitive(record->inode, record->device,
				   kinds & HG_FILE_PREFIX_SENSITIVE)) {
		flags |= HG_FILE_SENSITIVE;
		is_out = false;
	} else if (record->operation == HG_FILE_READ) {
		/* It only looked like one. */
		goto out;
	}
	if (is_out) {
		hg_count_filtered(HG_PROBE_FILE);
		goto out;
	}
	record->event.flags = flags;
	record->event.seq = hg_take_sequence(HG_RING_DATA);
	length = scratch->walk.at;
	hg_hide(length);
	if (length > HG_PATH_ROOM)
		length = HG_PATH_ROOM;
	if (scratch->has_key) {
		struct hg_repeat *first = &scratch->first;
		struct hg_file *kept = (void *)first->record;

		first->count = 0;
		first->first_ns = 0;
		first->last_ns = 0;
		first->length = length;
		__builtin_memcpy(first->record, scratch->record, sizeof(first->record));
		if (length > sizeof(first->record)) {
			first->length = sizeof(first->record);
			kept->path_bytes = sizeof(first->record) - sizeof(*kept);
			kept->second_bytes = 0;
			kept->event.flags |= HG_FILE_PATH_PARTIAL;
		}
		hg_remember(&scratch->key, first);
	}
	if (bpf_ringbuf_output(&hg_data, record, length, 0))
		hg_count_lost(HG_PROBE_FILE, HG_LOSS_RING_FULL);
	else
		hg_count_submitted(HG_PROBE_FILE);
out:
	hg_file_release(scratch);
	return 0;
}

/* Fills in the key but for what it was done to, which is there. */
static __always_inline struct hg_repeat_key *hg_file_name_key(struct hg_file_scratch *scratch)
{
	struct hg_file *record = (void *)scratch->record;
	struct hg_repeat_key *key = &scratch->key;

	key->start_ns = record->event.start_ns;
	key->pid = record->event.pid;
	key->exec_no = record->event.exec_no;
	key->kind = HG_PROBE_FILE;
	key->operation = record->operation;
	key->error = 0;
	return key;
}

/* Whether this is a repeat, counted as one. Otherwise hg_file_tell remembers it. */
static __always_inline bool hg_file_is_repeat(struct hg_file_scratch *scratch)
{
	struct hg_file *record = (void *)scratch->record;

	scratch->has_key = 1;
	return hg_is_repeat(hg_file_name_key(scratch), record->event.boot_ns);
}

/* The same of what most processes do to a file once: remembered the second time. */
HG_READER u32 hg_file_is_late_repeat(struct hg_file_scratch *scratch)
{
	struct hg_file *record = (void *)scratch->record;

	return hg_is_recent(hg_file_name_key(scratch), record->event.boot_ns) &&
	       hg_file_is_repeat(scratch);
}

static __always_inline void hg_file_fill_inode(struct hg_file *record,
					       const struct hg_inode_head *inode)
{
	record->inode = inode->number;
	record->device = inode->device;
	record->mode = inode->mode;
	record->owner = inode->owner;
	record->group = inode->group;
	record->size = inode->size;
}

/* Whether an open is more than for reading. */
static __always_inline bool hg_file_is_to_write(const struct hg_file_head *head, u32 requested)
{
	return (head->mode & (HG_FMODE_CREATED | HG_FMODE_WRITE)) || (requested & HG_O_TRUNC);
}

/*
 * An open that came to a file. `requested` are the O_ flags of the caller: of those that act
 * once the file keeps none.
 */
static __always_inline int hg_file_opened(const struct hg_file_head *head, u32 requested,
					  const struct hg_file_settings *settings)
{
	u32 once = requested & (HG_O_CREAT | HG_O_EXCL | HG_O_TRUNC);
	bool is_created = head->mode & HG_FMODE_CREATED;
	bool is_write = hg_file_is_to_write(head, requested);
	struct hg_file_scratch *scratch;
	struct hg_inode_head inode;
	struct hg_file *record;
	u64 start_ns;

	if (head->mode & HG_FMODE_PATH)
		return 0;
	if (!is_write && !hg_file_may_be_sensitive(settings, head->dentry, head->inode))
		return 0;
	hg_read_inode(&inode, head->inode);
	if (!hg_file_is_watched_type(&inode))
		return 0;
	start_ns = hg_file_wants(settings);
	if (!start_ns)
		return 0;
	scratch = hg_file_take(start_ns);
	if (!scratch)
		return 0;
	record = (void *)scratch->record;
	record->operation = is_created ? HG_FILE_CREATE : is_write ? HG_FILE_WRITE : HG_FILE_READ;
	record->open_flags = head->flags | once;
	hg_file_fill_inode(record, &inode);
	hg_read_dentry(&scratch->dentry, head->dentry);
	scratch->may_be_named =
		hg_file_may_be_named(scratch, settings, head->mnt, head->dentry);
	if (!is_created) {
		/* A new file is never the same twice. */
		scratch->key.object = inode.number;
		scratch->key.second_object = inode.device;
		scratch->key.text = scratch->dentry.parent ^ (u64)scratch->dentry.hash << 32 ^
				    scratch->dentry.length;
		scratch->key.flags = record->open_flags;
		if (hg_file_is_late_repeat(scratch)) {
			hg_file_release(scratch);
			return 0;
		}
	}
	if (is_write)
		hg_file_note_writer(record->inode, record->device, &record->event);
	if (!scratch->dentry.hashed)
		scratch->flags |= HG_FILE_DELETED;
	if (!is_created && (requested & HG_O_TRUNC))
		scratch->flags |= HG_FILE_TRUNCATED;
	hg_file_find_places(scratch);
	record->path_bytes =
		hg_file_add_path(scratch, head->dentry, head->mnt, HG_FILE_PATH_PARTIAL);
	return hg_file_tell(scratch, settings);
}

/* Errors that say that an open was not allowed, and not that there was nothing to open. */
static __always_inline bool hg_file_is_refusal(long result)
{
	switch (-result) {
	case 1: /* EPERM */
	case 13: /* EACCES */
	case 18: /* EXDEV: outside of what openat2 may reach */
	case 26: /* ETXTBSY */
	case 30: /* EROFS */
	case 40: /* ELOOP: a symbolic link where there must be none */
		return true;
	}
	return false;
}

/* An open that was refused: by its words, as there is no file. */
static __always_inline int hg_file_refused(long result, u64 text, bool is_kernel, u32 fd,
					   u32 requested, const struct hg_file_settings *settings)
{
	struct hg_file_scratch *scratch;
	struct hg_file *record;
	bool is_write = (requested & HG_O_ACCMODE) || (requested & (HG_O_CREAT | HG_O_TRUNC));
	u64 start_ns;

	if (!hg_file_is_refusal(result) || (requested & HG_O_PATH) ||
	    (!is_write && (requested & HG_O_DIRECTORY)))
		return 0;
	start_ns = hg_file_wants(settings);
	if (!start_ns)
		return 0;
	scratch = hg_file_take(start_ns);
	if (!scratch)
		return 0;
	hg_file_find_places(scratch);
	record = (void *)scratch->record;
	record->operation = is_write ? HG_FILE_WRITE : HG_FILE_READ;
	/* Put there by the kernel. */
	record->open_flags = requested & ~HG_O_LARGEFILE;
	record->error = -result;
	record->path_bytes =
		hg_file_add_typed(scratch, hg_file_read_typed(scratch, text, is_kernel), fd,
				  HG_FILE_PATH_PARTIAL);
	return hg_file_tell(scratch, settings);
}

#include "file-calls.h"
#include "file-names.h"
#include "file-mapping.h"
