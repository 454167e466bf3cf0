/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a descriptor, a file, a dentry and an inode are, from their addresses: where no
 * typed pointer leads to them, each read is a call before 6.17, and the calls are what costs. So a
 * struct is read with one of them as far as its fields lie close together, and field by
 * field on a kernel where they do not, or where a read is none (kernel-memory.h).
 */
#pragma once

#include "path.h"

#define HG_WINDOW 96

/* The open file behind a descriptor of the current process, as an address; 0 when there is none. */
static __always_inline u64 hg_file_of_fd(u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct file **files;
	u64 file = 0;

	if (fd >= table->max_fds)
		return 0;
	files = table->fd;
	hg_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

struct hg_file_head {
	u64 inode;
	u64 dentry;
	/* Its vfsmount. */
	u64 mnt;
	/* FMODE_ bits. */
	u32 mode;
	/* O_ flags. */
	u32 flags;
};

/* Whether the fields from `offset` on lie in the window. A constant once the object is loaded. */
#define hg_is_near(offset, bytes) ((offset) + (bytes) <= HG_WINDOW)
#define hg_at(window, offset, type) (*(type *)((void *)(window) + (offset)))

HG_READER void hg_read_file(struct hg_file_head *head, u64 address)
{
	struct file *file = (void *)address;
	u32 inode = bpf_core_field_offset(struct file, f_inode);
	u32 path = bpf_core_field_offset(struct file, f_path);
	u32 mnt = path + bpf_core_field_offset(struct path, mnt);
	u32 dentry = path + bpf_core_field_offset(struct path, dentry);
	u32 mode = bpf_core_field_offset(struct file, f_mode);
	u32 flags = bpf_core_field_offset(struct file, f_flags);

	if (!hg_has_untyped_casts && hg_is_near(inode, 8) && hg_is_near(mnt, 8) &&
	    hg_is_near(dentry, 8) && hg_is_near(mode, 4) && hg_is_near(flags, 4)) {
		u64 window[HG_WINDOW / 8];

		bpf_probe_read_kernel(window, sizeof(window), file);
		head->inode = hg_at(window, inode, u64);
		head->mnt = hg_at(window, mnt, u64);
		head->dentry = hg_at(window, dentry, u64);
		head->mode = hg_at(window, mode, u32);
		head->flags = hg_at(window, flags, u32);
		return;
	}
	hg_read_kernel(&head->inode, 8, (void *)address + inode);
	hg_read_kernel(&head->mnt, 8, (void *)address + mnt);
	hg_read_kernel(&head->dentry, 8, (void *)address + dentry);
	hg_read_kernel(&head->mode, 4, (void *)address + mode);
	hg_read_kernel(&head->flags, 4, (void *)address + flags);
}

struct hg_inode_head {
	u64 number;
	u64 size;
	u32 device;
	/* Of a device file: the device that it stands for. */
	u32 stands_for;
	u32 owner;
	u32 group;
	u32 mode;
};

HG_READER void hg_read_inode(struct hg_inode_head *head, u64 address)
{
	u32 mode = bpf_core_field_offset(struct inode, i_mode);
	u32 uid = bpf_core_field_offset(struct inode, i_uid);
	u32 gid = bpf_core_field_offset(struct inode, i_gid);
	u32 sb = bpf_core_field_offset(struct inode, i_sb);
	u32 ino = bpf_core_field_offset(struct inode, i_ino);
	u32 rdev = bpf_core_field_offset(struct inode, i_rdev);
	u32 size = bpf_core_field_offset(struct inode, i_size);
	u64 super = 0;
	u16 bits = 0;

	if (!hg_has_untyped_casts && hg_is_near(mode, 2) && hg_is_near(uid, 4) && hg_is_near(gid, 4) &&
	    hg_is_near(sb, 8) && hg_is_near(ino, 8) && hg_is_near(rdev, 4) &&
	    hg_is_near(size, 8)) {
		u64 window[HG_WINDOW / 8];

		bpf_probe_read_kernel(window, sizeof(window), (void *)address);
		bits = hg_at(window, mode, u16);
		head->owner = hg_at(window, uid, u32);
		head->group = hg_at(window, gid, u32);
		super = hg_at(window, sb, u64);
		head->number = hg_at(window, ino, u64);
		head->stands_for = hg_at(window, rdev, u32);
		head->size = hg_at(window, size, u64);
	} else {
		hg_read_kernel(&bits, 2, (void *)address + mode);
		hg_read_kernel(&head->owner, 4, (void *)address + uid);
		hg_read_kernel(&head->group, 4, (void *)address + gid);
		hg_read_kernel(&super, 8, (void *)address + sb);
		hg_read_kernel(&head->number, 8, (void *)address + ino);
		hg_read_kernel(&head->stands_for, 4, (void *)address + rdev);
		hg_read_kernel(&head->size, 8, (void *)address + size);
	}
	head->mode = bits;
	head->device = 0;
	hg_read_kernel(&head->device, 4,
			      (void *)super + bpf_core_field_offset(struct super_block, s_dev));
}
