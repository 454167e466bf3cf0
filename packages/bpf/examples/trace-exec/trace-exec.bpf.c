// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reports every successful execve.
 *
 * Hook: tp_btf/sched_process_exec, because it needs no kprobe and runs when
 * the new program is in place.
 */
#include "core.h"

struct exec_event {
	u64 boot_ns SAFE_NUMBER;
	u32 tgid;
	u32 parent_tgid;
	u32 uid;
	char comm[16];
	char file[236];
};
EXPORT_STRUCT(exec_event);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} lost SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *binary)
{
	u32 zero = 0;
	struct exec_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		u64 *count = bpf_map_lookup_elem(&lost, &zero);

		if (count)
			__sync_fetch_and_add(count, 1);
		return 0;
	}
	event->boot_ns = bpf_ktime_get_boot_ns();
	event->tgid = task->tgid;
	event->parent_tgid = task->real_parent->tgid;
	event->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), binary->filename);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
