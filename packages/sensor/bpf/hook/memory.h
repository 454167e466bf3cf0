/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the probes `file` and `memory` meet, as a system call's number leads to one program only:
 * whoever has the program at the end of the call tells the other.
 */
#pragma once

#include "../read/kernel-memory.h"

/* One bit for each probe that runs, by the id of its table; the loader sets it. */
const volatile u64 hg_running_probes = ~0ull;

static __always_inline bool hg_is_running(u32 probe)
{
	return hg_running_probes >> probe & 1;
}

/*
 * Of the probe `memory`: a file was opened, `file` is its address, and `mode` its FMODE_ bits. To be
 * called at the end of any call that opens a file: /proc/PID/mem is a door into another process.
 */
#define HG_MODE_WRITE 2
#define HG_PROC_SUPER_MAGIC 0x9fa0
static __noinline int hg_memory_opened_to_write(u64 file);

/* The magic number of the filesystem that a file is of. */
static __always_inline unsigned long hg_file_system(u64 address)
{
	struct file *file = (void *)address;
	struct inode *inode = 0;
	struct super_block *super = 0;
	unsigned long magic = 0;

	hg_read_field(&inode, sizeof(inode), &file->f_inode);
	hg_read_field(&super, sizeof(super), &inode->i_sb);
	hg_read_field(&magic, sizeof(magic), &super->s_magic);
	return magic;
}

static __always_inline void hg_memory_opened(u64 file, u32 mode)
{
	if (!(mode & HG_MODE_WRITE))
		return;
	/* Spares the call where this costs no stack. */
	if (hg_has_untyped_casts && hg_file_system(file) != HG_PROC_SUPER_MAGIC)
		return;
	hg_memory_opened_to_write(file);
}

/* A mapping that may be executed and has a file behind it. */
struct hg_executable_mapping {
	/* Address of the struct file. */
	u64 file;
	u64 address;
	u64 length;
	/* PROT_ bits. */
	u32 protection;
	/* 0: made by mmap. 1: made so by mprotect. */
	u32 is_protect;
};
