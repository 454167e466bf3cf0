/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports every successful exec, with the whole argument list.
 *
 * Hook: tp_btf/sched_process_exec: the new image and its credentials are in place,
 * its stack has just been written (so argv is resident), and it needs no kprobe.
 * For a script bprm->file is the interpreter by now, and the script is known only as
 * typed: where the kernel has fentry, a second program keeps the script's inode.
 */
#include "../../../bpf/emit/emit.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/read/path.h"
#include "../../../bpf/read/cgroup.h"

#define HG_PROBE_EXEC 1

#define HG_EXEC_ARGV_TRUNCATED (1u << 0)
#define HG_EXEC_ARGV_UNREADABLE (1u << 1)
#define HG_EXEC_MEMFD (1u << 2)
#define HG_EXEC_DELETED (1u << 3)
#define HG_EXEC_SCRIPT (1u << 4)
#define HG_EXEC_FILE_PARTIAL (1u << 5)
#define HG_EXEC_CWD_PARTIAL (1u << 6)
#define HG_EXEC_PRIVILEGES_RAISED (1u << 8)

/* Longest argv in a record. */
#define HG_ARGV_BYTES (128 << 10)
/* As long as it is no longer, it is taken whatever the ring's room. */
#define HG_EXEC_ARGV_ALWAYS 256
/* Room for everything before argv: the struct and four texts of up to 4 KiB. */
#define HG_EXEC_HEAD_BYTES HG_PATH_ROOM
/* Longer cgroup paths are walked each time. */
#define HG_EXEC_KEPT_BYTES 512
#define HG_EXEC_KEPT_NS 1000000000ull

struct hg_exec {
	struct hg_event event;
	u64 parent_start_ns;
	u32 parent_pid;
	u32 parent_exec_no;
	u32 euid;
	u32 gid;
	u32 egid;
	u32 login_uid;
	u32 session_id;
	u32 ns_pid;
	/* In the order of struct cred. */
	u64 cap_inheritable;
	u64 cap_permitted;
	u64 cap_effective;
	u32 mount_ns;
	u32 pid_ns;
	u32 net_ns;
	u32 user_ns;
	/* kernfs ids: of the v2 cgroup, and of the one that tells the workload. */
	u64 cgroup_id;
	u64 workload_id;
	u64 inode;
	u32 device;
	/* mm->arg_end - mm->arg_start. */
	u32 argv_total_bytes;
	char tty[16];
	/* Lengths of the texts that follow the struct, in this order, without padding. */
	u32 typed_bytes;
	u32 file_bytes;
	u32 cwd_bytes;
	u32 cgroup_bytes;
	u32 argv_bytes;
	/* Of a script, where it could be seen; else 0. `inode` and `device` are the interpreter's then. */
	u32 script_device;
	u64 script_inode;
};
const struct hg_exec *hg_exec_type __attribute__((unused));

/*
 * The path of the cgroup that last had an exec on this CPU: most often that of the next.
 * For a second, as cgroups of version 1 can be given another name; ids are not used again.
 */
struct hg_exec_cgroup {
	u64 id;
	u64 until_ns;
	u32 length;
	u32 reserved;
	/* The second half is room that only the verifier needs. */
	u8 path[2 * HG_EXEC_KEPT_BYTES];
};

/*
 * Indexed by CPU: a per-CPU value may not be larger than 32 KiB. The program runs
 * with preemption off and nothing that interrupts it execs.
 */
struct hg_exec_scratch {
	/* The last page is room that only the verifier needs. */
	u8 record[HG_EXEC_HEAD_BYTES + HG_ARGV_BYTES + 4096];
	struct hg_walk walk;
	/* Of the record; in memory as the numbers of the walk are. */
	volatile u32 flags;
	struct hg_exec_cgroup cgroup;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_exec_scratch);
} hg_exec_memory SEC(".maps");

/* The file that an exec under way began with, when it is no ELF file. */
struct hg_script {
	/* Address of the linux_binprm: names the exec. */
	u64 bprm;
	u64 inode;
	u32 device;
	u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hg_script);
} hg_scripts SEC(".maps");

