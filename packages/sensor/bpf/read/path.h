/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of a dentry as the process would see it, without bpf_d_path (which
 * trace programs may not call): up the dentries, across mounts, to the root of the
 * process. At most 128 steps on each side of the first mount; a walk that did not get
 * there says so.
 *
 * Names are written as they are met, the last of the path first, each with a slash
 * behind it: `true/bin/usr/`. So they go to where the record wants them, without a
 * second copy; user space turns them around (src/probes/path-text.ts). A text without
 * a slash at its end is no path: the name of a file without a place in any tree.
 *
 * Calls are what costs here: names are copied with loads where that can be. Needs bpf_loop (5.17).
 */
#pragma once

#include "kernel-memory.h"

#define HG_PATH_STEPS 128
#define HG_PATH_BYTES 4096
/* Paths begin in this much of the buffer; a name more must fit behind it. */
#define HG_PATH_ROOM (32 << 10)

#define hg_hide(value) asm volatile("" : "+r"(value))

/*
 * Kept in a map, and read from it again each time: what the verifier knows of numbers in
 * registers and on the stack, on Linux 6.1 constants, would make of each way through a walk a
 * program of its own.
 */
struct hg_walk {
	/* Offsets into the buffer: where the next text goes, where this one begins, and where it may end. */
	volatile u32 at;
	volatile u32 begin;
	volatile u32 end;
	/* 1: came to the root. 2: the file has no place in a tree. */
	volatile u32 is_done;
};

/* Within one mount. */
struct hg_climb {
	struct hg_walk *walk;
	u8 *to;
	struct dentry *dentry;
	struct dentry *mount_root;
	/* NULL in another mount than that of the process's root. */
	struct dentry *root;
};

/* From mount to mount: numbers, as no typed pointer leads from a vfsmount to its mount. */
struct hg_cross {
	struct hg_walk *walk;
	u8 *to;
	u64 dentry;
	u64 mnt;
	u64 mount_root;
	u64 root_dentry;
	u64 root_mnt;
};

static __always_inline void hg_walk_begin(struct hg_walk *walk)
{
	walk->begin = walk->at;
	walk->end = walk->at + HG_PATH_BYTES;
	walk->is_done = 0;
}

/* What the walk has written, in bytes. */
static __always_inline u32 hg_walk_end(struct hg_walk *walk, u8 *to)
{
	u32 at = walk->at;

	if (walk->is_done == 1 && at == walk->begin) {
		hg_hide(at);
		to[at & (HG_PATH_ROOM - 1)] = '/';
		walk->at = at + 1;
	}
	return walk->at - walk->begin;
}

/* Where the next name of `length` bytes goes, as an offset; HG_PATH_ROOM when there is no room for it. */
static __always_inline u32 hg_room_for(const struct hg_walk *walk, u32 length)
{
	u32 at = walk->at;

	if (at + length + 1 > walk->end || at >= HG_PATH_ROOM)
		return HG_PATH_ROOM;
	return at;
}

/*
 * Short names lie in the dentry itself: copies 32 bytes or 16 of them, whatever the
 * length. False when this one lies elsewhere.
 */
static __always_inline bool hg_copy_short_name(u8 *to, struct dentry *dentry, u32 length)
{
	u32 offset = bpf_core_field_exists(dentry->d_shortname) ?
			     bpf_core_field_offset(struct dentry, d_shortname) :
			     bpf_core_field_offset(struct dentry___iname, d_iname);
	const u64 *words = (void *)dentry + offset;

	if (length > 32 || (u64)dentry->d_name.name != (u64)words)
		return false;
	*(u64 *)to = words[0];
	*(u64 *)(to + 8) = words[1];
	if (length > 16) {
		*(u64 *)(to + 16) = words[2];
		*(u64 *)(to + 24) = words[3];
	}
	return true;
}

