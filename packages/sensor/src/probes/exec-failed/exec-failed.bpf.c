/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports every execve and execveat that returned an error, through any ABI.
 *
 * Hook: sys_exit through the shared dispatcher: the arguments are still in the
 * registers, and what they point to has just been read by the kernel, so it is
 * resident unless another thread took it away.
 */
#include "../../../bpf/emit/emit.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/hook/sys_exit.h"

#define HG_PROBE_EXEC_FAILED 2
#define HG_FAILED_ARGV_TRUNCATED (1u << 0)
#define HG_FAILED_ARGV_UNREADABLE (1u << 1)
#define HG_FAILED_BYTES 4096
#define HG_FAILED_ARGUMENTS 256

struct hg_exec_failed {
	struct hg_event event;
	u64 parent_start_ns;
	u32 parent_pid;
	/* Positive. */
	u32 error;
	/* Lengths of the texts behind the struct. */
	u32 typed_bytes;
	u32 argv_bytes;
};
const struct hg_exec_failed *hg_exec_failed_type __attribute__((unused));

struct hg_failed_scratch {
	struct hg_exec_failed failed;
	/* The second half of the text is room that only the verifier needs. */
	u8 text[4 * HG_FAILED_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_failed_scratch);
} hg_failed_memory SEC(".maps");

struct hg_failed_copy {
	struct hg_failed_scratch *scratch;
	u64 argv;
	u32 at;
	u32 begin;
	u32 flags;
	u32 word_bytes;
};

static long hg_failed_copy_argument(u32 step, struct hg_failed_copy *copy)
{
	u64 argument = 0;
	u32 at = copy->at;
	u32 left;
	long length;

	if (bpf_probe_read_user(&argument, copy->word_bytes == 4 ? 4 : 8,
				(void *)(copy->argv + (u64)step * copy->word_bytes))) {
		copy->flags |= HG_FAILED_ARGV_UNREADABLE;
		return 1;
	}
	if (!argument)
		return 1;
	left = copy->begin + HG_FAILED_BYTES - at;
	if (left < 2 || left > HG_FAILED_BYTES || step == HG_FAILED_ARGUMENTS - 1) {
		copy->flags |= HG_FAILED_ARGV_TRUNCATED;
		return 1;
	}
	at &= 2 * HG_FAILED_BYTES - 1;
	length = bpf_probe_read_user_str(copy->scratch->text + at, left, (void *)argument);
	if (length < 0) {
		copy->flags |= HG_FAILED_ARGV_UNREADABLE;
		return 1;
	}
	copy->at += length;
	return 0;
}

static __always_inline int hg_report_failed(u64 error, u64 filename, u64 argv, u32 word_bytes)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *parent = task->real_parent;
	u64 now = bpf_ktime_get_boot_ns();
	u32 zero = 0, length;
	struct hg_failed_scratch *scratch = bpf_map_lookup_elem(&hg_failed_memory, &zero);
	struct hg_exec_failed *failed;
	struct hg_failed_copy copy = {};
	long typed;

	/* Never so, as the key is within the array: the verifier wants to hear it. */
	if (!scratch)
		return 0;
	failed = &scratch->failed;
	failed->event.boot_ns = now;
	failed->event.kind = HG_PROBE_EXEC_FAILED;
	failed->event.reserved = 0;
	hg_identify(&failed->event, task);
	failed->parent_pid = parent->tgid;
	failed->parent_start_ns = parent->group_leader->start_boottime;
	failed->error = error;
	typed = bpf_probe_read_user_str(scratch->text, HG_FAILED_BYTES, (void *)filename);
	if (typed < 1)
		typed = 1;
	failed->typed_bytes = typed - 1;
	copy.scratch = scratch;
	copy.argv = argv;
	copy.begin = typed - 1;
	copy.at = typed - 1;
	copy.word_bytes = word_bytes;
	if (argv)
		bpf_loop(HG_FAILED_ARGUMENTS, hg_failed_copy_argument, &copy, 0);
	failed->argv_bytes = copy.at - copy.begin;
	failed->event.flags = copy.flags;
	if (hg_is_own(failed->event.pid, failed->event.start_ns))
		failed->event.flags |= HG_FLAG_OWN;
	failed->event.seq = hg_take_sequence(HG_RING_LIFECYCLE);
	length = sizeof(*failed) + copy.at;
	if (length > sizeof(*failed) + 2 * HG_FAILED_BYTES)
		length = sizeof(*failed) + 2 * HG_FAILED_BYTES;
	if (bpf_ringbuf_output(&hg_lifecycle, failed, length, 0))
		hg_count_lost(HG_PROBE_EXEC_FAILED, HG_LOSS_RING_FULL);
	else
		hg_count_submitted(HG_PROBE_EXEC_FAILED);
	return 0;
}

HG_CALL_END(hg_execve_exit)
{
	if (result >= 0)
		return 0;
	if (hg_is_compat())
		return hg_report_failed(-result, (u32)regs->bx, (u32)regs->cx, 4);
	return hg_report_failed(-result, regs->di, regs->si, 8);
}

HG_CALL_END(hg_execveat_exit)
{
	if (result >= 0)
		return 0;
	if (hg_is_compat())
		return hg_report_failed(-result, (u32)regs->cx, (u32)regs->dx, 4);
	return hg_report_failed(-result, regs->si, regs->dx, 8);
}
