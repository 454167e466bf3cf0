/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Part of file.bpf.c: at the end of system calls. One table per ABI says where each call
 * has what; the dispatcher has a row for each of them in file.ts.
 */
#pragma once

/* A door: what a call does, and which of its arguments hold what (HG_NO_ARGUMENT: none). */
#define HG_NO_ARGUMENT 7
#define HG_DOOR(operation, path, directory, second, second_directory, flags, value, extra) \
	((operation) | (path) << 4 | (directory) << 7 | (second) << 10 |                    \
	 (second_directory) << 13 | (flags) << 16 | (value) << 19 | (extra) << 22)
#define HG_DOOR_ARGUMENT(door, shift) ((door) >> (shift) & 7)
/* `path` is a descriptor, and no text. */
#define HG_DOOR_FD 1
/* Of a directory. */
#define HG_DOOR_DIRECTORY 2
/* `value` and the next are 16 bits wide each. */
#define HG_DOOR_SHORT_IDS 4
/* `value` and the next are the halves of one number. */
#define HG_DOOR_HALVES 8
#define HG_NONE HG_NO_ARGUMENT

static const u32 hg_file_native_doors[512] = {
	[76] = HG_DOOR(HG_FILE_TRUNCATE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[77] = HG_DOOR(HG_FILE_TRUNCATE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_FD),
	[82] = HG_DOOR(HG_FILE_RENAME, 0, HG_NONE, 1, HG_NONE, HG_NONE, HG_NONE, 0),
	[83] = HG_DOOR(HG_FILE_CREATE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_DIRECTORY),
	[84] = HG_DOOR(HG_FILE_DELETE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, HG_NONE,
		       HG_DOOR_DIRECTORY),
	[86] = HG_DOOR(HG_FILE_LINK, 0, HG_NONE, 1, HG_NONE, HG_NONE, HG_NONE, 0),
	[87] = HG_DOOR(HG_FILE_DELETE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 0),
	[88] = HG_DOOR(HG_FILE_SYMLINK, 1, HG_NONE, 0, HG_NONE, HG_NONE, HG_NONE, 0),
	[90] = HG_DOOR(HG_FILE_CHMOD, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[91] = HG_DOOR(HG_FILE_CHMOD, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_FD),
	[92] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[93] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_FD),
	[94] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[133] = HG_DOOR(HG_FILE_MKNOD, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[258] = HG_DOOR(HG_FILE_CREATE, 1, 0, HG_NONE, HG_NONE, HG_NONE, 2, HG_DOOR_DIRECTORY),
	[259] = HG_DOOR(HG_FILE_MKNOD, 1, 0, HG_NONE, HG_NONE, HG_NONE, 2, 0),
	[260] = HG_DOOR(HG_FILE_CHOWN, 1, 0, HG_NONE, HG_NONE, 4, 2, 0),
	[263] = HG_DOOR(HG_FILE_DELETE, 1, 0, HG_NONE, HG_NONE, 2, HG_NONE, 0),
	[264] = HG_DOOR(HG_FILE_RENAME, 1, 0, 3, 2, HG_NONE, HG_NONE, 0),
	[265] = HG_DOOR(HG_FILE_LINK, 1, 0, 3, 2, 4, HG_NONE, 0),
	[266] = HG_DOOR(HG_FILE_SYMLINK, 2, 1, 0, HG_NONE, HG_NONE, HG_NONE, 0),
	[268] = HG_DOOR(HG_FILE_CHMOD, 1, 0, HG_NONE, HG_NONE, HG_NONE, 2, 0),
	[316] = HG_DOOR(HG_FILE_RENAME, 1, 0, 3, 2, 4, HG_NONE, 0),
	[452] = HG_DOOR(HG_FILE_CHMOD, 1, 0, HG_NONE, HG_NONE, 3, 2, 0),
};

static const u32 hg_file_compat_doors[512] = {
	[9] = HG_DOOR(HG_FILE_LINK, 0, HG_NONE, 1, HG_NONE, HG_NONE, HG_NONE, 0),
	[10] = HG_DOOR(HG_FILE_DELETE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 0),
	[14] = HG_DOOR(HG_FILE_MKNOD, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[15] = HG_DOOR(HG_FILE_CHMOD, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[16] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_SHORT_IDS),
	[38] = HG_DOOR(HG_FILE_RENAME, 0, HG_NONE, 1, HG_NONE, HG_NONE, HG_NONE, 0),
	[39] = HG_DOOR(HG_FILE_CREATE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_DIRECTORY),
	[40] = HG_DOOR(HG_FILE_DELETE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, HG_NONE,
		       HG_DOOR_DIRECTORY),
	[83] = HG_DOOR(HG_FILE_SYMLINK, 1, HG_NONE, 0, HG_NONE, HG_NONE, HG_NONE, 0),
	[92] = HG_DOOR(HG_FILE_TRUNCATE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[93] = HG_DOOR(HG_FILE_TRUNCATE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_FD),
	[94] = HG_DOOR(HG_FILE_CHMOD, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_FD),
	[95] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1,
		       HG_DOOR_FD | HG_DOOR_SHORT_IDS),
	[182] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_SHORT_IDS),
	[193] = HG_DOOR(HG_FILE_TRUNCATE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_HALVES),
	[194] = HG_DOOR(HG_FILE_TRUNCATE, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1,
			HG_DOOR_FD | HG_DOOR_HALVES),
	[198] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[207] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, HG_DOOR_FD),
	[212] = HG_DOOR(HG_FILE_CHOWN, 0, HG_NONE, HG_NONE, HG_NONE, HG_NONE, 1, 0),
	[296] = HG_DOOR(HG_FILE_CREATE, 1, 0, HG_NONE, HG_NONE, HG_NONE, 2, HG_DOOR_DIRECTORY),
	[297] = HG_DOOR(HG_FILE_MKNOD, 1, 0, HG_NONE, HG_NONE, HG_NONE, 2, 0),
	[298] = HG_DOOR(HG_FILE_CHOWN, 1, 0, HG_NONE, HG_NONE, 4, 2, 0),
	[301] = HG_DOOR(HG_FILE_DELETE, 1, 0, HG_NONE, HG_NONE, 2, HG_NONE, 0),
	[302] = HG_DOOR(HG_FILE_RENAME, 1, 0, 3, 2, HG_NONE, HG_NONE, 0),
	[303] = HG_DOOR(HG_FILE_LINK, 1, 0, 3, 2, 4, HG_NONE, 0),
	[304] = HG_DOOR(HG_FILE_SYMLINK, 2, 1, 0, HG_NONE, HG_NONE, HG_NONE, 0),
	[306] = HG_DOOR(HG_FILE_CHMOD, 1, 0, HG_NONE, HG_NONE, HG_NONE, 2, 0),
	[353] = HG_DOOR(HG_FILE_RENAME, 1, 0, 3, 2, 4, HG_NONE, 0),
	[452] = HG_DOOR(HG_FILE_CHMOD, 1, 0, HG_NONE, HG_NONE, 3, 2, 0),
};

/* An open as its caller asked for it. */
struct hg_file_open_call {
	/* Address of the path; 0 when it has none. */
	u64 path;
	u32 fd;
	u32 flags;
};

static __always_inline u32 hg_file_how(u64 how)
{
	u64 flags = 0;

	/* The kernel has just read it, so it is resident. */
	bpf_probe_read_user(&flags, sizeof(flags), (void *)how);
	return flags;
}

static __always_inline void hg_file_read_open(struct hg_file_open_call *call, struct pt_regs *regs)
{
	u32 number = regs->orig_ax & ~(1u << 30);

	call->fd = HG_AT_FDCWD;
	if (!hg_is_compat()) {
		switch (number) {
		case 2: /* open */
			call->path = regs->di;
			call->flags = regs->si;
			return;
		case 85: /* creat */
			call->path = regs->di;
			call->flags = HG_O_CREAT | HG_O_WRONLY | HG_O_TRUNC;
			return;
		case 304: /* open_by_handle_at */
			call->path = 0;
			call->flags = regs->dx;
			return;
		}
		/* openat, openat2 */
		call->fd = regs->di;
		call->path = regs->si;
		call->flags = number == 437 ? hg_file_how(regs->dx) : regs->dx;
		return;
	}
	switch (number) {
	case 5:
		call->path = (u32)regs->bx;
		call->flags = regs->cx;
		return;
	case 8:
		call->path = (u32)regs->bx;
		call->flags = HG_O_CREAT | HG_O_WRONLY | HG_O_TRUNC;
		return;
	case 342:
		call->path = 0;
		call->flags = regs->dx;
		return;
	}
	call->fd = regs->bx;
	call->path = (u32)regs->cx;
	call->flags = number == 437 ? hg_file_how((u32)regs->dx) : regs->dx;
}

HG_CALL_END(hg_file_open_exit)
{
	struct hg_file_settings *settings = hg_file_find_settings();
	struct hg_file_open_call call;
	struct hg_file_head head = {};
	u64 file;

	if (!settings)
		return 0;
	if (result < 0) {
		if (!hg_file_is_refusal(result))
			return 0;
		hg_file_read_open(&call, regs);
		if (!call.path)
			return 0;
		return hg_file_refused(result, call.path, false, call.fd, call.flags, settings);
	}
	hg_file_read_open(&call, regs);
	file = hg_file_of_fd(result);
	hg_read_file(&head, file);
	if (!head.inode)
		return 0;
	hg_memory_opened(file, head.mode);
	return hg_file_opened(&head, call.flags, settings);
}

static __always_inline void hg_file_read_arguments(u64 *to, struct pt_regs *regs, bool is_compat)
{
	to[0] = is_compat ? (u32)regs->bx : regs->di;
	to[1] = is_compat ? (u32)regs->cx : regs->si;
	to[2] = is_compat ? (u32)regs->dx : regs->dx;
	to[3] = is_compat ? (u32)regs->si : regs->r10;
	to[4] = is_compat ? (u32)regs->di : regs->r8;
	to[HG_NO_ARGUMENT] = 0;
}

/* Of a call on a file that is known, or a path: fills in what the call was asked to make of the file. */
static __always_inline void hg_file_fill_asked(struct hg_file_scratch *scratch, u32 door)
{
	struct hg_file *record = (void *)scratch->record;
	u32 at = HG_DOOR_ARGUMENT(door, 19), extra = door >> 22;
	u64 value = scratch->arguments[at & 7], next = scratch->arguments[(at + 1) & 7];

	switch (record->operation) {
	case HG_FILE_CREATE:
		record->mode = HG_S_IFDIR | (value & 07777);
		break;
	case HG_FILE_MKNOD:
		record->mode = value & 0xffff;
		if (!(value & HG_S_IFMT))
			record->mode |= HG_S_IFREG;
		if ((record->mode & HG_S_IFMT) == HG_S_IFREG)
			record->operation = HG_FILE_CREATE;
		break;
	case HG_FILE_CHMOD:
		record->mode = value & 07777;
		break;
	case HG_FILE_CHOWN:
		record->owner = value;
		record->group = next;
		if (extra & HG_DOOR_SHORT_IDS) {
			record->owner = (value & 0xffff) == 0xffff ? HG_NO_ID : value & 0xffff;
			record->group = (next & 0xffff) == 0xffff ? HG_NO_ID : next & 0xffff;
		}
		break;
	case HG_FILE_TRUNCATE:
		record->size = extra & HG_DOOR_HALVES ? (u32)value | next << 32 : value;
		break;
	}
}

HG_CALL_END(hg_file_name_exit)
{
	struct hg_file_settings *settings = hg_file_find_settings();
	u32 number = regs->orig_ax & 511;
	bool is_compat = hg_is_compat();
	u32 door = is_compat ? hg_file_compat_doors[number] : hg_file_native_doors[number];
	struct hg_file_scratch *scratch;
	struct hg_file_head head = {};
	struct hg_inode_head inode = {};
	struct hg_file *record;
	u32 length = 0, directory, flags;
	bool has_file;
	u64 text, start_ns;

	if (result < 0 || !settings || !door)
		return 0;
	start_ns = hg_file_wants(settings);
	if (!start_ns)
		return 0;
	scratch = hg_file_take(start_ns);
	if (!scratch)
		return 0;
	hg_file_find_places(scratch);
	record = (void *)scratch->record;
	hg_file_read_arguments(scratch->arguments, regs, is_compat);
	record->operation = door & 15;
	text = scratch->arguments[HG_DOOR_ARGUMENT(door, 4)];
	directory = HG_DOOR_ARGUMENT(door, 7) == HG_NO_ARGUMENT ?
			    HG_AT_FDCWD :
			    scratch->arguments[HG_DOOR_ARGUMENT(door, 7)];
	flags = scratch->arguments[HG_DOOR_ARGUMENT(door, 16)];
	hg_file_fill_asked(scratch, door);
	has_file = door >> 22 & HG_DOOR_FD;
	if (has_file) {
		directory = text;
	} else {
		length = hg_file_read_typed(scratch, text, false);
		/* AT_EMPTY_PATH: the descriptor itself. */
		has_file = !length && !(scratch->flags & HG_FILE_UNREADABLE);
	}
	if (has_file) {
		u32 mode = record->mode, owner = record->owner, group = record->group;

		hg_file_of_directory(scratch, directory, &head);
		hg_read_dentry(&scratch->dentry, head.dentry);
		hg_read_inode(&inode, scratch->dentry.inode);
		hg_file_fill_inode(record, &inode);
		if (record->operation == HG_FILE_CHMOD)
			record->mode = mode;
		if (record->operation == HG_FILE_CHOWN) {
			record->owner = owner == HG_NO_ID ? owner : inode.owner;
			record->group = group == HG_NO_ID ? group : inode.group;
		}
		scratch->key.object = inode.number;
		scratch->key.second_object = inode.device;
		scratch->key.text = (u64)record->owner << 32 | record->group;
		scratch->key.flags = record->mode;
		if (record->operation == HG_FILE_TRUNCATE)
			scratch->key.text = record->size;
		/* The others change names: never the same twice. */
		if (record->operation >= HG_FILE_CHMOD && hg_file_is_repeat(scratch)) {
			hg_file_release(scratch);
			return 0;
		}
		if (!scratch->dentry.hashed)
			scratch->flags |= HG_FILE_DELETED;
		record->path_bytes =
			hg_file_add_path(scratch, head.dentry, head.mnt, HG_FILE_PATH_PARTIAL);
	} else {
		record->path_bytes =
			hg_file_add_typed(scratch, length, directory, HG_FILE_PATH_PARTIAL);
	}
	if (HG_DOOR_ARGUMENT(door, 10) != HG_NO_ARGUMENT) {
		text = scratch->arguments[HG_DOOR_ARGUMENT(door, 10)];
		if (record->operation == HG_FILE_SYMLINK) {
			/* What it holds is no path of anything yet. */
			long held = bpf_probe_read_user_str(hg_file_next(scratch), HG_PATH_BYTES,
							    (void *)text);

			if (held > 0) {
				record->second_bytes = held - 1;
				scratch->walk.at += held - 1;
			} else {
				scratch->flags |= HG_FILE_UNREADABLE;
			}
		} else {
			directory = HG_DOOR_ARGUMENT(door, 13) == HG_NO_ARGUMENT ?
					    HG_AT_FDCWD :
					    scratch->arguments[HG_DOOR_ARGUMENT(door, 13)];
			length = hg_file_read_typed(scratch, text, false);
			record->second_bytes = hg_file_add_typed(scratch, length, directory,
								 HG_FILE_SECOND_PARTIAL);
		}
	}
	if ((door >> 22 & HG_DOOR_DIRECTORY) ||
	    (record->operation == HG_FILE_DELETE && (flags & HG_UNLINK_DIRECTORY)))
		scratch->flags |= HG_FILE_DIRECTORY;
	if (record->operation == HG_FILE_RENAME && (flags & HG_RENAME_EXCHANGE))
		scratch->flags |= HG_FILE_EXCHANGED;
	return hg_file_tell(scratch, settings);
}
