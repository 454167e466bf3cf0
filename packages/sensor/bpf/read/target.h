/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Another process, as system calls name it: by a number in the caller's pid namespace.
 *
 * The namespace keeps its processes in a tree of 64 branches a level, and the number leads
 * down it: no helper does this on every kernel that we run on (bpf_task_from_pid came with
 * 6.2 and knows only numbers of the initial namespace).
 */
#pragma once

#include "kernel-memory.h"

/* Who was meant. `start_ns` is 0 when there is no such process, or no longer. */
struct hg_target {
	u64 start_ns;
	/* Of the initial namespace; as it was given, where there is no such process. */
	u32 pid;
	u32 tid;
	u32 exec_no;
	u32 reserved;
};

/* Three levels hold 262,144 numbers, four the most that Linux allows. */
#define HG_PID_LEVELS 4

/* The struct pid of `number` in the namespace that the current process is in, as an address; or 0. */
static __always_inline u64 hg_find_pid(u32 number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 own = 0, namespace = 0, entry = 0;
	u32 level = task->thread_pid->level;
	int shift = 0;

	if (level > 32 || number == 0)
		return 0;
	hg_read_field(&own, sizeof(own), &task->thread_pid);
	hg_read_kernel(&namespace, sizeof(namespace),
			      (void *)own + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, ns));
	hg_read_kernel(&entry, sizeof(entry),
			      (void *)namespace + bpf_core_field_offset(struct pid_namespace, idr) +
				      bpf_core_field_offset(struct idr, idr_rt) +
				      bpf_core_field_offset(struct xarray, xa_head));
	for (int step = 0; step < HG_PID_LEVELS; step++) {
		struct xa_node *node;
		u8 node_shift = 0;

		/* A pointer to a node has the lowest bits 10. */
		if ((entry & 3) != 2 || entry < 4096)
			return 0;
		node = (void *)(entry & ~3ull);
		hg_read_field(&node_shift, 1, &node->shift);
		shift = node_shift & 31;
		if (step == 0 && shift + 6 < 32 && number >> (shift + 6))
			return 0;
		entry = 0;
		hg_read_kernel(&entry, sizeof(entry),
				      (void *)node + bpf_core_field_offset(struct xa_node, slots) +
					      (number >> shift & 63) * sizeof(void *));
		if (shift == 0)
			return entry & 3 ? 0 : entry;
	}
	return 0;
}

/* The first task that has this struct pid in the role of `type`, as an address; or 0. */
static __always_inline u64 hg_task_of_pid(u64 pid, enum pid_type type)
{
	u64 link = 0;

	if (!pid)
		return 0;
	hg_read_kernel(&link, sizeof(link),
			      (void *)pid + bpf_core_field_offset(struct pid, tasks) + type * sizeof(void *));
	if (!link)
		return 0;
	return link - bpf_core_field_offset(struct task_struct, pid_links) -
	       type * bpf_core_type_size(struct hlist_node);
}

static __always_inline void hg_target_task(struct hg_target *target, u64 address)
{
	struct task_struct *task = (void *)address, *leader = 0;
	u64 exec_no = 0;

	if (!address)
		return;
	hg_read_field(&target->pid, 4, &task->tgid);
	hg_read_field(&target->tid, 4, &task->pid);
	hg_read_field(&exec_no, 8, &task->self_exec_id);
	target->exec_no = exec_no;
	hg_read_field(&leader, sizeof(leader), &task->group_leader);
	hg_read_field(&target->start_ns, 8, &leader->start_boottime);
}

/* Who the current process means by `number`; what it cannot know stays 0. */
static __always_inline void hg_target_number(struct hg_target *target, u32 number)
{
	target->start_ns = 0;
	target->pid = number;
	target->tid = 0;
	target->exec_no = 0;
	target->reserved = 0;
	hg_target_task(target, hg_task_of_pid(hg_find_pid(number), PIDTYPE_PID));
}

static __always_inline void hg_target_self(struct hg_target *target, struct task_struct *task)
{
	target->start_ns = task->group_leader->start_boottime;
	target->pid = task->tgid;
	target->tid = task->pid;
	target->exec_no = task->self_exec_id;
	target->reserved = 0;
}
