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

/* Node of the cgroup that tells the workload, as an address for probe reads. */
static __always_inline u64 hg_workload_node(struct task_struct *task, u64 unified_id,
					    struct kernfs_node *unified)
{
	struct css_set *set = task->cgroups;
	struct cgroup_subsys_state *state = 0;
	struct cgroup *cgroup = 0;
	struct kernfs_node *node = 0;
	u32 at = bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id) ?
			 bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id) :
			 bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	if (unified_id > 1)
		return (u64)unified;
	bpf_probe_read_kernel(&state, sizeof(state),
			      (void *)set + bpf_core_field_offset(struct css_set, subsys) +
				      at * sizeof(void *));
	bpf_core_read(&cgroup, sizeof(cgroup), &state->cgroup);
	bpf_core_read(&node, sizeof(node), &cgroup->kn);
	return (u64)node;
}

static __always_inline u64 hg_node_id(u64 node)
{
	struct kernfs_node *kernfs = (void *)node;
	u64 id = 0;

	bpf_core_read(&id, sizeof(id), &kernfs->id);
	return id;
}

static long hg_walk_cgroup_step(u32 step, struct hg_walk *walk)
{
	struct kernfs_node *node = (void *)walk->dentry;
	struct kernfs_node___old *old = (void *)node;
	u64 parent = 0;
	const char *name = 0;
	u8 *buffer = walk->buffer;
	u32 at = walk->at;
	long length;

	if (bpf_core_field_exists(node->__parent))
		bpf_core_read(&parent, sizeof(parent), &node->__parent);
	else
		bpf_core_read(&parent, sizeof(parent), &old->parent);
	if (!parent) {
		walk->is_done = 1;
		return 1;
	}
	bpf_core_read(&name, sizeof(name), &node->name);
	/* kernfs has no length: read the name into the upper half of the buffer first. */
	length = bpf_probe_read_kernel_str(buffer + HG_PATH_BYTES, 256, name);
	if (length <= 1)
		return 1;
	length = (length - 1) & 255;
	if (at <= length + 1 || at > HG_PATH_BYTES)
		return 1;
	at -= length;
	bpf_probe_read_kernel(buffer + (at & (HG_PATH_BYTES - 1)), length, buffer + HG_PATH_BYTES);
	at -= 1;
	buffer[at & (HG_PATH_BYTES - 1)] = '/';
	walk->at = at;
	walk->dentry = parent;
	return 0;
}

/* Path of a cgroup from the root of its hierarchy, as hg_walk_path leaves it. */
static __always_inline void hg_walk_cgroup(struct hg_walk *walk, u64 node)
{
	walk->dentry = node;
	walk->at = HG_PATH_BYTES;
	walk->is_done = 0;
	bpf_loop(HG_PATH_STEPS, hg_walk_cgroup_step, walk, 0);
	if (walk->is_done == 1 && walk->at == HG_PATH_BYTES) {
		walk->at = HG_PATH_BYTES - 1;
		walk->buffer[HG_PATH_BYTES - 1] = '/';
	}
}