/*
 * Runs for the script first and for its interpreter afterwards, each time after the first
 * bytes of the file were read. bpf_task_storage_get may fail for want of memory: then the
 * exec is told without the script's inode, as on kernels without this program.
 */
SEC("fentry/security_bprm_check")
int hg_exec_script(u64 *ctx)
{
	struct linux_binprm *bprm = (void *)ctx[0];
	struct hg_script *script;
	struct inode *inode;

	if (bprm->interp != bprm->filename || (bprm->buf[0] == 0x7f && bprm->buf[1] == 'E'))
		return 0;
	script = bpf_task_storage_get(&hg_scripts, bpf_get_current_task_btf(), 0,
				      BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!script)
		return 0;
	inode = bprm->file->f_inode;
	script->bprm = (u64)bprm;
	script->inode = inode->i_ino;
	script->device = inode->i_sb->s_dev;
	return 0;
}

/* Where the next text goes. */
static __always_inline u8 *hg_exec_next(struct hg_exec_scratch *scratch)
{
	u32 at = scratch->walk.at;

	hg_hide(at);
	return scratch->record + (at & (HG_EXEC_HEAD_BYTES - 1));
}

/* Each of these appends a text, and returns its length. */

static __always_inline u32 hg_exec_add_text(struct hg_exec_scratch *scratch, const char *text)
{
	long length = bpf_probe_read_kernel_str(hg_exec_next(scratch), HG_PATH_BYTES, text);

	/* Less the NUL, over which the next one goes. */
	if (length > 0)
		scratch->walk.at += length - 1;
	return length > 0 ? length - 1 : 0;
}

static __always_inline u32 hg_exec_add_cgroup(struct hg_exec_scratch *scratch,
					      struct kernfs_node *node, u64 now)
{
	struct hg_exec_cgroup *kept = &scratch->cgroup;
	u64 id = node->id;
	u32 length, size;
	u8 *to = hg_exec_next(scratch);

	((struct hg_exec *)scratch->record)->workload_id = id;
	if (kept->id == id && now < kept->until_ns) {
		length = kept->length & (HG_EXEC_KEPT_BYTES - 1);
		bpf_probe_read_kernel(to, length, kept->path);
		scratch->walk.at += length;
		return length;
	}
	length = hg_walk_cgroup(&scratch->walk, scratch->record, node);
	if (scratch->walk.is_done && length < HG_EXEC_KEPT_BYTES) {
		kept->id = id;
		kept->until_ns = now + HG_EXEC_KEPT_NS;
		kept->length = length;
		size = length;
		hg_hide(size);
		bpf_probe_read_kernel(kept->path, size & (HG_EXEC_KEPT_BYTES - 1), to);
	}
	return length;
}

/* Side by side in struct cred: one read instead of three. */
static __always_inline void hg_exec_read_capabilities(struct hg_exec *exec, const struct cred *cred)
{
	if (bpf_core_field_offset(struct cred, cap_permitted) ==
		    bpf_core_field_offset(struct cred, cap_inheritable) + 8 &&
	    bpf_core_field_offset(struct cred, cap_effective) ==
		    bpf_core_field_offset(struct cred, cap_inheritable) + 16) {
		hg_read_field(&exec->cap_inheritable, 24, &cred->cap_inheritable);
		return;
	}
	hg_read_field(&exec->cap_inheritable, 8, &cred->cap_inheritable);
	hg_read_field(&exec->cap_permitted, 8, &cred->cap_permitted);
	hg_read_field(&exec->cap_effective, 8, &cred->cap_effective);
}

struct hg_argv_copy {
	u8 *to;
	u64 from;
	u32 length;
	u32 copied;
};

/* Page by page, when one read of all was refused: keeps what is there. */
static long hg_exec_copy_page(u32 step, struct hg_argv_copy *copy)
{
	u32 at = copy->copied;
	u64 from = copy->from + at;
	u32 page = 4096 - (from & 4095);
	u32 left = copy->length - at;

	if (at >= copy->length || at >= HG_ARGV_BYTES)
		return 1;
	if (page > left)
		page = left;
	hg_hide(page);
	if (page > 4096)
		return 1;
	hg_hide(at);
	at &= HG_ARGV_BYTES - 1;
	if (bpf_probe_read_user(copy->to + at, page, (void *)from))
		return 1;
	copy->copied += page;
	return 0;
}

