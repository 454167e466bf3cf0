/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events that a process may repeat as fast as it likes: the first of a kind is told at once,
 * repeats are counted, and the count is told when it has doubled, when another kind needs the
 * place, and at the process's end. The sum of `count` over the rows is exact: what is not told
 * yet is pending, and nothing is ever merged but what is equal in all that the key covers.
 *
 * A few places per process in the storage of its leader, so they go with the process. A kind
 * belongs to an image: its exec number is part of the key. Where there is no memory for the
 * storage, or another thread is at it, each event is told on its own.
 *
 * The key is 128 bits of a hash with a secret seed: nobody can make two kinds look alike.
 *
 * These records go to the lifecycle ring, as they are few and say much, but only while a quarter
 * of it is free: a flood of them must not push out forks, execs and exits.
 */
#pragma once

#include "emit.h"
#include "../read/path.h"

/* What such a record begins with. Everything from HG_KEYED on is part of the key. */
struct hg_counted {
	struct hg_event event;
	/* How many events this row stands for. */
	u64 count;
	/* When the first and the last of them was; boot_ns of the record is when it was told. */
	u64 since_ns;
	u64 last_ns;
	/* Bytes, summed over them. */
	u64 amount;
	/* Of the last one. */
	u64 address;
};
#define HG_KEYED sizeof(struct hg_counted)

#define HG_TALLIES 7
/* A record that is longer is told again without the rest of its texts. */
#define HG_TALLY_BYTES 496
/* Longest record. The scratch space has room for as much again, which only the verifier needs. */
#define HG_COUNTED_BYTES (16 << 10)

struct hg_tally {
	u64 key;
	u64 check;
	u64 total;
	u32 bytes;
	/* Events that no row has told yet. The times and the amount in `record` are theirs. */
	u32 pending;
	u8 record[HG_TALLY_BYTES];
};

/* Seven places and this fit into one page, with the kernel's own head. */
struct hg_tallies {
	/* 1 while a thread is at it. */
	u64 is_busy;
	u64 seed;
	/* What is looked for, and the place that it has. */
	u64 key;
	u64 check;
	volatile u64 at;
	struct hg_tally slots[HG_TALLIES];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hg_tallies);
} hg_tallied SEC(".maps");

struct hg_hash {
	const u8 *record;
	u64 key;
	u64 check;
};

static __always_inline void hg_hash_word(struct hg_hash *hash, u64 word)
{
	hash->key = (hash->key ^ word) * 0x9E3779B97F4A7C15ull;
	hash->key ^= hash->key >> 29;
	hash->check = (hash->check + word) * 0xC2B2AE3D27D4EB4Full;
	hash->check ^= hash->check >> 31;
}

static long hg_hash_step(u32 step, struct hg_hash *hash)
{
	hg_hash_word(hash, *(u64 *)(hash->record + HG_KEYED + (step & (HG_COUNTED_BYTES / 8 - 1)) * 8));
	return 0;
}

/* Whether the ring takes records of this kind now. */
static __always_inline bool hg_has_room_for_counted(void)
{
	return bpf_ringbuf_query(&hg_lifecycle, BPF_RB_AVAIL_DATA) * 4 <=
	       bpf_ringbuf_query(&hg_lifecycle, BPF_RB_RING_SIZE) * 3;
}

/* Sends a record of `length` bytes, `most` at most; false when it has no room. Counts nothing but the number in the ring. */
static __always_inline bool hg_send_counted(struct hg_counted *record, u32 length, u32 most)
{
	record->event.seq = hg_take_sequence(HG_RING_LIFECYCLE);
	if (!hg_has_room_for_counted())
		return false;
	/* Right before it is used: Linux 6.1 forgets bounds of what it puts on the stack meanwhile. */
	hg_hide(length);
	if (length > most)
		length = most;
	return !bpf_ringbuf_output(&hg_lifecycle, record, length, 0);
}

static __always_inline void hg_tell_once(struct hg_counted *record, u32 length, u32 probe)
{
	if (hg_send_counted(record, length, HG_COUNTED_BYTES))
		hg_count_submitted(probe);
	else
		hg_count_lost(probe, HG_LOSS_RING_FULL);
}

/* Tells what is pending in a place, if anything. */
static __always_inline void hg_tell_pending(struct hg_tally *slot, u64 now)
{
	struct hg_counted *record = (void *)slot->record;
	u32 bytes = slot->bytes, probe = record->event.kind;

	if (!slot->pending)
		return;
	record->event.boot_ns = now;
	record->count = slot->pending;
	/* Of the events that were counted as repeats this row is one now. */
	hg_add_deduplicated(probe, -(s64)slot->pending);
	if (hg_send_counted(record, bytes, HG_TALLY_BYTES)) {
		hg_add_deduplicated(probe, slot->pending - 1);
		hg_count_submitted(probe);
	} else {
		hg_count_lost_many(probe, HG_LOSS_RING_FULL, slot->pending);
	}
	slot->pending = 0;
}

