/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the arguments of tp_btf/io_uring_complete say, whose shape changed with 6.18. */
#pragma once

#include "kernel-memory.h"

/* Flag of tasks that work for io_uring: threads of the process. */
#define HG_PF_IO_WORKER 0x00000010

enum {
	HG_OP_ACCEPT = 13,
	HG_OP_CONNECT = 16,
};

/* Came with 6.18, as did the whole completion in the place of its parts. */
enum io_uring_register_op___completion { IORING_REGISTER_QUERY___completion = 35 };

/* What the request gave: -errno when it failed. */
static __always_inline int hg_uring_result(u64 *ctx)
{
	if (bpf_core_enum_value_exists(enum io_uring_register_op___completion,
				       IORING_REGISTER_QUERY___completion)) {
		struct io_uring_cqe *completion = (void *)ctx[2];
		int result = 0;

		hg_read_field(&result, sizeof(result), &completion->res);
		return result;
	}
	return ctx[3];
}
