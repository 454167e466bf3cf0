/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Part of file.bpf.c: the kernel's own functions, where fentry is allowed. Every door leads
 * through them, io_uring's too, and they have the file where a system call has words.
 *
 * Opens: fexit of do_filp_open has the file, or the error and the kernel's copy of the
 * path, and is called for what a process opens only: not for the files below an overlay.
 *
 * Names, modes and owners: security_path_* is called with the mount and the dentry, once for
 * each call of a user, but before it is done; vfs_* ends with the result, but has no mount,
 * and is called for the files below an overlay as well. So the first leaves with the thread
 * what it is about to do, and the second tells it, when it is called for the same dentry and
 * has succeeded. LSM programs would know no more than the first, and need `lsm=bpf`.
 */
#pragma once

#define HG_ATTR_UID (1u << 1)
#define HG_ATTR_GID (1u << 2)
#define HG_ATTR_FILE (1u << 13)
#define HG_ATTR_OPEN (1u << 15)

/* What a thread is about to do. */
struct hg_file_intent {
	/* That which the kernel's function will be called for. */
	u64 dentry;
	u64 mnt;
	/* Of a rename: the directory and the name of before. Of a hard link: the new dentry. */
	u64 other;
	struct hg_inode_head inode;
	/* 0: nothing, or told. */
	u32 operation;
	u32 flags;
	u32 name_bytes;
	u8 name[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hg_file_intent);
} hg_file_intents SEC(".maps");

static __always_inline struct hg_file_intent *
hg_file_intend(u32 operation, struct dentry *dentry, struct vfsmount *mnt)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_file_intent *intent;

	if ((task->flags & HG_PF_KTHREAD) || !hg_file_find_settings())
		return 0;
	intent = bpf_task_storage_get(&hg_file_intents, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!intent) {
		hg_take_sequence(HG_RING_DATA);
		hg_count_lost(HG_PROBE_FILE, HG_LOSS_TASK_STORAGE);
		return 0;
	}
	intent->dentry = (u64)dentry;
	intent->mnt = (u64)mnt;
	intent->operation = operation;
	intent->flags = 0;
	return intent;
}

/* What this thread was about to do with the dentry; NULL when that is not what has been done now. */
static __always_inline struct hg_file_intent *hg_file_intended(u64 dentry)
{
	struct hg_file_intent *intent =
		bpf_task_storage_get(&hg_file_intents, bpf_get_current_task_btf(), 0, 0);

	return intent && intent->operation && intent->dentry == dentry ? intent : 0;
}

/* Whether the function that returns now has done it: 0, or, for those that give a dentry, no error in its place. */
static __always_inline bool hg_file_is_done(u64 *ctx, bool may_be_pointer)
{
	u64 result = 0;

	bpf_get_func_ret(ctx, &result);
	if (may_be_pointer && result >> 32 && result < (u64)-4095)
		return true;
	return !(u32)result;
}

/* The old path of a rename. */
static __noinline u32 hg_file_add_old_path(struct hg_file_scratch *scratch,
					   const struct hg_file_intent *intent)
{
	struct hg_walk *walk = &scratch->walk;
	u32 length = intent->name_bytes & 255;
	u8 *to = hg_file_next(scratch);

	hg_walk_begin(walk);
	bpf_probe_read_kernel(to, sizeof(intent->name), intent->name);
	to[length] = '/';
	walk->at += length + 1;
	hg_walk_between(walk, scratch->record, intent->other, intent->mnt, scratch->places.root_dentry,
		   scratch->places.root_mnt);
	if (!walk->is_done)
		scratch->flags |= HG_FILE_PATH_PARTIAL;
	return hg_walk_end(walk, scratch->record);
}

/*
 * Tells what was intended and has been done. `changed` are the ATTR_ bits of a change of
 * attributes, `text` what a symbolic link holds.
 */
