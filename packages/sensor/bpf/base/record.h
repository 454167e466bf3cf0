/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every record in a ring begins with, and the maps that all probes share.
 *
 * These structs are the only schema: the decoders in gen/ come from this object's
 * BTF, and a hash over the layout names the folder of the pins.
 */
#pragma once

#include "kernel.h"

/* Head of every record. 48 bytes. */
struct hg_event {
	/* CLOCK_BOOTTIME, taken before the ring slot is reserved. */
	u64 boot_ns;
	/* Taken before the reservation: a gap is a record that the ring refused. */
	u64 seq;
	/* group_leader->start_boottime. */
	u64 start_ns;
	u32 pid;
	u32 tid;
	u32 exec_no;
	/* Id of the table in packages/model that the record becomes a row of. */
	u16 kind;
	u16 reserved;
	/* Bits of the table's `flags` column. */
	u32 flags;
	u32 uid;
};

/* Reasons of packages/model/src/loss-reasons.ts that are counted in the kernel. */
enum hg_loss {
	HG_LOSS_NONE = 0,
	HG_LOSS_RING_FULL = 1,
	HG_LOSS_RECURSION = 2,
	HG_LOSS_MAP_FULL = 3,
	HG_LOSS_TASK_STORAGE = 4,
	HG_LOSS_SCRATCH_BUSY = 5,
	HG_LOSS_REASONS = 8,
};

/*
 * One per probe and CPU. Every event that a probe takes on ends in exactly one of
 * `submitted`, `deduplicated` (emit/repeat.h, emit/counted.h) and `lost[]`, so that
 * offered = their sum holds at any moment of reading. Added to atomically: a softirq may
 * come between load and store.
 */
struct hg_counters {
	u64 submitted;
	u64 filtered;
	u64 deduplicated;
	u64 lost[HG_LOSS_REASONS];
};

/* Highest table id of a probe, plus one. */
#define HG_PROBES 64

enum hg_ring { HG_RING_LIFECYCLE = 0, HG_RING_DATA = 1, HG_RINGS = 2 };

/* Each counter on its own cache line. */
struct hg_sequence {
	u64 next;
	u64 padding[7];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 2 << 20);
} hg_lifecycle SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} hg_data SEC(".maps");

/*
 * Sequence numbers: one per ring, and one more for sockets. Set at the boot time in
 * µs when made, so that none repeats within a boot. The last is no sequence: it holds
 * the boot time in ns when all this was made, which names this set of rings.
 */
#define HG_SEQUENCE_SOCKET HG_RINGS
#define HG_SEQUENCE_MADE 3
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct hg_sequence);
} hg_sequences SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HG_PROBES);
	__type(key, u32);
	__type(value, struct hg_counters);
} hg_counts SEC(".maps");

/*
 * Own processes (sensor, hub, store, launcher), by tgid; the value is the start
 * time in clock ticks of 10 ms, as /proc/PID/stat has it, against reused pids.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u64);
} hg_own SEC(".maps");

/*
 * By the low bits of a tgid: not 0 where such a one may be in hg_own, for nearly all processes to be let go without
 * a look into it. Set before hg_own is, and never taken back.
 */
#define HG_OWN_MARKS 4096
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_OWN_MARKS);
	__type(key, u32);
	__type(value, u64);
} hg_own_marks SEC(".maps");

#define HG_FLAG_OWN (1u << 13)
