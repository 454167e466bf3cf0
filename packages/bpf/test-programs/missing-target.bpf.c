// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* No kernel has this tracepoint. */
#include "core.h"

SEC("tp_btf/no_such_tracepoint")
int never(void *ctx)
{
	return 0;
}

SEC("tp_btf/sched_process_exit")
int always(void *ctx)
{
	return 0;
}
