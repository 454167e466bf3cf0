/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was there before the sensor: every process, and every TCP socket that a
 * process holds. Iterators, run once at start and unloaded again.
 *
 * Identity comes from here, as /proc gives start times only to 10 ms.
 */
#include "read/identity.h"
#include "read/cgroup.h"

struct hg_task {
	u64 start_ns;
	u64 parent_start_ns;
	u32 pid;
	u32 exec_no;
	u32 parent_pid;
	u32 parent_exec_no;
	u32 uid;
	u32 euid;
	u32 gid;
	u32 egid;
	u32 suid;
	u32 sgid;
	u32 fsuid;
	u32 fsgid;
	u32 login_uid;
	u32 session_id;
	u32 ns_pid;
	u32 is_kernel_thread;
	u64 cap_effective;
	u64 cap_permitted;
	u64 cap_inheritable;
	u32 mount_ns;
	u32 pid_ns;
	u32 net_ns;
	u32 user_ns;
	u64 cgroup_id;
	u64 workload_id;
	u64 inode;
	u32 device;
	u32 reserved;
	char tty[16];
};
const struct hg_task *hg_task_type __attribute__((unused));

SEC("iter/task")
int hg_tasks(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct task_struct *parent, *parent_leader;
	struct nsproxy *namespaces;
	struct kernfs_node *unified;
	struct tty_struct *tty;
	struct file *file = 0;
	struct inode *inode = 0;
	struct super_block *super = 0;
	struct mm_struct *mm;
	const struct cred *cred;
	struct hg_task out = {};

	if (!task || task->pid != task->tgid)
		return 0;
	cred = task->cred;
	parent = task->real_parent;
	parent_leader = parent->group_leader;
	out.pid = task->tgid;
	out.start_ns = task->start_boottime;
	out.exec_no = task->self_exec_id;
	out.parent_pid = parent->tgid;
	out.parent_start_ns = parent_leader->start_boottime;
	out.parent_exec_no = parent->self_exec_id;
	out.uid = cred->uid.val;
	out.euid = cred->euid.val;
	out.gid = cred->gid.val;
	out.egid = cred->egid.val;
	out.suid = cred->suid.val;
	out.sgid = cred->sgid.val;
	out.fsuid = cred->fsuid.val;
	out.fsgid = cred->fsgid.val;
	out.login_uid = task->loginuid.val;
	out.session_id = task->sessionid;
	out.ns_pid = hg_namespace_pid(task);
	out.is_kernel_thread = !!(task->flags & HG_PF_KTHREAD);
	bpf_core_read(&out.cap_effective, 8, &cred->cap_effective);
	bpf_core_read(&out.cap_permitted, 8, &cred->cap_permitted);
	bpf_core_read(&out.cap_inheritable, 8, &cred->cap_inheritable);
	out.user_ns = cred->user_ns->ns.inum;
	/* An ending process has given up its namespaces. */
	namespaces = task->nsproxy;
	if (namespaces) {
		out.mount_ns = namespaces->mnt_ns->ns.inum;
		out.pid_ns = namespaces->pid_ns_for_children->ns.inum;
		out.net_ns = namespaces->net_ns->ns.inum;
	}
	unified = hg_unified_node(task);
	out.cgroup_id = unified->id;
	out.workload_id = hg_workload_node(task, out.cgroup_id, unified)->id;
	mm = task->mm;
	if (mm) {
		bpf_core_read(&file, sizeof(file), &mm->exe_file);
		if (file) {
			bpf_core_read(&inode, sizeof(inode), &file->f_inode);
			bpf_core_read(&out.inode, sizeof(out.inode), &inode->i_ino);
			bpf_core_read(&super, sizeof(super), &inode->i_sb);
			bpf_core_read(&out.device, sizeof(out.device), &super->s_dev);
		}
	}
	tty = task->signal->tty;
	if (tty)
		bpf_core_read_str(out.tty, sizeof(out.tty), &tty->name);
	bpf_seq_write(seq, &out, sizeof(out));
	return 0;
}

struct hg_task_socket {
	/* Address of the struct sock: the key of the map of sockets. */
	u64 sock;
	u64 start_ns;
	u32 pid;
	u32 exec_no;
	u32 uid;
	u32 state;
};
const struct hg_task_socket *hg_task_socket_type __attribute__((unused));

#define HG_SOCKFS_MAGIC 0x534F434B
#define HG_IPPROTO_TCP 6

SEC("iter/task_file")
int hg_task_sockets(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *wrapper;
	struct sock *sk = 0;
	struct hg_task_socket out = {};
	u16 family = 0, protocol = 0;
	u8 state = 0;

	if (!task || !file || task->pid != task->tgid)
		return 0;
	if (file->f_inode->i_sb->s_magic != HG_SOCKFS_MAGIC)
		return 0;
	wrapper = file->private_data;
	bpf_core_read(&sk, sizeof(sk), &wrapper->sk);
	if (!sk)
		return 0;
	bpf_core_read(&family, sizeof(family), &sk->__sk_common.skc_family);
	bpf_core_read(&protocol, sizeof(protocol), &sk->sk_protocol);
	bpf_core_read(&state, sizeof(state), &sk->__sk_common.skc_state);
	/* Closed, and listening, have nothing to close later. */
	if ((family != 2 && family != 10) || protocol != HG_IPPROTO_TCP || state == 7 || state == 10)
		return 0;
	out.sock = (u64)sk;
	out.pid = task->tgid;
	out.start_ns = task->start_boottime;
	out.exec_no = task->self_exec_id;
	out.uid = task->cred->uid.val;
	out.state = state;
	bpf_seq_write(seq, &out, sizeof(out));
	return 0;
}

char hg_license[] SEC("license") = "Dual BSD/GPL";
