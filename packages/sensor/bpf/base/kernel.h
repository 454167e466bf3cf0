/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types that the probes read, for CO-RE: libbpf moves each access
 * to where the running kernel has the field. Only named fields matter, not their
 * order. Written by hand: vmlinux.h makes the object thirty times as large and
 * ties the source to one kernel.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
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

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

typedef struct { u32 val; } kuid_t;
typedef struct { u32 val; } kgid_t;
typedef struct { int counter; } atomic_t;

struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

/* The kernel's tree of numbers: where a pid namespace finds its processes. */
struct xarray { void *xa_head; };
struct xa_node {
	unsigned char shift;
	void *slots[64];
};
struct idr { struct xarray idr_rt; };

struct ns_common { unsigned int inum; };
struct user_namespace { struct ns_common ns; };
struct mnt_namespace { struct ns_common ns; };
struct pid_namespace {
	struct idr idr;
	struct ns_common ns;
};
struct net { struct ns_common ns; };
struct uts_namespace { struct ns_common ns; };
struct ipc_namespace { struct ns_common ns; };
struct cgroup_namespace { struct ns_common ns; };
struct time_namespace { struct ns_common ns; };

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};

/* Two u32 up to 6.2, one u64 since: the same eight bytes. */
struct hg_capabilities { u64 bits; };
typedef struct { u64 val; } kernel_cap_t;

struct group_info {
	int ngroups;
	kgid_t gid[0];
};

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
	unsigned int securebits;
	kernel_cap_t cap_inheritable;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
	kernel_cap_t cap_bset;
	kernel_cap_t cap_ambient;
	struct user_namespace *user_ns;
	struct group_info *group_info;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

enum pid_type { PIDTYPE_PID = 0, PIDTYPE_TGID = 1 };

struct pid {
	unsigned int level;
	/* By pid_type. */
	struct hlist_head tasks[4];
	struct upid numbers[0];
};

struct file_system_type { const char *name; };

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	struct file_system_type *s_type;
};

struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_rdev;
	s64 i_size;
	unsigned int i_nlink;
};

/* An inode of /proc. */
struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct qstr {
	union {
		struct {
			u32 hash;
			u32 len;
		};
		u64 hash_len;
	};
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

union shortname_store { unsigned char string[40]; };

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	/* Since 6.14. */
	union shortname_store d_shortname;
};

struct dentry___iname { unsigned char d_iname[32]; };

struct vfsmount { struct dentry *mnt_root; };

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file_operations;

struct file {
	void *private_data;
	struct inode *f_inode;
	const struct file_operations *f_op;
	unsigned int f_flags;
	unsigned int f_mode;
	long long f_pos;
	struct path f_path;
};

struct filename { const char *name; };
struct open_flags { int open_flag; };
struct renamedata { struct dentry *old_dentry; };
struct iattr { unsigned int ia_valid; };

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct { struct fdtable *fdt; };

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct anon_vma;
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	struct anon_vma *anon_vma;
	struct file *vm_file;
};

struct mm_struct {
	unsigned long start_brk;
	unsigned long brk;
	unsigned long arg_start;
	unsigned long arg_end;
	struct file *exe_file;
};

struct tty_struct { char name[64]; };

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct tty_struct *tty;
	u64 utime;
	u64 stime;
	unsigned long long sum_sched_runtime;
	unsigned long maxrss;
};

struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
	u64 id;
};

/* Up to 6.14. */
struct kernfs_node___old { struct kernfs_node *parent; };

struct cgroup { struct kernfs_node *kn; };
struct cgroup_subsys_state { struct cgroup *cgroup; };
enum cgroup_subsys_id { pids_cgrp_id = 11, memory_cgrp_id = 4 };

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

struct thread_info { u32 status; };
struct sched_entity { u64 sum_exec_runtime; };

/* Bit of task_struct.flags: no process behind it. */
#define HG_PF_KTHREAD 0x00200000

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	struct sched_entity se;
	struct mm_struct *mm;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	/* By pid_type. */
	struct hlist_node pid_links[4];
	char comm[16];
	u64 utime;
	u64 stime;
	u64 start_boottime;
	const struct cred *cred;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid;
	unsigned int sessionid;
	u64 self_exec_id;
	struct css_set *cgroups;
};

struct linux_binprm {
	struct file *file;
	unsigned int secureexec : 1;
	const char *filename;
	const char *interp;
	/* First bytes of the file. */
	char buf[256];
};

struct in6_addr { u8 bytes[16]; };
typedef struct { struct net *net; } possible_net_t;
typedef struct { int owned; } socket_lock_t;

struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
};

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	int sk_err;
	u16 sk_protocol;
	kuid_t sk_uid;
};

struct inet_sock {
	struct sock sk;
	u16 inet_sport;
};
struct inet_connection_sock { struct inet_sock icsk_inet; };

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u64 bytes_received;
	u64 bytes_acked;
	u64 bytes_sent;
	u64 bytes_retrans;
	u32 write_seq;
};

struct socket { struct sock *sk; };

/* A request of io_uring. What it is given lies over it, by its opcode: the structs below. */
struct io_cqe {
	u64 user_data;
	int fd;
};
struct io_kiocb {
	struct file *file;
	u8 opcode;
	u32 flags;
	struct io_cqe cqe;
};
struct io_open {
	int dfd;
	struct filename *filename;
};
struct io_unlink {
	int dfd;
	struct filename *filename;
};
struct io_mkdir {
	int dfd;
	struct filename *filename;
};
struct io_rename {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
};
struct io_link {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
};
struct io_connect {
	void *addr;
	int addr_len;
};
struct io_accept { u32 file_slot; };
struct io_uring_cqe { s32 res; };
struct trace_event_raw_io_uring_complete { int res; };
struct bpf_prog_aux {
	u32 id;
	char name[16];
};
struct bpf_prog {
	enum bpf_prog_type type;
	struct bpf_prog_aux *aux;
};
struct bpf_map {
	enum bpf_map_type map_type;
	u32 id;
	char name[16];
};

struct fs_context { struct file_system_type *fs_type; };
struct module { char name[56]; };

struct pt_regs {
	unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, ax, orig_ax;
};

/* Iterators. */
struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; };
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

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif
