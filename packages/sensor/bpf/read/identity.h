/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who: a process is (tgid, group_leader->start_boottime), an image adds
 * self_exec_id. All threads of a group have the same self_exec_id, as exec ends
 * all but the caller. Fields are read directly through BTF pointers: half the
 * price of probe_read.
 */
#pragma once

#include "../base/record.h"
#include "kernel-memory.h"

/* Fills pid, tid, start_ns, exec_no and uid. */
static __always_inline void hg_identify(struct hg_event *event, struct task_struct *task)
{
	event->pid = task->tgid;
	event->tid = task->pid;
	event->start_ns = task->group_leader->start_boottime;
	event->exec_no = task->self_exec_id;
	event->uid = task->cred->uid.val;
}

/* Process id in the process's own pid namespace. */
static __always_inline u32 hg_namespace_pid(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	unsigned int level = leader->thread_pid->level;
	u64 pid = 0;
	int nr = 0;

	if (level == 0)
		return task->tgid;
	if (level > 32)
		return 0;
	/* Read as a number: Linux 6.1 takes no variable offset from a typed pointer. */
	hg_read_field(&pid, sizeof(pid), &leader->thread_pid);
	hg_read_kernel(&nr, sizeof(nr),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	return nr;
}

static __always_inline u64 *hg_own_mark(u32 tgid)
{
	tgid &= HG_OWN_MARKS - 1;
	return bpf_map_lookup_elem(&hg_own_marks, &tgid);
}

/* Whether the process is one of Honeyguide's own. */
static __always_inline bool hg_is_own(u32 tgid, u64 start_ns)
{
	u64 *mark = hg_own_mark(tgid), *ticks;

	if (!mark || !*mark)
		return false;
	ticks = bpf_map_lookup_elem(&hg_own, &tgid);
	return ticks && *ticks == start_ns / 10000000;
}
