/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports the end of every process: the exit of its last thread.
 *
 * Hook: tp_btf/sched_process_exit. Newer kernels say which thread is the last
 * (`group_dead`); on older ones signal->live is 0 by then, but threads that end together
 * can all see 0, so the first takes the process by a count in the leader's storage. Two
 * programs, of which the loader takes the first that the kernel accepts.
 *
 * Not by what an update with BPF_NOEXIST returns: before 6.4 programs call the map's
 * function directly, whose `int` leaves the upper half of the register 0, so that a
 * negative error is neither below 0 nor equal to -EEXIST unless cast to int first. And
 * not in an LRU map, which may evict the entry, or reuse it while it is added to.
 */
#include "../../../bpf/emit/emit.h"
#include "../../../bpf/read/identity.h"

#define HG_PROBE_EXIT 4
#define HG_SIGNAL_GROUP_EXIT 0x4

struct hg_exit {
	struct hg_event event;
	/* As wait(2) encodes it: code << 8 | core dumped 0x80 | signal. */
	u32 status;
	u32 reserved;
	/* Sums over the threads. `user` and `system` are in ticks' precision; `run` is exact. */
	u64 user_ns;
	u64 system_ns;
	u64 run_ns;
	u64 max_rss_pages;
};
const struct hg_exit *hg_exit_type __attribute__((unused));

/* How many threads saw the end; lives and goes with the leader's task_struct. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u32);
} hg_exiting SEC(".maps");

static __always_inline int hg_report_exit(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct task_struct *leader = task->group_leader;
	struct hg_exit *exit;
	u32 tgid = task->tgid;
	bool is_own = hg_is_own(tgid, leader->start_boottime);
	u64 user, system, run;

	/* Also when the ring has no room: the map is small, and nobody else takes the dead out. */
	if (is_own)
		bpf_map_delete_elem(&hg_own, &tgid);
	exit = hg_reserve(&hg_lifecycle, HG_RING_LIFECYCLE, HG_PROBE_EXIT, sizeof(*exit));
	if (!exit)
		return 0;
	hg_identify(&exit->event, task);
	if (is_own)
		exit->event.flags = HG_FLAG_OWN;
	/* wait(2) gives the leader's status unless the group ended as one. */
	if (signal->flags & HG_SIGNAL_GROUP_EXIT)
		exit->status = signal->group_exit_code;
	else
		exit->status = leader->exit_code;
	exit->reserved = 0;
	user = signal->utime + task->utime;
	system = signal->stime + task->stime;
	run = signal->sum_sched_runtime + task->se.sum_exec_runtime;
	if (task->pid != task->tgid) {
		/* The leader ended before and waits as a zombie: its times are not in the sums yet. */
		user += leader->utime;
		system += leader->stime;
		run += leader->se.sum_exec_runtime;
	}
	exit->user_ns = user;
	exit->system_ns = system;
	exit->run_ns = run;
	exit->max_rss_pages = signal->maxrss;
	hg_submit(exit, HG_PROBE_EXIT);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int hg_exit(u64 *ctx)
{
	if (!(u8)ctx[1])
		return 0;
	return hg_report_exit((void *)ctx[0]);
}

SEC("tp_btf/sched_process_exit")
int hg_exit_by_count(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct task_struct *leader = task->group_leader;
	u32 *seen;

	if (task->signal->live.counter != 0)
		return 0;
	seen = bpf_task_storage_get(&hg_exiting, leader, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	/* Of two that create it at once one gets nothing, though it is there by now. */
	if (!seen)
		seen = bpf_task_storage_get(&hg_exiting, leader, 0, 0);
	/* Without memory for it the process is told by each of these threads: never by none. */
	if (seen && __sync_fetch_and_add(seen, 1))
		return 0;
	return hg_report_exit(task);
}
