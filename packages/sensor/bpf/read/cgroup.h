/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which cgroup tells the workload: the one of version 2, or, where that is the
 * root (v1 and hybrid hosts), the one of the v1 pids hierarchy.
 */
#pragma once

#include "path.h"

static __always_inline struct kernfs_node *hg_unified_node(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn;
}

/* Node of the cgroup that tells the workload. */
static __always_inline struct kernfs_node *hg_workload_node(struct task_struct *task,
							    u64 unified_id,
							    struct kernfs_node *unified)
{
	struct css_set *set = task->cgroups;
	struct cgroup_subsys_state *state;
	u32 at = bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id) ?
			 bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id) :
			 bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	if (unified_id > 1)
		return unified;
	state = *(struct cgroup_subsys_state **)((void *)set +
						 bpf_core_field_offset(struct css_set, subsys) +
						 at * sizeof(void *));
	return state->cgroup->kn;
}

struct hg_cgroup_walk {
	struct hg_walk *walk;
	u8 *to;
	struct kernfs_node *node;
};

static long hg_walk_cgroup_step(u32 step, struct hg_cgroup_walk *up)
{
	struct hg_walk *walk = up->walk;
	struct kernfs_node *node = up->node;
	struct kernfs_node___old *old = (void *)node;
	struct kernfs_node *parent;
	u8 *to = up->to;
	u32 at;
	long length;

	if (bpf_core_field_exists(node->__parent))
		parent = node->__parent;
	else
		parent = old->parent;
	if (!parent) {
		walk->is_done = 1;
		return 1;
	}
	at = hg_room_for(walk, 255);
	if (at == HG_PATH_ROOM)
		return 1;
	to += at & (HG_PATH_ROOM - 1);
	length = bpf_probe_read_kernel_str(to, 256, node->name);
	if (length <= 1)
		return 1;
	/* In the place of the NUL. */
	to[(length - 1) & 255] = '/';
	walk->at = at + length;
	up->node = parent;
	return 0;
}

/* Path of a cgroup from the root of its hierarchy, as hg_walk_path writes and returns it. */
static __always_inline u32 hg_walk_cgroup(struct hg_walk *walk, u8 *to,
					  struct kernfs_node *node)
{
	struct hg_cgroup_walk up = { .walk = walk, .to = to, .node = node };

	hg_walk_begin(walk);
	bpf_loop(HG_PATH_STEPS, hg_walk_cgroup_step, &up, 0);
	return hg_walk_end(walk, to);
}
