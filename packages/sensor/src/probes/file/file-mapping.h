/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Part of file.bpf.c: files that were written at run time and are mapped to be executed. The
 * probe `memory` has the programs at the end of mmap and mprotect, and calls this.
 */
#pragma once

#include "../../../bpf/hook/memory.h"

/* i_ctime was a timespec up to 6.10, by two names; then its seconds have a field of their own. */
struct hg_timespec { s64 tv_sec; };
struct inode___with_ctime { struct hg_timespec i_ctime; } __attribute__((preserve_access_index));
struct inode___with_hidden_ctime { struct hg_timespec __i_ctime; } __attribute__((preserve_access_index));
struct inode___with_ctime_sec { s64 i_ctime_sec; } __attribute__((preserve_access_index));

static __always_inline s64 hg_file_changed_at(u64 inode)
{
	struct inode___with_ctime *first = (void *)inode;
	struct inode___with_hidden_ctime *second = (void *)inode;
	struct inode___with_ctime_sec *third = (void *)inode;
	s64 seconds = 0;

	if (bpf_core_field_exists(third->i_ctime_sec))
		hg_read_field(&seconds, sizeof(seconds), &third->i_ctime_sec);
	else if (bpf_core_field_exists(second->__i_ctime))
		hg_read_field(&seconds, sizeof(seconds), &second->__i_ctime);
	else
		hg_read_field(&seconds, sizeof(seconds), &first->i_ctime);
	return seconds;
}

/* Whether the file was written, or has changed at all, since the sensor started: where its writer has been forgotten. */
static __noinline int hg_file_is_written(u64 file)
{
	struct hg_file_settings *settings = hg_file_find_settings();
	struct hg_file_head head = {};
	struct hg_inode_head inode;

	if (!settings)
		return 0;
	hg_read_file(&head, file);
	if (!head.inode)
		return 0;
	hg_read_inode(&inode, head.inode);
	return (inode.mode & HG_S_IFMT) == HG_S_IFREG &&
	       (hg_file_writer_of(inode.number, inode.device) ||
		hg_file_changed_at(head.inode) > (s64)settings->started_s);
}

/*
 * In two halves, as the stack of mprotect's program leaves little for a walk: this one finds out who and what. 0 when
 * there is nothing to tell.
 */
static __noinline int hg_file_begin_mapped(u64 file)
{
	struct hg_file_settings *settings = hg_file_find_settings();
	struct hg_file_scratch *scratch;
	const struct hg_file_writer *writer;
	struct hg_file *record;
	u64 start_ns = settings ? hg_file_wants(settings) : 0;

	if (!start_ns)
		return 0;
	scratch = hg_file_take(start_ns);
	if (!scratch)
		return 0;
	record = (void *)scratch->record;
	record->operation = HG_FILE_MAP_EXECUTABLE;
	hg_read_file(&scratch->head, file);
	hg_read_inode(&scratch->inode, scratch->head.inode);
	hg_read_dentry(&scratch->dentry, scratch->head.dentry);
	hg_file_fill_inode(record, &scratch->inode);
	scratch->key.object = record->inode;
	scratch->key.second_object = record->device;
	scratch->key.text = scratch->dentry.parent ^ (u64)scratch->dentry.hash << 32 ^
			    scratch->dentry.length;
	scratch->key.flags = 0;
	if (hg_file_is_repeat(scratch)) {
		hg_file_release(scratch);
		return 0;
	}
	writer = hg_file_writer_of(record->inode, record->device);
	if (writer) {
		record->writer_start_ns = writer->start_ns;
		record->writer_pid = writer->pid;
		record->writer_exec_no = writer->exec_no;
	}
	if (!scratch->dentry.hashed)
		scratch->flags |= HG_FILE_DELETED;
	hg_file_find_places(scratch);
	return 1;
}

/* In the memory that is taken. */
static __noinline int hg_file_end_mapped(void)
{
	struct hg_file_settings *settings = hg_file_find_settings();
	u32 cpu = bpf_get_smp_processor_id();
	struct hg_file_scratch *scratch = bpf_map_lookup_elem(&hg_file_memory, &cpu);
	struct hg_file *record;

	if (!scratch)
		return 0;
	if (!settings) {
		hg_file_release(scratch);
		return 0;
	}
	record = (void *)scratch->record;
	record->path_bytes = hg_file_add_path(scratch, scratch->head.dentry, scratch->head.mnt,
					      HG_FILE_PATH_PARTIAL);
	return hg_file_tell(scratch, settings);
}

static __always_inline void hg_on_executable_mapping(const struct hg_executable_mapping *mapping)
{
	if (hg_file_is_written(mapping->file) && hg_file_begin_mapped(mapping->file))
		hg_file_end_mapped();
}