static __noinline int hg_file_did(struct hg_file_intent *intent, u32 changed, u64 text)
{
	struct hg_file_settings *settings = hg_file_find_settings();
	u32 operation = intent->operation;
	struct hg_inode_head inode = {};
	struct hg_file_scratch *scratch;
	struct hg_file *record;
	u64 start_ns;

	intent->operation = 0;
	start_ns = settings ? hg_file_wants(settings) : 0;
	if (!start_ns)
		return 0;
	scratch = hg_file_take(start_ns);
	if (!scratch)
		return 0;
	hg_file_find_places(scratch);
	record = (void *)scratch->record;
	record->operation = operation;
	scratch->flags = intent->flags;
	hg_read_dentry(&scratch->dentry, intent->dentry);
	if (operation == HG_FILE_DELETE)
		inode = intent->inode;
	else if (scratch->dentry.inode)
		hg_read_inode(&inode, scratch->dentry.inode);
	hg_file_fill_inode(record, &inode);
	if (operation == HG_FILE_CHMOD)
		record->mode = inode.mode & 07777;
	if (operation == HG_FILE_CHOWN) {
		if (!(changed & HG_ATTR_UID))
			record->owner = HG_NO_ID;
		if (!(changed & HG_ATTR_GID))
			record->group = HG_NO_ID;
	}
	if (operation == HG_FILE_MKNOD && (inode.mode & HG_S_IFMT) == HG_S_IFREG)
		record->operation = HG_FILE_CREATE;
	scratch->key.object = inode.number;
	scratch->key.second_object = inode.device;
	scratch->key.text = operation == HG_FILE_TRUNCATE ?
				    record->size :
				    (u64)record->owner << 32 | record->group;
	scratch->key.flags = record->mode;
	/* The others change names: never the same twice. */
	if (operation >= HG_FILE_CHMOD && hg_file_is_repeat(scratch)) {
		hg_file_release(scratch);
		return 0;
	}
	if (operation >= HG_FILE_CHMOD && !scratch->dentry.hashed)
		scratch->flags |= HG_FILE_DELETED;
	if (operation == HG_FILE_RENAME)
		record->path_bytes = hg_file_add_old_path(scratch, intent);
	else
		record->path_bytes = hg_file_add_path(scratch, intent->dentry, intent->mnt,
						      HG_FILE_PATH_PARTIAL);
	if (operation == HG_FILE_RENAME || operation == HG_FILE_LINK) {
		/* A dentry that has been moved has its new name. */
		record->second_bytes = hg_file_add_path(
			scratch, operation == HG_FILE_LINK ? intent->other : intent->dentry,
			intent->mnt, HG_FILE_SECOND_PARTIAL);
	} else if (operation == HG_FILE_SYMLINK) {
		long held = bpf_probe_read_kernel_str(hg_file_next(scratch), HG_PATH_BYTES,
						      (void *)text);

		if (held > 0) {
			record->second_bytes = held - 1;
			scratch->walk.at += held - 1;
		}
	}
	return hg_file_tell(scratch, settings);
}

SEC("fentry/security_path_unlink")
int hg_file_unlink_begin(u64 *ctx)
{
	struct path *directory = (void *)ctx[0];
	struct dentry *dentry = (void *)ctx[1];
	struct hg_file_intent *intent = hg_file_intend(HG_FILE_DELETE, dentry, directory->mnt);

	/* It is gone with the last name. */
	if (intent)
		hg_read_inode(&intent->inode, (u64)dentry->d_inode);
	return 0;
}

SEC("fexit/vfs_unlink")
int hg_file_unlink_end(u64 *ctx)
{
	struct hg_file_intent *intent = hg_file_intended(ctx[2]);

	return intent && hg_file_is_done(ctx, false) ? hg_file_did(intent, 0, 0) : 0;
}

