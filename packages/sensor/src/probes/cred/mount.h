/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mounts, by the old call and by the new ones, and roots. Paths are as the caller typed them. */
#pragma once

#define HG_OPEN_TREE_CLONE 1

static __always_inline u32 hg_cred_mount_operation(u32 number)
{
	switch (number) {
	case 165:
	case HG_COMPAT + 21:
		return HG_CRED_MOUNT;
	case 166:
	case HG_COMPAT + 22:
	case HG_COMPAT + 52:
		return HG_CRED_UMOUNT;
	case 155:
	case HG_COMPAT + 217:
		return HG_CRED_PIVOT_ROOT;
	case 161:
	case HG_COMPAT + 61:
		return HG_CRED_CHROOT;
	}
	switch (number >= HG_COMPAT ? number - HG_COMPAT : number) {
	case 428:
	case 467: /* open_tree_attr */
		return HG_CRED_OPEN_TREE;
	case 429:
		return HG_CRED_MOVE_MOUNT;
	case 430:
		return HG_CRED_FSOPEN;
	case 431:
		return HG_CRED_FSCONFIG;
	case 432:
		return HG_CRED_FSMOUNT;
	case 433:
		return HG_CRED_FSPICK;
	case 442:
		return HG_CRED_MOUNT_SETATTR;
	}
	return 0;
}

static __always_inline u32 hg_cred_add_filesystem(struct hg_cred_scratch *scratch,
						  struct file_system_type *type)
{
	const char *name = 0;

	hg_read_field(&name, sizeof(name), &type->name);
	return hg_cred_add_kernel(scratch, name, 64);
}

/* Of the file system that a descriptor of fsopen or fspick is about. */
static __always_inline u32 hg_cred_add_context_type(struct hg_cred_scratch *scratch, u32 fd)
{
	struct file *file = (void *)hg_file_of_fd(fd);
	struct fs_context *context = 0;
	struct file_system_type *type = 0;
	void *data = 0;

	hg_read_field(&data, sizeof(data), &file->private_data);
	context = data;
	hg_read_field(&type, sizeof(type), &context->fs_type);
	return hg_cred_add_filesystem(scratch, type);
}

/* Of the file system that an open file lies in. */
static __always_inline u32 hg_cred_add_file_type(struct hg_cred_scratch *scratch, u32 fd)
{
	struct file *file = (void *)hg_file_of_fd(fd);
	struct dentry *dentry = 0;
	struct super_block *super = 0;
	struct file_system_type *type = 0;

	hg_read_field(&dentry, sizeof(dentry), &file->f_path.dentry);
	hg_read_field(&super, sizeof(super), &dentry->d_sb);
	hg_read_field(&type, sizeof(type), &super->s_type);
	return hg_cred_add_filesystem(scratch, type);
}

enum hg_fsconfig_command {
	HG_FSCONFIG_SET_STRING = 1,
	HG_FSCONFIG_SET_PATH = 3,
	HG_FSCONFIG_SET_PATH_EMPTY = 4,
};

HG_CALL_END(hg_cred_mount_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	u32 operation;
	/* Of struct mount_attr: set, clear, propagation. */
	u64 attributes[3] = {};

	if (!hg_cred_is_told(result))
		return 0;
	hg_read_call(&call, regs);
	operation = hg_cred_mount_operation(call.number);
	/* Only opens a folder, otherwise. */
	if (!operation || (operation == HG_CRED_OPEN_TREE && !(call.c & HG_OPEN_TREE_CLONE)))
		return 0;
	scratch = hg_cred_begin(operation, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	switch (operation) {
	case HG_CRED_MOUNT:
		cred->flags = (u32)call.d;
		cred->path_bytes = hg_cred_add_user(scratch, call.b, HG_CRED_TEXT);
		cred->source_bytes = hg_cred_add_user(scratch, call.a, HG_CRED_TEXT);
		cred->type_bytes = hg_cred_add_user(scratch, call.c, 64);
		cred->options_bytes = hg_cred_add_user(scratch, call.e, HG_CRED_OPTIONS);
		break;
	case HG_CRED_UMOUNT:
		/* The oldest door has no flags. */
		cred->flags = call.number == HG_COMPAT + 22 ? 0 : (u32)call.b;
		cred->path_bytes = hg_cred_add_user(scratch, call.a, HG_CRED_TEXT);
		break;
	case HG_CRED_PIVOT_ROOT:
		cred->path_bytes = hg_cred_add_user(scratch, call.a, HG_CRED_TEXT);
		cred->source_bytes = hg_cred_add_user(scratch, call.b, HG_CRED_TEXT);
		break;
	case HG_CRED_CHROOT:
		cred->path_bytes = hg_cred_add_user(scratch, call.a, HG_CRED_TEXT);
		break;
	case HG_CRED_OPEN_TREE:
	case HG_CRED_FSPICK:
		cred->flags = (u32)call.c;
		cred->path_bytes = hg_cred_add_user(scratch, call.b, HG_CRED_TEXT);
		if (!cred->error && operation == HG_CRED_OPEN_TREE)
			cred->type_bytes = hg_cred_add_file_type(scratch, result);
		if (!cred->error && operation == HG_CRED_FSPICK)
			cred->type_bytes = hg_cred_add_context_type(scratch, result);
		break;
	case HG_CRED_MOVE_MOUNT:
		cred->flags = (u32)call.e;
		cred->path_bytes = hg_cred_add_user(scratch, call.d, HG_CRED_TEXT);
		cred->source_bytes = hg_cred_add_user(scratch, call.b, HG_CRED_TEXT);
		/* The mount itself has no name yet when it comes by its descriptor. */
		if (!cred->source_bytes)
			cred->type_bytes = hg_cred_add_file_type(scratch, call.a);
		break;
	case HG_CRED_FSOPEN:
		cred->flags = (u32)call.b;
		cred->type_bytes = hg_cred_add_user(scratch, call.a, 64);
		break;
	case HG_CRED_FSCONFIG:
		cred->request = call.b;
		cred->name_bytes = hg_cred_add_user(scratch, call.c, HG_CRED_TEXT);
		cred->type_bytes = hg_cred_add_context_type(scratch, call.a);
		if (cred->request == HG_FSCONFIG_SET_STRING || cred->request == HG_FSCONFIG_SET_PATH ||
		    cred->request == HG_FSCONFIG_SET_PATH_EMPTY)
			cred->options_bytes = hg_cred_add_user(scratch, call.d, HG_CRED_TEXT);
		break;
	case HG_CRED_FSMOUNT:
		cred->flags = (u32)call.b;
		cred->arguments[0] = (u32)call.c;
		cred->type_bytes = hg_cred_add_context_type(scratch, call.a);
		break;
	case HG_CRED_MOUNT_SETATTR:
		cred->flags = (u32)call.c;
		bpf_probe_read_user(attributes, sizeof(attributes), (void *)call.d);
		for (int i = 0; i < 3; i++)
			cred->arguments[i] = attributes[i];
		cred->path_bytes = hg_cred_add_user(scratch, call.b, HG_CRED_TEXT);
		break;
	}
	return hg_cred_end(scratch);
}