/*
 * The place of this kind of event: its own; or one that is free; or that of another kind. Which, when
 * none is free, says the hash, so that of more kinds than there are places only some push out each other.
 */
struct hg_tally_search {
	struct hg_tallies *tallies;
};

/* One loop, and not unrolled: what is seen in one place must not make another way of all that follow. */
static long hg_look_at_tally(u32 step, struct hg_tally_search *search)
{
	struct hg_tallies *tallies = search->tallies;
	u32 at = step < HG_TALLIES ? step : 0;
	struct hg_tally *slot;

	hg_hide(at);
	slot = &tallies->slots[at < HG_TALLIES ? at : 0];
	if (!slot->total) {
		/* They fill up in order, and none is given back: no place behind it is taken. */
		tallies->at = at;
		return 1;
	}
	if (slot->key != tallies->key || slot->check != tallies->check)
		return 0;
	tallies->at = at;
	return 1;
}

static __always_inline struct hg_tally *hg_find_tally(struct hg_tallies *tallies,
						      const struct hg_hash *hash)
{
	struct hg_tally_search search = { .tallies = tallies };
	u64 at;

	tallies->key = hash->key;
	tallies->check = hash->check;
	tallies->at = hash->key % HG_TALLIES;
	bpf_loop(HG_TALLIES, hg_look_at_tally, &search, 0);
	at = tallies->at;
	hg_hide(at);
	return &tallies->slots[at < HG_TALLIES ? at : 0];
}

/*
 * Tells an event, at once or as one of many. `record` lies in a scratch space of at least
 * 2 * HG_COUNTED_BYTES, is `length` bytes long, has boot_ns, kind, amount and address set, and at
 * least 8 bytes of 0 behind it.
 */
static __always_inline void hg_tell(struct hg_counted *record, u32 length, u32 probe)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_tallies *tallies;
	struct hg_tally *slot;
	struct hg_counted *kept;
	struct hg_hash hash;
	u64 now = record->event.boot_ns;
	u32 size, words;

	record->count = 1;
	record->since_ns = now;
	record->last_ns = now;
	if (length > HG_COUNTED_BYTES)
		length = HG_COUNTED_BYTES;
	tallies = bpf_task_storage_get(&hg_tallied, task->group_leader, 0,
				       BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!tallies || __sync_lock_test_and_set(&tallies->is_busy, 1)) {
		hg_tell_once(record, length, probe);
		return;
	}
	if (!tallies->seed)
		tallies->seed = ((u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32()) | 1;
	hash.record = (u8 *)record;
	hash.key = tallies->seed;
	hash.check = tallies->seed * 0x165667B19E3779F9ull;
	hg_hash_word(&hash, (u64)record->event.kind << 32 | record->event.exec_no);
	hg_hash_word(&hash, (u64)record->event.flags << 32 | record->event.uid);
	/* In 32 bits: what is left over above them makes a number of steps that the kernel refuses. */
	words = length - (u32)HG_KEYED + 7;
	words /= 8;
	hg_hide(words);
	bpf_loop(words, hg_hash_step, &hash, 0);
	slot = hg_find_tally(tallies, &hash);
	kept = (void *)slot->record;
	if (slot->key == hash.key && slot->check == hash.check && slot->total) {
		if (!slot->pending) {
			kept->since_ns = now;
			kept->amount = 0;
		}
		kept->last_ns = now;
		kept->event.tid = record->event.tid;
		kept->amount += record->amount;
		kept->address = record->address;
		slot->pending += 1;
		slot->total += 1;
		hg_add_deduplicated(probe, 1);
		if (!(slot->total & (slot->total - 1)) || slot->pending == 1u << 31)
			hg_tell_pending(slot, now);
	} else {
		hg_tell_pending(slot, now);
		slot->key = hash.key;
		slot->check = hash.check;
		slot->total = 1;
		size = length > HG_TALLY_BYTES ? HG_TALLY_BYTES : length;
		hg_hide(size);
		if (size > HG_TALLY_BYTES)
			size = HG_TALLY_BYTES;
		slot->bytes = size;
		bpf_probe_read_kernel(slot->record, size, record);
		hg_tell_once(record, length, probe);
	}
	__sync_lock_test_and_set(&tallies->is_busy, 0);
}