SEC("fentry/security_path_rmdir")
int hg_file_rmdir_begin(u64 *ctx)
{
	struct path *directory = (void *)ctx[0];
	struct dentry *dentry = (void *)ctx[1];
	struct hg_file_intent *intent = hg_file_intend(HG_FILE_DELETE, dentry, directory->mnt);

	if (intent) {
		intent->flags = HG_FILE_DIRECTORY;
		hg_read_inode(&intent->inode, (u64)dentry->d_inode);
	}
	return 0;
}

SEC("fexit/vfs_rmdir")
int hg_file_rmdir_end(u64 *ctx)
{
	struct hg_file_intent *intent = hg_file_intended(ctx[2]);

	return intent && hg_file_is_done(ctx, false) ? hg_file_did(intent, 0, 0) : 0;
}

SEC("fentry/security_path_mkdir")
int hg_file_mkdir_begin(u64 *ctx)
{
	struct path *directory = (void *)ctx[0];
	struct hg_file_intent *intent =
		hg_file_intend(HG_FILE_CREATE, (void *)ctx[1], directory->mnt);

	if (intent)
		intent->flags = HG_FILE_DIRECTORY;
	return 0;
}

/* Gives the dentry since 6.15. */
SEC("fexit/vfs_mkdir")
int hg_file_mkdir_end(u64 *ctx)
{
	struct hg_file_intent *intent = hg_file_intended(ctx[2]);

	return intent && hg_file_is_done(ctx, true) ? hg_file_did(intent, 0, 0) : 0;
}

SEC("fentry/security_path_mknod")
int hg_file_mknod_begin(u64 *ctx)
{
	struct path *directory = (void *)ctx[0];

	hg_file_intend(HG_FILE_MKNOD, (void *)ctx[1], directory->mnt);
	return 0;
}

SEC("fexit/vfs_mknod")
int hg_file_mknod_end(u64 *ctx)
{
	struct hg_file_intent *intent = hg_file_intended(ctx[2]);

	return intent && hg_file_is_done(ctx, false) ? hg_file_did(intent, 0, 0) : 0;
}

/* mknod of a regular file. */
SEC("fexit/vfs_create")
int hg_file_create_end(u64 *ctx)
{
	struct hg_file_intent *intent = hg_file_intended(ctx[2]);

	return intent && hg_file_is_done(ctx, false) ? hg_file_did(intent, 0, 0) : 0;
}

SEC("fentry/security_path_symlink")
int hg_file_symlink_begin(u64 *ctx)
{
	struct path *directory = (void *)ctx[0];

	hg_file_intend(HG_FILE_SYMLINK, (void *)ctx[1], directory->mnt);
	return 0;
}

SEC("fexit/vfs_symlink")
int hg_file_symlink_end(u64 *ctx)
{
	struct hg_file_intent *intent = hg_file_intended(ctx[2]);

	return intent && hg_file_is_done(ctx, false) ? hg_file_did(intent, 0, ctx[3]) : 0;
}

/* Both names are on one mount. */
SEC("fentry/security_path_link")
int hg_file_link_begin(u64 *ctx)
{
	struct path *directory = (void *)ctx[1];
	struct hg_file_intent *intent =
		hg_file_intend(HG_FILE_LINK, (void *)ctx[0], directory->mnt);

	if (intent)
		intent->other = ctx[2];
	return 0;
}

SEC("fexit/vfs_link")
int hg_file_link_end(u64 *ctx)
{
	struct hg_file_intent *intent = hg_file_intended(ctx[0]);

	return intent && hg_file_is_done(ctx, false) ? hg_file_did(intent, 0, 0) : 0;
}

SEC("fentry/security_path_rename")
int hg_file_rename_begin(u64 *ctx)
{
	struct path *directory = (void *)ctx[0];
	struct dentry *dentry = (void *)ctx[1];
	struct hg_file_intent *intent = hg_file_intend(HG_FILE_RENAME, dentry, directory->mnt);
	u32 length;

	if (!intent)
		return 0;
	if ((u32)ctx[4] & HG_RENAME_EXCHANGE)
		intent->flags = HG_FILE_EXCHANGED;
	intent->other = (u64)directory->dentry;
	length = dentry->d_name.len & 255;
	intent->name_bytes = length;
	bpf_probe_read_kernel(intent->name, length, dentry->d_name.name);
	return 0;
}

