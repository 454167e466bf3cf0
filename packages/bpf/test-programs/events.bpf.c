// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Numbered records into a ring, one per getppid(2) of one process, so that a
 * test knows exactly how many there must be.
 */
#include "core.h"

#define SYS_GETPPID 110

enum event_kind {
	EVENT_CALL = 1,
	EVENT_OTHER = -2,
};

struct event {
	u64 boot_ns SAFE_NUMBER;
	u64 sequence;
	u32 tgid;
	s32 negative;
	enum event_kind kind;
	u16 small;
	bool flag;
	u8 byte;
	u32 low : 3;
	u32 middle : 20;
	s32 high : 9;
	u32 _pad;
	char comm[16];
	u32 words[3];
	union {
		u32 as_word;
		u8 as_bytes[4];
	} either;
	struct {
		u64 first;
		u64 second;
	};
};
EXPORT_STRUCT(event);

const volatile u32 target_tgid = 0;
const volatile s64 negative_setting = -1;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

struct counters {
	u64 sequence;
	u64 lost;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct counters);
} counters SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(on_call, void *regs, long id)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u32 zero = 0;
	struct counters *count;
	struct event *event;
	u64 sequence;

	if (id != SYS_GETPPID || tgid != target_tgid)
		return 0;
	count = bpf_map_lookup_elem(&counters, &zero);
	if (!count)
		return 0;
	sequence = __sync_fetch_and_add(&count->sequence, 1);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&count->lost, 1);
		return 0;
	}
	event->boot_ns = bpf_ktime_get_boot_ns();
	event->sequence = sequence;
	event->tgid = tgid;
	event->negative = negative_setting;
	event->kind = EVENT_OTHER;
	event->small = 0xbeef;
	event->flag = true;
	event->byte = 0xfe;
	event->low = 5;
	event->middle = 0xabcde;
	event->high = -3;
	event->_pad = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->words[0] = 1;
	event->words[1] = 0xffffffff;
	event->words[2] = 3;
	event->either.as_word = 0x01020304;
	event->first = 0xffffffffffffffff;
	event->second = 2;
	/* Every 16th record is given up: a reader must step over it. */
	if ((sequence & 15) == 15) {
		bpf_ringbuf_discard(event, 0);
		return 0;
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}