static long hg_climb_step(u32 step, struct hg_climb *climb)
{
	struct hg_walk *walk = climb->walk;
	struct dentry *dentry = climb->dentry;
	struct dentry *parent = dentry->d_parent;
	u8 *to = climb->to;
	u32 length, at;

	if (dentry == climb->root) {
		walk->is_done = 1;
		return 1;
	}
	if (dentry == climb->mount_root || dentry == parent)
		return 1;
	length = dentry->d_name.len & 255;
	at = hg_room_for(walk, length);
	if (at == HG_PATH_ROOM)
		return 1;
	to += at & (HG_PATH_ROOM - 1);
	if (!hg_copy_short_name(to, dentry, length))
		bpf_probe_read_kernel(to, length, dentry->d_name.name);
	to[length] = '/';
	walk->at = at + length + 1;
	climb->dentry = parent;
	return 0;
}

/* What a dentry's address leads to, read with one call where its fields lie in this order. */
struct hg_dentry_head {
	/* 0 when no name leads to it any more. */
	u64 hashed;
	u64 parent;
	u32 hash;
	u32 length;
	u64 name;
	u64 inode;
	/* The name, as far as it lies in the dentry itself: when `name` is the address of this. */
	u64 words[4];
};

static __always_inline u32 hg_short_name_offset(void)
{
	return bpf_core_field_exists(((struct dentry *)0)->d_shortname) ?
		       bpf_core_field_offset(struct dentry, d_shortname) :
		       bpf_core_field_offset(struct dentry___iname, d_iname);
}

/* True when the name lies in `words`. */
static __always_inline bool hg_read_dentry(struct hg_dentry_head *head, u64 address)
{
	u32 hashed = bpf_core_field_offset(struct dentry, d_hash) +
		     bpf_core_field_offset(struct hlist_bl_node, pprev);
	u32 parent = bpf_core_field_offset(struct dentry, d_parent);
	u32 name = bpf_core_field_offset(struct dentry, d_name);
	u32 inode = bpf_core_field_offset(struct dentry, d_inode);
	u32 words = hg_short_name_offset();

	if (parent == hashed + 8 && name == parent + 8 && inode == name + 16 &&
	    words == inode + 8) {
		hg_read_kernel(head, sizeof(*head), (void *)address + hashed);
	} else {
		hg_read_kernel(&head->hashed, 8, (void *)address + hashed);
		hg_read_kernel(&head->parent, 8, (void *)address + parent);
		hg_read_kernel(&head->hash, 16, (void *)address + name);
		hg_read_kernel(&head->inode, 8, (void *)address + inode);
		hg_read_kernel(head->words, 32, (void *)address + words);
	}
	return head->name == address + words;
}

static __always_inline u64 hg_mount_root(u64 address)
{
	struct vfsmount *mnt = (void *)address;
	u64 root = 0;

	hg_read_field(&root, sizeof(root), &mnt->mnt_root);
	return root;
}

