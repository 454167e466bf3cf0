/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Repeats of an event are counted instead of told again, exactly.
 *
 * The first event with a key is told at once, and remembered with its record (or the second, see hg_is_recent). Those
 * that follow only add to its count, and go to no ring. About a second later user space
 * puts the other of two maps in the place of the active one (src/kernel/repeats.ts): the
 * kernel lets that call return when no program uses the old one any more, so that
 * what is counted there is final. Each entry with repeats becomes one row.
 *
 * Nothing is merged in silence: where the map has no room, an event is told as any other.
 */
#pragma once

#include "emit.h"

/* Two events with the same key differ in nothing but their time. */
struct hg_repeat_key {
	u64 start_ns;
	u32 pid;
	u32 exec_no;
	/* What it was done to. */
	u64 object;
	u64 second_object;
	/* Hash of what has no number. */
	u64 text;
	/* Of the table. */
	u32 kind;
	u32 operation;
	u32 flags;
	u32 error;
};

/* As much of the first record as is kept for the row of its repeats. */
#define HG_REPEAT_RECORD 288

struct hg_repeat {
	/* Events after the first. */
	u64 count;
	u64 first_ns;
	u64 last_ns;
	u64 length;
	u8 record[HG_REPEAT_RECORD];
};

/* Elements are there from the start, 3.5 MB in each map: to allocate them at each first event took a fifth of its cost. */
struct hg_repeat_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct hg_repeat_key);
	__type(value, struct hg_repeat);
};

struct hg_repeat_map hg_repeats_even SEC(".maps");
struct hg_repeat_map hg_repeats_odd SEC(".maps");

/* The active one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct hg_repeat_map);
} hg_repeats SEC(".maps") = { .values = { &hg_repeats_even } };

/* How often they have changed places: an even number means that hg_repeats_even is the active one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} hg_repeat_turns SEC(".maps");

/*
 * For events of which most come once, opens say: to look a key up and remember it is a third of their cost, as an
 * element is seven lines of memory that are in no cache. Such a key is remembered the second time that it comes within
 * one or two seconds, and the first two events of it are told. Marks by hash keep that apart; keys that share one are
 * remembered the first time.
 */
#define HG_RECENT_MARKS 65536
struct hg_recent_marks { u16 turns[HG_RECENT_MARKS]; };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_recent_marks);
} hg_recent SEC(".maps");

/* Whether an event with this key came lately, or another that shares its mark; marks it. */
static __always_inline bool hg_is_recent(const struct hg_repeat_key *key, u64 now)
{
	const u64 *words = (const void *)key;
	/* Never that of a mark that nobody has set. */
	u16 turn = (now >> 30) | 1 << 15;
	u64 hash = 0, factor = 0x9e3779b97f4a7c15ull;
	u32 zero = 0;
	struct hg_recent_marks *marks = bpf_map_lookup_elem(&hg_recent, &zero);
	u16 *mark, before;

	if (!marks)
		return true;
	/* A sum, for the processor to multiply them all at once. */
#pragma unroll
	for (int i = 0; i < sizeof(*key) / 8; i++) {
		hash += words[i] * factor;
		factor *= 0xd1342543de82ef95ull;
	}
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	mark = &marks->turns[hash >> 48];
	before = *mark;
	if (before != turn)
		*mark = turn;
	return before == turn || before == ((turn - 1) | 1 << 15);
}

/* True when the event is a repeat: it is counted then, and done with. */
static __always_inline bool hg_is_repeat(const struct hg_repeat_key *key, u64 now)
{
	u32 zero = 0;
	void *active = bpf_map_lookup_elem(&hg_repeats, &zero);
	struct hg_repeat *known;

	if (!active)
		return false;
	known = bpf_map_lookup_elem(active, key);
	if (!known)
		return false;
	if (!known->first_ns)
		known->first_ns = now;
	known->last_ns = now;
	__sync_fetch_and_add(&known->count, 1);
	hg_count_deduplicated(key->kind);
	return true;
}

/* Remembers an event that is told now, as `first` has its record: with no count and no times. */
static __always_inline void hg_remember(const struct hg_repeat_key *key,
					const struct hg_repeat *first)
{
	u32 zero = 0;
	void *active = bpf_map_lookup_elem(&hg_repeats, &zero);

	/* Another thread may have been first, or there is no room: then the next one is told, too. */
	if (active)
		bpf_map_update_elem(active, key, first, BPF_NOEXIST);
}
