/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Part of file.bpf.c: who last opened a file for writing. What is written at run time and mapped to be executed is
 * told with it.
 *
 * In sets of two by hash, the newer one first: noting costs the one line of memory that a set is, where a map with
 * an order of age takes four, and most of them are in no cache. Others that fall into the same set push a file out,
 * after 4,096 files one of 140, after 16,384 one of 11: then a mapping tells no writer. Two processors that write a
 * set at once may mix what they know of the two files in it.
 */
#pragma once

struct hg_file_writer {
	struct hg_file_id file;
	u64 start_ns;
	u32 pid;
	u32 exec_no;
};
struct hg_file_writers { struct hg_file_writer newer, older; };

#define HG_FILE_WRITERS 32768
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	/* Begins at a page, and so each set at a line. */
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HG_FILE_WRITERS);
	__type(key, u32);
	__type(value, struct hg_file_writers);
} hg_file_written SEC(".maps");

static __always_inline struct hg_file_writers *hg_file_writers_of(u64 inode, u64 device)
{
	u32 at = (inode ^ device << 40) * 0x9e3779b97f4a7c15ull >> 49;

	return bpf_map_lookup_elem(&hg_file_written, &at);
}

static __always_inline bool hg_file_is_of(const struct hg_file_writer *writer, u64 inode, u64 device)
{
	return writer->file.inode == inode && writer->file.device == device;
}

/* NULL when it is not known. */
static __always_inline const struct hg_file_writer *hg_file_writer_of(u64 inode, u64 device)
{
	const struct hg_file_writers *set = inode ? hg_file_writers_of(inode, device) : 0;

	if (!set)
		return 0;
	if (hg_file_is_of(&set->newer, inode, device))
		return &set->newer;
	return hg_file_is_of(&set->older, inode, device) ? &set->older : 0;
}

/* The file was opened for writing by the process. */
static __always_inline void hg_file_note_writer(u64 inode, u64 device, const struct hg_event *by)
{
	struct hg_file_writers *set = hg_file_writers_of(inode, device);

	if (!set)
		return;
	if (!hg_file_is_of(&set->newer, inode, device)) {
		set->older = set->newer;
		set->newer.file.inode = inode;
		set->newer.file.device = device;
	}
	set->newer.start_ns = by->start_ns;
	set->newer.pid = by->pid;
	set->newer.exec_no = by->exec_no;
}