/* One name, or from a mount to the one above. 1 when there is nothing more to do. */
static __always_inline long hg_cross_once(struct hg_cross *cross)
{
	struct hg_walk *walk = cross->walk;
	struct vfsmount *mnt = (void *)cross->mnt;
	struct hg_dentry_head head;
	u64 dentry = cross->dentry;
	u8 *to = cross->to;
	bool is_short;
	u32 length, at;

	if (dentry == cross->root_dentry && cross->mnt == cross->root_mnt) {
		walk->is_done = 1;
		return 1;
	}
	if (dentry == cross->mount_root) {
		struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
		struct mount *above = 0;

		hg_read_field(&above, sizeof(above), &mount->mnt_parent);
		if (above == mount || !above) {
			/* The root of the mount tree, above the root of the process. */
			walk->is_done = 1;
			return 1;
		}
		hg_read_field(&cross->dentry, sizeof(cross->dentry), &mount->mnt_mountpoint);
		cross->mnt = (u64)above + bpf_core_field_offset(struct mount, mnt);
		cross->mount_root = hg_mount_root(cross->mnt);
		return 0;
	}
	is_short = hg_read_dentry(&head, dentry);
	if (dentry == head.parent) {
		/* A dentry without a place in any tree: a memfd, a pipe. Its name is all there is. */
		if (walk->at != walk->begin)
			return 1;
		walk->is_done = 2;
	}
	length = head.length;
	hg_hide(length);
	length &= 255;
	at = hg_room_for(walk, length);
	if (at == HG_PATH_ROOM)
		return 1;
	to += at & (HG_PATH_ROOM - 1);
	if (is_short && length <= 32) {
		*(u64 *)to = head.words[0];
		*(u64 *)(to + 8) = head.words[1];
		*(u64 *)(to + 16) = head.words[2];
		*(u64 *)(to + 24) = head.words[3];
	} else {
		bpf_probe_read_kernel(to, length, (void *)head.name);
	}
	walk->at = at + length;
	if (walk->is_done == 2)
		return 1;
	to[length] = '/';
	walk->at = at + length + 1;
	cross->dentry = head.parent;
	return 0;
}

/* Where they need no stack two of them in a step: to return from one costs as much as a name. */
#define HG_CROSS_NAMES (hg_has_untyped_casts ? 2 : 1)

static long hg_cross_step(u32 step, struct hg_cross *cross)
{
	return hg_cross_once(cross) || (HG_CROSS_NAMES > 1 && hg_cross_once(cross));
}

/*
 * Writes the path of `from`, as a process with this root sees it, behind what is in the buffer,
 * which is HG_PATH_ROOM + 256 bytes at least. Returns its length in bytes; is_done is 0 when the
 * walk did not reach the root.
 */
static __always_inline u32 hg_walk_path(struct hg_walk *walk, u8 *to, struct path *from,
					struct path *root)
{
	struct vfsmount *mnt = from->mnt, *root_mnt = root->mnt;
	struct dentry *root_dentry = root->dentry;
	struct hg_climb climb = {
		.walk = walk,
		.to = to,
		.dentry = from->dentry,
		.mount_root = mnt->mnt_root,
		.root = mnt == root_mnt ? root_dentry : 0,
	};

	hg_walk_begin(walk);
	bpf_loop(HG_PATH_STEPS, hg_climb_step, &climb, 0);
	if (!walk->is_done) {
		struct hg_cross cross = {
			.walk = walk,
			.to = to,
			.dentry = (u64)climb.dentry,
			.mnt = (u64)mnt,
			.mount_root = (u64)climb.mount_root,
			.root_dentry = (u64)root_dentry,
			.root_mnt = (u64)root_mnt,
		};

		bpf_loop(HG_PATH_STEPS / HG_CROSS_NAMES, hg_cross_step, &cross, 0);
	}
	return hg_walk_end(walk, to);
}

/*
 * Goes on with a path from a dentry and its vfsmount to a root, all by their addresses; for texts that were
 * begun with hg_walk_begin and are ended with hg_walk_end.
 */
static __always_inline void hg_walk_between(struct hg_walk *walk, u8 *to, u64 dentry, u64 mnt,
					    u64 root_dentry, u64 root_mnt)
{
	struct hg_cross cross = {
		.walk = walk,
		.to = to,
		.dentry = dentry,
		.mnt = mnt,
		.mount_root = hg_mount_root(mnt),
		.root_dentry = root_dentry,
		.root_mnt = root_mnt,
	};

	bpf_loop(2 * HG_PATH_STEPS / HG_CROSS_NAMES, hg_cross_step, &cross, 0);
}

static __always_inline void hg_walk_on(struct hg_walk *walk, u8 *to, u64 dentry, u64 mnt,
				       struct path *root)
{
	hg_walk_between(walk, to, dentry, mnt, (u64)root->dentry, (u64)root->mnt);
}
