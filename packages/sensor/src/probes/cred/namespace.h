/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Namespaces: left, entered, and at birth. */
#pragma once

#define HG_CLONE_NEWTIME 0x00000080
#define HG_CLONE_NEWNS 0x00020000
#define HG_CLONE_NEWCGROUP 0x02000000
#define HG_CLONE_NEWUTS 0x04000000
#define HG_CLONE_NEWIPC 0x08000000
#define HG_CLONE_NEWUSER 0x10000000
#define HG_CLONE_NEWPID 0x20000000
#define HG_CLONE_NEWNET 0x40000000
#define HG_CLONE_NEW                                                                            \
	(HG_CLONE_NEWNS | HG_CLONE_NEWCGROUP | HG_CLONE_NEWUTS | HG_CLONE_NEWIPC |              \
	 HG_CLONE_NEWUSER | HG_CLONE_NEWPID | HG_CLONE_NEWNET)

HG_CALL_END(hg_cred_namespace_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	bool is_unshare;

	hg_read_call(&call, regs);
	is_unshare = call.number == 272 || call.number == HG_COMPAT + 310;
	/* unshare also gives a thread its own table of files, which is no namespace. */
	if (!hg_cred_is_told(result) ||
	    (is_unshare && !(call.a & (HG_CLONE_NEW | HG_CLONE_NEWTIME))))
		return 0;
	scratch = hg_cred_begin(is_unshare ? HG_CRED_UNSHARE : HG_CRED_SETNS, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->flags = (u32)(is_unshare ? call.a : call.b);
	if (!is_unshare) {
		/* Of a namespace's own file: its number. */
		struct file *file = (void *)hg_file_of_fd(call.a);
		struct inode *inode = 0;

		hg_read_field(&inode, sizeof(inode), &file->f_inode);
		hg_read_field(&cred->inode, sizeof(cred->inode), &inode->i_ino);
	}
	return hg_cred_end(scratch);
}

/* What was before, for the end of unshare and setns. */
SEC("fentry/switch_task_namespaces")
int hg_cred_switch(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct hg_cred_seen *seen;
	u32 user;

	/* Ends of processes come here, too, with nothing to switch to. */
	if (!ctx[1] || task != bpf_get_current_task_btf() ||
	    !hg_cred_is_end_told(hg_call_number(task)))
		return 0;
	seen = hg_cred_see(task, HG_SEEN_NAMESPACES);
	if (!seen)
		return 0;
	user = seen->namespaces.user;
	hg_read_namespaces(&seen->namespaces, task);
	if (seen->what & HG_SEEN_CREDENTIALS)
		seen->namespaces.user = user;
	return 0;
}

/*
 * CLONE_NEW bits of the namespaces in which before and after differ, into the record: added up in a
 * register they would make 256 ways for the verifier.
 */
static __always_inline void hg_cred_fill_differing(struct hg_cred *cred)
{
	const struct hg_namespaces *before = &cred->before_ns, *after = &cred->after_ns;
	volatile u64 *flags = &cred->flags;

	if (before->mount != after->mount)
		*flags |= HG_CLONE_NEWNS;
	if (before->pid != after->pid)
		*flags |= HG_CLONE_NEWPID;
	if (before->net != after->net)
		*flags |= HG_CLONE_NEWNET;
	if (before->user != after->user)
		*flags |= HG_CLONE_NEWUSER;
	if (before->uts != after->uts)
		*flags |= HG_CLONE_NEWUTS;
	if (before->ipc != after->ipc)
		*flags |= HG_CLONE_NEWIPC;
	if (before->cgroup != after->cgroup)
		*flags |= HG_CLONE_NEWCGROUP;
	if (before->time != after->time)
		*flags |= HG_CLONE_NEWTIME;
}

/* A child that is born into other namespaces than its maker's, by whatever call. */
SEC("tp_btf/sched_process_fork")
int hg_cred_birth(u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;

	if (parent->nsproxy == child->nsproxy && parent->cred->user_ns == child->cred->user_ns)
		return 0;
	scratch = hg_cred_begin(HG_CRED_CLONE, 0);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	hg_target_self(&cred->target, child);
	hg_read_credentials(&cred->before, parent->cred);
	hg_read_namespaces(&cred->before_ns, parent);
	hg_read_credentials(&cred->after, child->cred);
	hg_read_namespaces(&cred->after_ns, child);
	hg_cred_fill_differing(cred);
	if (!cred->flags)
		return 0;
	cred->counted.event.flags |= HG_CRED_BEFORE_KNOWN;
	hg_cred_send(scratch);
	return 0;
}

/* clone and clone3 that were refused new namespaces. */
HG_CALL_END(hg_cred_clone_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_call call;
	u64 flags;

	if (result >= 0 || !hg_cred_is_told(result))
		return 0;
	hg_read_call(&call, regs);
	flags = call.a;
	if (call.number == 435 || call.number == HG_COMPAT + 435) {
		flags = 0;
		bpf_probe_read_user(&flags, sizeof(flags), (void *)call.a);
		flags &= HG_CLONE_NEW | HG_CLONE_NEWTIME;
	} else {
		flags &= HG_CLONE_NEW;
	}
	if (!flags)
		return 0;
	scratch = hg_cred_begin(HG_CRED_CLONE, result);
	if (!scratch)
		return 0;
	hg_cred_of(scratch)->flags = flags;
	return hg_cred_end(scratch);
}