/* As much of argv as the ring should take now: one flood of long ones must not push out others. */
static __always_inline u32 hg_exec_allowed_argv(void)
{
	u64 free_bytes = bpf_ringbuf_query(&hg_lifecycle, BPF_RB_RING_SIZE) -
			 bpf_ringbuf_query(&hg_lifecycle, BPF_RB_AVAIL_DATA);

	if (free_bytes >= (1 << 20))
		return HG_ARGV_BYTES;
	if (free_bytes >= (512 << 10))
		return 32 << 10;
	if (free_bytes >= (128 << 10))
		return 4 << 10;
	return HG_EXEC_ARGV_ALWAYS;
}

/* Whether effective ids or capabilities grew by this exec. */
static __always_inline bool hg_exec_raised(struct linux_binprm *bprm, const struct cred *cred,
					   struct inode *inode, u64 permitted)
{
	u32 mode = inode->i_mode;
	u32 uid = cred->uid.val;

	if (uid == 0 || !BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		return false;
	if ((mode & 04000) && cred->euid.val != uid && cred->euid.val == inode->i_uid.val)
		return true;
	if ((mode & 02010) == 02010 && cred->egid.val != cred->gid.val &&
	    cred->egid.val == inode->i_gid.val)
		return true;
	/* secureexec without foreign ids: file capabilities beyond the ambient ones. */
	return cred->euid.val == uid && cred->egid.val == cred->gid.val && permitted;
}

SEC("tp_btf/sched_process_exec")
int hg_exec(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct linux_binprm *bprm = (void *)ctx[2];
	u64 now = bpf_ktime_get_boot_ns();
	u32 cpu = bpf_get_smp_processor_id();
	struct hg_exec_scratch *scratch = bpf_map_lookup_elem(&hg_exec_memory, &cpu);
	struct task_struct *parent = task->real_parent;
	const struct cred *cred = task->cred;
	struct nsproxy *namespaces = task->nsproxy;
	struct signal_struct *signal = task->signal;
	struct mm_struct *mm = task->mm;
	struct file *file = bprm->file;
	struct inode *inode = file->f_inode;
	struct hg_walk *walk;
	struct hg_exec *exec;
	u64 arg_start;
	u32 at, length, total;
	long error;

	if (!scratch) {
		/* A CPU beyond those that were possible at load. */
		hg_take_sequence(HG_RING_LIFECYCLE);
		hg_count_lost(HG_PROBE_EXEC, HG_LOSS_SCRATCH_BUSY);
		return 0;
	}
	exec = (void *)scratch->record;
	walk = &scratch->walk;
	scratch->flags = 0;
	exec->event.boot_ns = now;
	exec->event.kind = HG_PROBE_EXEC;
	exec->event.reserved = 0;
	hg_identify(&exec->event, task);
	exec->parent_pid = parent->tgid;
	exec->parent_start_ns = parent->group_leader->start_boottime;
	exec->parent_exec_no = parent->self_exec_id;
	exec->euid = cred->euid.val;
	exec->gid = cred->gid.val;
	exec->egid = cred->egid.val;
	exec->login_uid = task->loginuid.val;
	exec->session_id = task->sessionid;
	exec->ns_pid = hg_namespace_pid(task);
	hg_exec_read_capabilities(exec, cred);
	exec->mount_ns = namespaces->mnt_ns->ns.inum;
	exec->pid_ns = namespaces->pid_ns_for_children->ns.inum;
	exec->net_ns = namespaces->net_ns->ns.inum;
	exec->user_ns = cred->user_ns->ns.inum;
	exec->inode = inode->i_ino;
	exec->device = inode->i_sb->s_dev;
	if (hg_is_own(exec->event.pid, exec->event.start_ns))
		scratch->flags |= HG_FLAG_OWN;
	if (hg_exec_raised(bprm, cred, inode, exec->cap_permitted))
		scratch->flags |= HG_EXEC_PRIVILEGES_RAISED;

	exec->tty[0] = 0;
	{
		struct tty_struct *tty = signal->tty;

		if (tty)
			bpf_core_read_str(exec->tty, sizeof(exec->tty), &tty->name);
	}

	walk->at = sizeof(struct hg_exec);
	exec->typed_bytes = hg_exec_add_text(scratch, bprm->filename);

	exec->file_bytes = hg_walk_path(walk, scratch->record, &file->f_path, &task->fs->root);
	if (walk->is_done == 0)
		scratch->flags |= HG_EXEC_FILE_PARTIAL;
	if (walk->is_done == 2) {
		u32 begin = walk->begin;
		const u8 *name;

		hg_hide(begin);
		name = scratch->record + (begin & (HG_EXEC_HEAD_BYTES - 1));
		if (exec->file_bytes >= 6 && name[0] == 'm' && name[1] == 'e' && name[2] == 'm' &&
		    name[3] == 'f' && name[4] == 'd' && name[5] == ':')
			scratch->flags |= HG_EXEC_MEMFD;
	} else if (exec->file_bytes > 1 && !file->f_path.dentry->d_hash.pprev) {
		scratch->flags |= HG_EXEC_DELETED;
	}

	exec->script_inode = 0;
	exec->script_device = 0;
	if (bprm->interp != bprm->filename) {
		struct hg_script *script = bpf_task_storage_get(&hg_scripts, task, 0, 0);

		scratch->flags |= HG_EXEC_SCRIPT;
		if (script && script->bprm == (u64)bprm) {
			exec->script_inode = script->inode;
			exec->script_device = script->device;
		}
	}

	exec->cwd_bytes = hg_walk_path(walk, scratch->record, &task->fs->pwd, &task->fs->root);
	if (walk->is_done == 0)
		scratch->flags |= HG_EXEC_CWD_PARTIAL;

	{
		struct kernfs_node *unified = hg_unified_node(task), *node;

		exec->cgroup_id = unified->id;
		node = hg_workload_node(task, exec->cgroup_id, unified);
		exec->cgroup_bytes = hg_exec_add_cgroup(scratch, node, now);
	}

	arg_start = mm->arg_start;
	total = mm->arg_end - arg_start;
	exec->argv_total_bytes = total;
	length = total;
	if (length > HG_EXEC_ARGV_ALWAYS) {
		u32 allowed = hg_exec_allowed_argv();

		if (length > allowed)
			length = allowed;
	}
	at = walk->at;
	hg_hide(at);
	at &= HG_EXEC_HEAD_BYTES - 1;
	hg_hide(length);
	if (length > HG_ARGV_BYTES)
		length = HG_ARGV_BYTES;
	if (bpf_probe_read_user(scratch->record + at, length, (void *)arg_start)) {
		struct hg_argv_copy copy = {
			.to = scratch->record + at,
			.from = arg_start,
			.length = length,
		};

		bpf_loop(HG_ARGV_BYTES / 4096 + 1, hg_exec_copy_page, &copy, 0);
		scratch->flags |= HG_EXEC_ARGV_UNREADABLE;
		length = copy.copied;
		hg_hide(length);
		if (length > HG_ARGV_BYTES)
			length = HG_ARGV_BYTES;
	}
	exec->event.seq = hg_take_sequence(HG_RING_LIFECYCLE);

	/* Tries with ever less of argv: an exec is never absent because its arguments are long. */
#pragma unroll
	for (int shift = 0; shift < 5; shift++) {
		u32 limit = shift == 0 ? HG_ARGV_BYTES :
			    shift == 1 ? 32 << 10 :
			    shift == 2 ? 4 << 10 :
			    shift == 3 ? HG_EXEC_ARGV_ALWAYS : 0;

		if (length > limit)
			length = limit;
		else if (shift)
			continue;
		exec->argv_bytes = length;
		exec->event.flags = scratch->flags | (length < total ? HG_EXEC_ARGV_TRUNCATED : 0);
		error = bpf_ringbuf_output(&hg_lifecycle, scratch->record, at + length, 0);
		if (!error) {
			hg_count_submitted(HG_PROBE_EXEC);
			return 0;
		}
	}
	hg_count_lost(HG_PROBE_EXEC, HG_LOSS_RING_FULL);
	return 0;
}
