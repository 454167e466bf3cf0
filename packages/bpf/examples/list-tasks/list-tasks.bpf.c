// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Writes one row for each process (not for its other threads). */
#include "core.h"

struct task_row {
	u64 start_boot_ns SAFE_NUMBER;
	u32 tgid;
	u32 parent_tgid;
	char comm[16];
};
EXPORT_STRUCT(task_row);

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	/* Copied before the check: the verifier forgets it on a second read. */
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct task_row row = {};

	if (!task || task->pid != task->tgid)
		return 0;
	row.start_boot_ns = task->start_boottime;
	row.tgid = task->tgid;
	row.parent_tgid = task->real_parent->tgid;
	bpf_probe_read_kernel_str(row.comm, sizeof(row.comm), task->comm);
	bpf_seq_write(seq, &row, sizeof(row));
	return 0;
}
