/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports every new process; threads are left out.
 *
 * Hook: tp_btf/sched_process_fork. Carries ids only: no path is walked here, as
 * most forks are followed by an exec that tells the rest.
 */
#include "../../../bpf/emit/emit.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/read/cgroup.h"

#define HG_PROBE_FORK 3

struct hg_fork {
	/* The child. */
	struct hg_event event;
	u64 parent_start_ns;
	u32 parent_pid;
	u32 parent_exec_no;
	u64 cgroup_id;
	u64 workload_id;
	u32 ns_pid;
	u32 reserved;
};
const struct hg_fork *hg_fork_type __attribute__((unused));

SEC("tp_btf/sched_process_fork")
int hg_fork(u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	struct task_struct *parent;
	struct kernfs_node *unified;
	struct hg_fork *fork;
	u64 parent_start_ns;

	if (child->pid != child->tgid)
		return 0;
	parent = child->real_parent;
	parent_start_ns = parent->group_leader->start_boottime;
	if (hg_is_own(parent->tgid, parent_start_ns)) {
		u32 tgid = child->tgid;
		u64 ticks = child->start_boottime / 10000000;
		u64 *mark = hg_own_mark(tgid);

		if (mark)
			*mark = 1;
		/* Loses nothing when it fails: a child that is not marked is reported like any other. */
		bpf_map_update_elem(&hg_own, &tgid, &ticks, BPF_ANY);
		hg_count_filtered(HG_PROBE_FORK);
		return 0;
	}
	fork = hg_reserve(&hg_lifecycle, HG_RING_LIFECYCLE, HG_PROBE_FORK, sizeof(*fork));
	if (!fork)
		return 0;
	hg_identify(&fork->event, child);
	fork->parent_pid = parent->tgid;
	fork->parent_start_ns = parent_start_ns;
	fork->parent_exec_no = parent->self_exec_id;
	unified = hg_unified_node(child);
	fork->cgroup_id = unified->id;
	fork->workload_id = hg_workload_node(child, fork->cgroup_id, unified)->id;
	fork->ns_pid = hg_namespace_pid(child);
	fork->reserved = 0;
	hg_submit(fork, HG_PROBE_FORK);
	return 0;
}
