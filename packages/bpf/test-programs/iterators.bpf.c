// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lists tasks, their open files, and TCP sockets. */
#include "core.h"

struct task_row {
	u64 start_boot_ns;
	u32 pid;
	u32 tgid;
	u32 parent_tgid;
	u32 _pad;
	char comm[16];
};
EXPORT_STRUCT(task_row);

struct file_row {
	u32 tgid;
	u32 fd;
};
EXPORT_STRUCT(file_row);

struct tcp_row {
	u32 local_address;
	u16 local_port;
	u8 state;
	u8 family;
};
EXPORT_STRUCT(tcp_row);

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	/* Copied before the check: the verifier forgets it on a second read. */
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct task_row row = {};

	if (!task)
		return 0;
	row.start_boot_ns = task->group_leader->start_boottime;
	row.pid = task->pid;
	row.tgid = task->tgid;
	row.parent_tgid = task->real_parent->tgid;
	bpf_probe_read_kernel_str(row.comm, sizeof(row.comm), task->comm);
	bpf_seq_write(seq, &row, sizeof(row));
	return 0;
}

SEC("iter/task_file")
int dump_task_file(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct file_row row = {};

	if (!task || !file)
		return 0;
	row.tgid = task->tgid;
	row.fd = ctx->fd;
	bpf_seq_write(seq, &row, sizeof(row));
	return 0;
}

SEC("iter/tcp")
int dump_tcp(struct bpf_iter__tcp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct sock_common *sk = ctx->sk_common;
	struct tcp_row row = {};

	if (!sk)
		return 0;
	row.local_address = sk->skc_rcv_saddr;
	row.local_port = sk->skc_num;
	row.state = sk->skc_state;
	row.family = sk->skc_family;
	bpf_seq_write(seq, &row, sizeof(row));
	return 0;
}