SEC("fexit/vfs_rename")
int hg_file_rename_end(u64 *ctx)
{
	struct renamedata *rename = (void *)ctx[0];
	struct hg_file_intent *intent = hg_file_intended((u64)rename->old_dentry);

	return intent && hg_file_is_done(ctx, false) ? hg_file_did(intent, 0, 0) : 0;
}

SEC("fentry/security_path_chmod")
int hg_file_chmod_begin(u64 *ctx)
{
	struct path *path = (void *)ctx[0];

	hg_file_intend(HG_FILE_CHMOD, path->dentry, path->mnt);
	return 0;
}

SEC("fentry/security_path_chown")
int hg_file_chown_begin(u64 *ctx)
{
	struct path *path = (void *)ctx[0];

	hg_file_intend(HG_FILE_CHOWN, path->dentry, path->mnt);
	return 0;
}

SEC("fentry/security_path_truncate")
int hg_file_truncate_begin(u64 *ctx)
{
	struct path *path = (void *)ctx[0];

	hg_file_intend(HG_FILE_TRUNCATE, path->dentry, path->mnt);
	return 0;
}

SEC("fexit/notify_change")
int hg_file_attribute_end(u64 *ctx)
{
	struct iattr *attributes = (void *)ctx[2];
	struct hg_file_intent *intent = hg_file_intended(ctx[1]);
	u32 changed = attributes->ia_valid;

	/* By a descriptor: told at the end of ftruncate; or by an open, which tells it. */
	if (!intent || (intent->operation == HG_FILE_TRUNCATE &&
			(changed & (HG_ATTR_FILE | HG_ATTR_OPEN))))
		return 0;
	return hg_file_is_done(ctx, false) ? hg_file_did(intent, changed, 0) : 0;
}

/* As hg_file_may_be_sensitive, by typed pointers: loads in place of calls, for the most frequent of all events. */
static __always_inline bool hg_file_may_be_sensitive_typed(const struct hg_file_settings *settings,
							   struct inode *inode,
							   struct dentry *dentry)
{
	const u64 *words = (void *)dentry + hg_short_name_offset();
	u32 length = dentry->d_name.len;

	if (hg_file_has_inode_bit(inode->i_ino))
		return true;
	return (u64)dentry->d_name.name == (u64)words && length <= 31 &&
	       hg_file_has_name_bit(settings, words, length);
}

SEC("fexit/do_filp_open")
int hg_file_open_end(u64 *ctx)
{
	struct filename *path = (void *)ctx[1];
	struct open_flags *how = (void *)ctx[2];
	struct file *file = (void *)ctx[3];
	u64 result = ctx[3];
	u32 flags = how->open_flag;
	struct hg_file_settings *settings = hg_file_find_settings();
	struct hg_file_head head;

	/* What is opened to be executed is told by exec. */
	if (!settings || (flags & HG_FMODE_EXEC))
		return 0;
	if (result >= (u64)-4095)
		return hg_file_refused(result, (u64)path->name, true, ctx[0], flags, settings);
	head.inode = (u64)file->f_inode;
	head.dentry = (u64)file->f_path.dentry;
	head.mnt = (u64)file->f_path.mnt;
	head.mode = file->f_mode;
	head.flags = file->f_flags;
	if (!hg_file_is_to_write(&head, flags) &&
	    !hg_file_may_be_sensitive_typed(settings, file->f_inode, file->f_path.dentry))
		return 0;
	hg_memory_opened((u64)file, head.mode);
	return hg_file_opened(&head, flags, settings);
}
