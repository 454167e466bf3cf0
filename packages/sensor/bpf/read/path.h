/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of a dentry as the process would see it, without bpf_d_path (which
 * trace programs may not call): up the dentries, across mounts, to the root of the
 * process. At most 128 steps; a walk that did not get there says so.
 *
 * Names are written from the end of a buffer to its beginning. Needs bpf_loop (5.17).
 */
#pragma once

#include "../base/kernel.h"

#define HG_PATH_STEPS 128
#define HG_PATH_BYTES 4096
/* Where a path begins to grow down from; above it lies room that only the verifier needs. */
#define HG_PATH_BUFFER (2 * HG_PATH_BYTES)

struct hg_walk {
	u64 dentry;
	u64 mnt;
	/* Of `mnt`: read once a mount, not once a step. */
	u64 mount_root;
	u64 root_dentry;
	u64 root_mnt;
	u8 *buffer;
	/* Where the path begins now. */
	u32 at;
	u32 is_done;
};

/* As they lie in a dentry of all supported kernels: one read instead of two is a fifth of a step. */
struct hg_dentry_names {
	struct dentry *parent;
	struct qstr name;
};

static __always_inline void hg_read_names(struct dentry *dentry, struct hg_dentry_names *to)
{
	if (bpf_core_field_offset(struct dentry, d_name) ==
	    bpf_core_field_offset(struct dentry, d_parent) + sizeof(void *)) {
		bpf_core_read(to, sizeof(*to), &dentry->d_parent);
		return;
	}
	bpf_core_read(&to->parent, sizeof(to->parent), &dentry->d_parent);
	bpf_core_read(&to->name, sizeof(to->name), &dentry->d_name);
}

static __always_inline u64 hg_mount_root(u64 address)
{
	struct vfsmount *mnt = (void *)address;
	u64 root = 0;

	bpf_core_read(&root, sizeof(root), &mnt->mnt_root);
	return root;
}

static long hg_walk_step(u32 step, struct hg_walk *walk)
{
	/* Copied first: a CO-RE access reaches back through members of our own structs otherwise. */
	struct dentry *dentry = (void *)walk->dentry;
	struct vfsmount *mnt = (void *)walk->mnt;
	struct dentry *mount_root = (void *)walk->mount_root;
	struct hg_dentry_names names;
	u8 *buffer = walk->buffer;
	u32 length, at;

	if (walk->dentry == walk->root_dentry && walk->mnt == walk->root_mnt) {
		walk->is_done = 1;
		return 1;
	}
	hg_read_names(dentry, &names);
	if (dentry == mount_root || dentry == names.parent) {
		struct mount *mount, *above;

		if (dentry != mount_root) {
			/* A dentry without a place in any tree: a memfd, a pipe. Take its name, and end. */
			walk->is_done = 2;
		} else {
			mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
			bpf_core_read(&above, sizeof(above), &mount->mnt_parent);
			if (above == mount || !above) {
				/* The root of the mount tree, above the root of the process. */
				walk->is_done = 1;
				return 1;
			}
			bpf_core_read(&walk->dentry, sizeof(walk->dentry), &mount->mnt_mountpoint);
			walk->mnt = (u64)above + bpf_core_field_offset(struct mount, mnt);
			walk->mount_root = hg_mount_root(walk->mnt);
			return 0;
		}
	}
	length = names.name.len & 255;
	at = walk->at;
	if (at <= length + 1 || at > HG_PATH_BYTES)
		return 1;
	at -= length;
	bpf_probe_read_kernel(buffer + (at & (HG_PATH_BUFFER / 2 - 1)), length, names.name.name);
	if (walk->is_done == 2) {
		walk->at = at;
		return 1;
	}
	at -= 1;
	buffer[at & (HG_PATH_BUFFER / 2 - 1)] = '/';
	walk->at = at;
	walk->dentry = (u64)names.parent;
	return 0;
}

/*
 * Walks from `path`. The bytes are at buffer[walk->at .. HG_PATH_BYTES); is_done is
 * 0 when the walk did not reach the root, 2 when the file has no place in a tree.
 */
static __always_inline void hg_walk_path(struct hg_walk *walk)
{
	walk->at = HG_PATH_BYTES;
	walk->is_done = 0;
	walk->mount_root = hg_mount_root(walk->mnt);
	bpf_loop(HG_PATH_STEPS, hg_walk_step, walk, 0);
	if (walk->is_done == 1 && walk->at == HG_PATH_BYTES) {
		walk->at = HG_PATH_BYTES - 1;
		walk->buffer[HG_PATH_BYTES - 1] = '/';
	}
}
