/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tells, at a process's end, the repeats that emit/counted.h has counted and not told yet. One
 * program for all probes that count so: most processes have nothing in store, and pay a look.
 */
#include "emit/counted.h"

SEC("tp_btf/sched_process_exit")
int hg_tallies_end(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct hg_tallies *tallies;
	u64 now;

	/* Threads that end together may all see 0: the first takes the lock, and keeps it. */
	if (task->signal->live.counter != 0)
		return 0;
	tallies = bpf_task_storage_get(&hg_tallied, task->group_leader, 0, 0);
	if (!tallies || __sync_lock_test_and_set(&tallies->is_busy, 1))
		return 0;
	now = bpf_ktime_get_boot_ns();
	for (int i = 0; i < HG_TALLIES; i++)
		hg_tell_pending(&tallies->slots[i], now);
	return 0;
}
