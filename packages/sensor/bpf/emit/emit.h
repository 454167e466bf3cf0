/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From an event to a ring: sequence, reservation, counting. Every path through
 * these functions counts exactly once.
 */
#pragma once

#include "../base/record.h"

static __always_inline void hg_count_submitted(u32 probe)
{
	struct hg_counters *counters = bpf_map_lookup_elem(&hg_counts, &probe);

	if (counters)
		__sync_fetch_and_add(&counters->submitted, 1);
}

static __always_inline void hg_count_filtered(u32 probe)
{
	struct hg_counters *counters = bpf_map_lookup_elem(&hg_counts, &probe);

	if (counters)
		__sync_fetch_and_add(&counters->filtered, 1);
}

/* Events that are in, or will be in, the `count` of a row that stands for others too; negative takes back. */
static __always_inline void hg_add_deduplicated(u32 probe, s64 events)
{
	struct hg_counters *counters = bpf_map_lookup_elem(&hg_counts, &probe);

	if (counters)
		__sync_fetch_and_add(&counters->deduplicated, events);
}

static __always_inline void hg_count_deduplicated(u32 probe)
{
	hg_add_deduplicated(probe, 1);
}

static __always_inline void hg_count_lost_many(u32 probe, enum hg_loss reason, u64 events)
{
	struct hg_counters *counters = bpf_map_lookup_elem(&hg_counts, &probe);

	if (counters && reason < HG_LOSS_REASONS)
		__sync_fetch_and_add(&counters->lost[reason], events);
}

static __always_inline void hg_count_lost(u32 probe, enum hg_loss reason)
{
	hg_count_lost_many(probe, reason, 1);
}

/* The next number of a ring, or of HG_SEQUENCE_SOCKET. */
static __always_inline u64 hg_take_sequence(u32 which)
{
	struct hg_sequence *sequence = bpf_map_lookup_elem(&hg_sequences, &which);

	return sequence ? __sync_fetch_and_add(&sequence->next, 1) : 0;
}

/*
 * Reserves a record of a fixed size in `ring`, with boot_ns, seq and kind set.
 * NULL, and counted as lost, when the ring is full.
 */
static __always_inline void *hg_reserve(void *ring, enum hg_ring which, u32 probe, u64 size)
{
	u64 now = bpf_ktime_get_boot_ns();
	u64 seq = hg_take_sequence(which);
	struct hg_event *event = bpf_ringbuf_reserve(ring, size, 0);

	if (!event) {
		hg_count_lost(probe, HG_LOSS_RING_FULL);
		return 0;
	}
	event->boot_ns = now;
	event->seq = seq;
	event->kind = probe;
	event->reserved = 0;
	event->flags = 0;
	return event;
}

static __always_inline void hg_submit(void *event, u32 probe)
{
	bpf_ringbuf_submit(event, 0);
	hg_count_submitted(probe);
}
