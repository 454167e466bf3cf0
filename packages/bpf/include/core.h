/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types that the test programs and examples touch, for CO-RE.
 *
 * Only names matter: the loader moves every access to where the running kernel
 * has the field. Made by hand, because a full vmlinux.h costs 0.5 s per compile.
 */
#ifndef BPF_CORE_H
#define BPF_CORE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

/* Keeps a struct in BTF: the TypeScript decoder is generated from it. */
#define EXPORT_STRUCT(name) const struct name *name##_anchor __attribute__((unused))
#define EXPORT_ENUM(name) const enum name *name##_anchor __attribute__((unused))
/* A 64-bit field whose values a JavaScript number holds exactly. */
#define SAFE_NUMBER __attribute__((btf_decl_tag("safe_number")))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	u64 start_boottime;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
};

struct linux_binprm {
	const char *filename;
};

struct file {
	void *f_op;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

struct in6_addr;

struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	u8 skc_state;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

#pragma clang attribute pop

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif
