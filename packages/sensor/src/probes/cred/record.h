/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The record of `cred`, and how one is made: hg_cred_begin, then its fields and texts in the
 * order of the struct, then hg_cred_end.
 */
#pragma once

#include "../../../bpf/emit/counted.h"
#include "../../../bpf/read/arguments.h"
#include "../../../bpf/read/file.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/read/path.h"
#include "../../../bpf/read/target.h"

enum hg_cred_operation {
	HG_CRED_SETUID = 1,
	HG_CRED_SETGID = 2,
	HG_CRED_SETREUID = 3,
	HG_CRED_SETREGID = 4,
	HG_CRED_SETRESUID = 5,
	HG_CRED_SETRESGID = 6,
	HG_CRED_SETFSUID = 7,
	HG_CRED_SETFSGID = 8,
	HG_CRED_SETGROUPS = 9,
	HG_CRED_CAPSET = 10,
	HG_CRED_UNEXPLAINED = 11,
	HG_CRED_PTRACE = 12,
	HG_CRED_PRCTL = 13,
	HG_CRED_RENAME = 14,
	HG_CRED_SECCOMP = 15,
	HG_CRED_PERSONALITY = 16,
	HG_CRED_INIT_MODULE = 17,
	HG_CRED_FINIT_MODULE = 18,
	HG_CRED_DELETE_MODULE = 19,
	HG_CRED_KEXEC_LOAD = 20,
	HG_CRED_KEXEC_FILE_LOAD = 21,
	HG_CRED_BPF = 22,
	HG_CRED_ADD_KEY = 23,
	HG_CRED_REQUEST_KEY = 24,
	HG_CRED_KEYCTL = 25,
	HG_CRED_MOUNT = 26,
	HG_CRED_UMOUNT = 27,
	HG_CRED_FSOPEN = 28,
	HG_CRED_FSCONFIG = 29,
	HG_CRED_FSMOUNT = 30,
	HG_CRED_FSPICK = 31,
	HG_CRED_MOVE_MOUNT = 32,
	HG_CRED_OPEN_TREE = 33,
	HG_CRED_MOUNT_SETATTR = 34,
	HG_CRED_PIVOT_ROOT = 35,
	HG_CRED_CHROOT = 36,
	HG_CRED_UNSHARE = 37,
	HG_CRED_SETNS = 38,
	HG_CRED_CLONE = 39,
	HG_CRED_PERF_EVENT_OPEN = 40,
};

#define HG_CRED_BEFORE_KNOWN (1u << 0)
#define HG_CRED_BEFORE_REMEMBERED (1u << 1)
#define HG_CRED_TEXT_TRUNCATED (1u << 2)
#define HG_CRED_TEXT_UNREADABLE (1u << 3)
#define HG_CRED_PATH_PARTIAL (1u << 4)
#define HG_CRED_REFUSED (1u << 5)

#define HG_EPERM 1
#define HG_EACCES 13

/* Longest text but for the options of a mount, NUL included. */
#define HG_CRED_TEXT 1024
#define HG_CRED_OPTIONS 4096
#define HG_CRED_GROUPS 32

/* As in struct cred. */
struct hg_credentials {
	u32 uid;
	u32 gid;
	u32 suid;
	u32 sgid;
	u32 euid;
	u32 egid;
	u32 fsuid;
	u32 fsgid;
	u32 securebits;
	u32 reserved;
	u64 inheritable;
	u64 permitted;
	u64 effective;
	u64 bounding;
	u64 ambient;
};

/* Inode numbers. */
struct hg_namespaces {
	u32 mount;
	u32 pid;
	u32 net;
	u32 user;
	u32 uts;
	u32 ipc;
	u32 cgroup;
	u32 time;
};

struct hg_cred {
	struct hg_counted counted;
	struct hg_target target;
	u32 operation;
	/* Positive. */
	u32 error;
	/* Command, option or request of a call that has many. */
	u32 request;
	/* Type of program, map or perf event. */
	u32 object_type;
	u32 object_id;
	u32 group_count;
	u64 flags;
	u64 arguments[3];
	u32 asked_id;
	u32 asked_effective_id;
	u32 asked_saved_id;
	u32 device;
	u64 inode;
	struct hg_credentials before;
	struct hg_credentials after;
	struct hg_namespaces before_ns;
	struct hg_namespaces after_ns;
	/* Lengths of the texts behind the struct, in this order; groups are numbers of 4 bytes. */
	u16 name_bytes;
	u16 old_name_bytes;
	u16 path_bytes;
	u16 source_bytes;
	u16 type_bytes;
	u16 options_bytes;
	u16 groups_bytes;
	u16 reserved;
};

/*
 * Indexed by CPU, as the walk of a path needs more room than a per-CPU value may have. The
 * programs run with preemption off, and none of them interrupts another.
 */
struct hg_cred_scratch {
	u8 record[HG_PATH_ROOM + 4096];
	struct hg_walk walk;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_cred_scratch);
} hg_cred_memory SEC(".maps");

/* What is kept of a thread. */
struct hg_cred_seen {
	/* Seen while it was inside a call, for the end of the call: HG_SEEN_ bits; 0 when it was taken. */
	u32 what;
	/* Exec number of the image that `last` is of, plus one; 0 when there is none. */
	u32 last_of;
	struct hg_credentials credentials;
	struct hg_namespaces namespaces;
	char module[64];
	/* As it was left by the last change that was told. */
	struct hg_credentials last;
	struct hg_namespaces last_ns;
};
#define HG_SEEN_CREDENTIALS 1
#define HG_SEEN_NAMESPACES 2
#define HG_SEEN_MODULE 4

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hg_cred_seen);
} hg_cred_threads SEC(".maps");

static __always_inline void hg_read_credentials(struct hg_credentials *to, const struct cred *cred)
{
	to->uid = cred->uid.val;
	to->gid = cred->gid.val;
	to->suid = cred->suid.val;
	to->sgid = cred->sgid.val;
	to->euid = cred->euid.val;
	to->egid = cred->egid.val;
	to->fsuid = cred->fsuid.val;
	to->fsgid = cred->fsgid.val;
	to->securebits = cred->securebits;
	to->reserved = 0;
	hg_read_field(&to->inheritable, 8, &cred->cap_inheritable);
	hg_read_field(&to->permitted, 8, &cred->cap_permitted);
	hg_read_field(&to->effective, 8, &cred->cap_effective);
	hg_read_field(&to->bounding, 8, &cred->cap_bset);
	hg_read_field(&to->ambient, 8, &cred->cap_ambient);
}

static __always_inline void hg_read_namespaces(struct hg_namespaces *to, struct task_struct *task)
{
	struct nsproxy *all = task->nsproxy;

	to->user = task->cred->user_ns->ns.inum;
	/* An ending process has given up the others. */
	if (!all)
		return;
	to->mount = all->mnt_ns->ns.inum;
	to->pid = all->pid_ns_for_children->ns.inum;
	to->net = all->net_ns->ns.inum;
	to->uts = all->uts_ns->ns.inum;
	to->ipc = all->ipc_ns->ns.inum;
	to->cgroup = all->cgroup_ns->ns.inum;
	to->time = all->time_ns->ns.inum;
}

/* Whether the end of a call with this result is told. */
static __always_inline bool hg_cred_is_told(long result)
{
	return result >= 0 || result == -HG_EPERM || result == -HG_EACCES;
}

static __always_inline struct hg_cred *hg_cred_of(struct hg_cred_scratch *scratch)
{
	return (void *)scratch->record;
}

/* Begins the record of what the current process did. NULL, and counted, when it is not to be told. */
static __always_inline struct hg_cred_scratch *hg_cred_begin(u32 operation, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 cpu = bpf_get_smp_processor_id();
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;

	if (hg_is_own(task->tgid, task->group_leader->start_boottime)) {
		hg_count_filtered(HG_PROBE_CRED);
		return 0;
	}
	scratch = bpf_map_lookup_elem(&hg_cred_memory, &cpu);
	if (!scratch) {
		/* A CPU beyond those that were possible at load. */
		hg_take_sequence(HG_RING_LIFECYCLE);
		hg_count_lost(HG_PROBE_CRED, HG_LOSS_SCRATCH_BUSY);
		return 0;
	}
	cred = hg_cred_of(scratch);
	__builtin_memset(cred, 0, sizeof(*cred));
	cred->counted.event.boot_ns = bpf_ktime_get_boot_ns();
	cred->counted.event.kind = HG_PROBE_CRED;
	hg_identify(&cred->counted.event, task);
	cred->operation = operation;
	cred->error = result < 0 ? -result : 0;
	scratch->walk.at = sizeof(struct hg_cred);
	return scratch;
}

/* Sends what was begun. */
static __always_inline void hg_cred_send(struct hg_cred_scratch *scratch)
{
	u32 at = scratch->walk.at;

	hg_hide(at);
	/* The key covers whole words. */
	*(u64 *)(scratch->record + (at & (HG_PATH_ROOM - 1))) = 0;
	hg_tell(&hg_cred_of(scratch)->counted, scratch->walk.at, HG_PROBE_CRED);
}

