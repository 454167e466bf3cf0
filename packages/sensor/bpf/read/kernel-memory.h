/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory of the kernel at an address that no typed pointer leads to.
 *
 * Through bpf_probe_read_kernel each read is a call, 20 to 25 ns on a hardened kernel and twenty of them in a path.
 * Since 6.17 bpf_rdonly_cast makes of any address memory without a type, and a read is a load. Both read zeroes where
 * nothing can be read.
 *
 * Functions that are little but such reads are HG_READER: with loads they need no stack, and are part of who calls
 * them, as a return costs 5 ns and more where returns are guarded (SRSO); with calls they stand alone, for what they
 * read with one of them lies on their stack.
 *
 * The objects are built once for either: libbpf looks for a function that the kernel does not have in the types of
 * its modules, which demands CAP_SYS_ADMIN, even if the program would be able to do without.
 */
#pragma once

#include "../base/kernel.h"

#ifdef HG_UNTYPED_CASTS
#define hg_has_untyped_casts 1
#define HG_READER static __always_inline
extern void *bpf_rdonly_cast(const void *address, u32 type) __ksym;

/* `bytes` is a constant. */
static __always_inline void hg_read_kernel(void *to, const u32 bytes, const void *from)
{
	const void *memory = bpf_rdonly_cast(from, 0);

#pragma unroll
	for (u32 at = 0; at + 8 <= bytes; at += 8)
		*(u64 *)(to + at) = *(const u64 *)(memory + at);
	if (bytes & 4)
		*(u32 *)(to + (bytes & ~7u)) = *(const u32 *)(memory + (bytes & ~7u));
	if (bytes & 2)
		*(u16 *)(to + (bytes & ~3u)) = *(const u16 *)(memory + (bytes & ~3u));
	if (bytes & 1)
		*(u8 *)(to + bytes - 1) = *(const u8 *)(memory + bytes - 1);
}
#else
#define hg_has_untyped_casts 0
#define HG_READER static __noinline
#define hg_read_kernel(to, bytes, from) bpf_probe_read_kernel(to, bytes, from)
#endif

/* The same of a field of a kernel's struct, `&file->f_inode`, wherever the running kernel has it. */
#define hg_read_field(to, bytes, field) \
	hg_read_kernel(to, bytes, (const void *)__builtin_preserve_access_index(field))
