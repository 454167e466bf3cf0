// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reports each call of a function of a program or library: who, how long, first
 * argument and result. Where it is attached is up to user space.
 *
 * Begin and end are joined by thread: of a function that calls itself only the
 * innermost call is reported.
 */
#include <linux/ptrace.h>
#include "core.h"

struct call_event {
	u64 boot_ns SAFE_NUMBER;
	u64 duration_ns SAFE_NUMBER;
	u64 argument;
	u64 returned;
	u32 tgid;
	u32 tid;
	char comm[16];
	char text[64];
};
EXPORT_STRUCT(call_event);

struct call {
	u64 boot_ns;
	u64 argument;
	char text[64];
};

/* Whether the first argument points to text. */
const volatile bool is_text = false;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u64);
	__type(value, struct call);
} calls SEC(".maps");

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

static int lose(void)
{
	u32 zero = 0;
	u64 *count = bpf_map_lookup_elem(&lost, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("uprobe")
int on_call(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct call call = {};

	call.boot_ns = bpf_ktime_get_boot_ns();
	call.argument = PT_REGS_PARM1(ctx);
	if (is_text)
		bpf_probe_read_user_str(call.text, sizeof(call.text), (void *)call.argument);
	if (bpf_map_update_elem(&calls, &thread, &call, BPF_ANY))
		return lose();
	return 0;
}

SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &thread);
	struct call_event *event;

	if (!call)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		bpf_map_delete_elem(&calls, &thread);
		return lose();
	}
	event->boot_ns = call->boot_ns;
	event->duration_ns = bpf_ktime_get_boot_ns() - call->boot_ns;
	event->argument = call->argument;
	event->returned = PT_REGS_RC(ctx);
	event->tgid = thread >> 32;
	event->tid = thread;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	__builtin_memcpy(event->text, call->text, sizeof(event->text));
	bpf_map_delete_elem(&calls, &thread);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
