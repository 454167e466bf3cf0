/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports the end of every process: the exit of its last thread.
 *
 * Hook: tp_btf/sched_process_exit. Newer kernels say which thread is the last
 * (`group_dead`); on older ones signal->live is 0 by then, but two threads that end
 * together can both see 0, so the first takes the process in a small map. Two
 * programs, of which the loader takes the first that the kernel accepts.
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

struct hg_exit_key {
	u64 start_ns;
	u64 tgid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct hg_exit_key);
	__type(value, u32);
} hg_exiting SEC(".maps");

static __always_inline int hg_report_exit(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct task_struct *leader = task->group_leader;
	struct hg_exit *exit;
	u64 user, system, run;

	exit = hg_reserve(&hg_lifecycle, HG_RING_LIFECYCLE, HG_PROBE_EXIT, sizeof(*exit));
	if (!exit)
		return 0;
	hg_identify(&exit->event, task);
	if (hg_is_own(exit->event.pid, exit->event.start_ns)) {
		u32 tgid = exit->event.pid;

		exit->event.flags = HG_FLAG_OWN;
		bpf_map_delete_elem(&hg_own, &tgid);
	}
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
	struct hg_exit_key key = {};
	u32 none = 0, *taken;

	if (task->signal->live.counter != 0)
		return 0;
	key.start_ns = task->group_leader->start_boottime;
	key.tgid = task->tgid;
	/*
	 * Whoever adds first takes it. What the update returns is not enough: it can fail
	 * for another reason than being second, and was seen to report a process twice.
	 */
	bpf_map_update_elem(&hg_exiting, &key, &none, BPF_NOEXIST);
	taken = bpf_map_lookup_elem(&hg_exiting, &key);
	if (taken && __sync_fetch_and_add(taken, 1))
		return 0;
	return hg_report_exit(task);
}