/* Whether calls of this kind change what a thread is; of the others only what is after is told. */
static __always_inline bool hg_cred_is_change(u32 operation)
{
	return operation <= HG_CRED_UNEXPLAINED || operation == HG_CRED_PRCTL ||
	       operation == HG_CRED_UNSHARE || operation == HG_CRED_SETNS;
}

static __always_inline void hg_cred_fill_before(struct hg_cred *cred, struct hg_cred_seen *seen)
{
	u32 of = cred->counted.event.exec_no + 1;

	if (cred->error) {
		cred->before = cred->after;
		cred->before_ns = cred->after_ns;
		cred->counted.event.flags |= HG_CRED_BEFORE_KNOWN;
	} else if (seen && seen->what & (HG_SEEN_NAMESPACES | HG_SEEN_CREDENTIALS)) {
		cred->before = cred->after;
		cred->before_ns = cred->after_ns;
		if (seen->what & HG_SEEN_NAMESPACES)
			cred->before_ns = seen->namespaces;
		if (seen->what & HG_SEEN_CREDENTIALS) {
			cred->before = seen->credentials;
			/* Of the user namespace the credentials know. */
			cred->before_ns.user = seen->namespaces.user;
		}
		cred->counted.event.flags |= HG_CRED_BEFORE_KNOWN;
	} else if (seen && seen->last_of == of) {
		cred->before = seen->last;
		cred->before_ns = seen->last_ns;
		cred->counted.event.flags |= HG_CRED_BEFORE_KNOWN | HG_CRED_BEFORE_REMEMBERED;
	}
}

/* Fills in what is true after the call, and what was before as far as it is known, and sends it. */
static __noinline int hg_cred_end(struct hg_cred_scratch *scratch)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_cred *cred = hg_cred_of(scratch);
	struct hg_cred_seen *seen;

	hg_read_credentials(&cred->after, task->cred);
	hg_read_namespaces(&cred->after_ns, task);
	if (hg_cred_is_change(cred->operation)) {
		/* Without memory for it the next change does not know what was before. */
		seen = bpf_task_storage_get(&hg_cred_threads, task, 0,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);
		hg_cred_fill_before(cred, seen);
		if (seen) {
			seen->what = 0;
			seen->last = cred->after;
			seen->last_ns = cred->after_ns;
			seen->last_of = cred->counted.event.exec_no + 1;
		}
	}
	hg_cred_send(scratch);
	return 0;
}

/* Where the next text goes. */
static __always_inline u8 *hg_cred_next(struct hg_cred_scratch *scratch)
{
	u32 at = scratch->walk.at;

	hg_hide(at);
	return scratch->record + (at & (HG_PATH_ROOM - 1));
}

/* Each of these appends a text and returns its length. */

/* From the caller's memory, up to `most` bytes with its NUL. The kernel has just read it, so it is resident. */
static __always_inline u32 hg_cred_add_user(struct hg_cred_scratch *scratch, u64 address, u32 most)
{
	struct hg_cred *cred = hg_cred_of(scratch);
	long length;

	if (!address)
		return 0;
	length = bpf_probe_read_user_str(hg_cred_next(scratch), most, (void *)address);
	if (length <= 0) {
		cred->counted.event.flags |= HG_CRED_TEXT_UNREADABLE;
		return 0;
	}
	if (length == most)
		cred->counted.event.flags |= HG_CRED_TEXT_TRUNCATED;
	/* Less the NUL, over which the next one goes. */
	scratch->walk.at += length - 1;
	return length - 1;
}

static __always_inline u32 hg_cred_add_kernel(struct hg_cred_scratch *scratch, const void *text, u32 most)
{
	long length = bpf_probe_read_kernel_str(hg_cred_next(scratch), most, text);

	if (length <= 0)
		return 0;
	scratch->walk.at += length - 1;
	return length - 1;
}

/* The path of an open file as the caller's root sees it; its inode and device as well. */
static __always_inline u32 hg_cred_add_file(struct hg_cred_scratch *scratch, u64 address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_cred *cred = hg_cred_of(scratch);
	struct hg_file_head head;
	struct hg_inode_head inode;
	u32 length;

	if (!address)
		return 0;
	hg_read_file(&head, address);
	hg_read_inode(&inode, head.inode);
	cred->inode = inode.number;
	cred->device = inode.device;
	hg_walk_begin(&scratch->walk);
	hg_walk_on(&scratch->walk, scratch->record, head.dentry, head.mnt, &task->fs->root);
	length = hg_walk_end(&scratch->walk, scratch->record);
	if (scratch->walk.is_done == 0)
		cred->counted.event.flags |= HG_CRED_PATH_PARTIAL;
	return length;
}
