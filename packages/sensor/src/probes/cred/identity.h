/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ids, groups and capabilities; prctl; names. */
#pragma once

/*
 * Which call of the set-id families this is, 0 when none. `is_short` for those of the 32-bit ABI
 * that take 16-bit ids.
 */
static __always_inline u32 hg_cred_id_operation(u32 number, bool *is_short)
{
	*is_short = false;
	switch (number) {
	case 105:
	case HG_COMPAT + 213:
		return HG_CRED_SETUID;
	case 106:
	case HG_COMPAT + 214:
		return HG_CRED_SETGID;
	case 113:
	case HG_COMPAT + 203:
		return HG_CRED_SETREUID;
	case 114:
	case HG_COMPAT + 204:
		return HG_CRED_SETREGID;
	case 116:
	case HG_COMPAT + 206:
		return HG_CRED_SETGROUPS;
	case 117:
	case HG_COMPAT + 208:
		return HG_CRED_SETRESUID;
	case 119:
	case HG_COMPAT + 210:
		return HG_CRED_SETRESGID;
	case 122:
	case HG_COMPAT + 215:
		return HG_CRED_SETFSUID;
	case 123:
	case HG_COMPAT + 216:
		return HG_CRED_SETFSGID;
	}
	*is_short = true;
	switch (number) {
	case HG_COMPAT + 23:
		return HG_CRED_SETUID;
	case HG_COMPAT + 46:
		return HG_CRED_SETGID;
	case HG_COMPAT + 70:
		return HG_CRED_SETREUID;
	case HG_COMPAT + 71:
		return HG_CRED_SETREGID;
	case HG_COMPAT + 81:
		return HG_CRED_SETGROUPS;
	case HG_COMPAT + 164:
		return HG_CRED_SETRESUID;
	case HG_COMPAT + 170:
		return HG_CRED_SETRESGID;
	case HG_COMPAT + 138:
		return HG_CRED_SETFSUID;
	case HG_COMPAT + 139:
		return HG_CRED_SETFSGID;
	}
	return 0;
}

static __always_inline u32 hg_cred_widen(u64 id, bool is_short)
{
	if (!is_short)
		return id;
	return (u16)id == 0xffff ? 0xffffffff : (u16)id;
}

/* The supplementary groups of the current process, as far as they fit. */
static __always_inline void hg_cred_add_groups(struct hg_cred_scratch *scratch)
{
	struct hg_cred *cred = hg_cred_of(scratch);
	struct task_struct *task = bpf_get_current_task_btf();
	struct group_info *groups = task->cred->group_info;
	u32 bytes = cred->group_count * 4;

	if (bytes > HG_CRED_GROUPS * 4) {
		bytes = HG_CRED_GROUPS * 4;
		cred->counted.event.flags |= HG_CRED_TEXT_TRUNCATED;
	}
	hg_hide(bytes);
	if (bytes > HG_CRED_GROUPS * 4)
		return;
	if (bpf_probe_read_kernel(hg_cred_next(scratch), bytes,
				  (void *)groups + bpf_core_field_offset(struct group_info, gid)))
		return;
	scratch->walk.at += bytes;
	cred->groups_bytes = bytes;
}

HG_CALL_END(hg_cred_ids_exit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	bool is_short;
	u32 operation;

	hg_read_call(&call, regs);
	operation = hg_cred_id_operation(call.number, &is_short);
	/* These two give the id of before, whatever came of it, and do nothing when asked for -1. */
	if (operation == HG_CRED_SETFSUID || operation == HG_CRED_SETFSGID) {
		if (hg_cred_widen(call.a, is_short) == 0xffffffff)
			return 0;
		result = 0;
	}
	if (!operation || !hg_cred_is_told(result))
		return 0;
	scratch = hg_cred_begin(operation, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->asked_id = hg_cred_widen(call.a, is_short);
	switch (operation) {
	case HG_CRED_SETRESUID:
	case HG_CRED_SETRESGID:
		cred->asked_saved_id = hg_cred_widen(call.c, is_short);
		/* fallthrough */
	case HG_CRED_SETREUID:
	case HG_CRED_SETREGID:
		cred->asked_effective_id = hg_cred_widen(call.b, is_short);
		break;
	case HG_CRED_SETFSUID:
		if (task->cred->fsuid.val != cred->asked_id)
			cred->counted.event.flags |= HG_CRED_REFUSED;
		break;
	case HG_CRED_SETFSGID:
		if (task->cred->fsgid.val != cred->asked_id)
			cred->counted.event.flags |= HG_CRED_REFUSED;
		break;
	case HG_CRED_SETGROUPS:
		cred->asked_id = 0;
		cred->group_count = call.a;
		if (!cred->error)
			hg_cred_add_groups(scratch);
		break;
	}
	return hg_cred_end(scratch);
}

HG_CALL_END(hg_cred_capset_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	/* Effective, permitted, inheritable; then their upper halves, in all versions but the first. */
	u32 asked[6] = {}, version = 0;

	if (!hg_cred_is_told(result))
		return 0;
	hg_read_call(&call, regs);
	scratch = hg_cred_begin(HG_CRED_CAPSET, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	bpf_probe_read_user(&version, sizeof(version), (void *)call.a);
	bpf_probe_read_user(asked, version == 0x19980330 ? 12 : 24, (void *)call.b);
	for (int i = 0; i < 3; i++)
		cred->arguments[i] = asked[i] | (u64)asked[i + 3] << 32;
	return hg_cred_end(scratch);
}

#define HG_PR_SET_DUMPABLE 4
#define HG_PR_SET_KEEPCAPS 8
#define HG_PR_SET_SECCOMP 22
#define HG_PR_CAPBSET_DROP 24
#define HG_PR_SET_SECUREBITS 28
#define HG_PR_SET_MM 35
#define HG_PR_SET_CHILD_SUBREAPER 36
#define HG_PR_SET_NO_NEW_PRIVS 38
#define HG_PR_CAP_AMBIENT 47
#define HG_PR_CAP_AMBIENT_IS_SET 1
#define HG_PR_SET_SYSCALL_USER_DISPATCH 59
#define HG_PR_SET_PTRACER 0x59616d61

HG_CALL_END(hg_cred_prctl_exit)
{
	bool is_compat = hg_is_compat();
	u32 option = is_compat ? regs->bx : regs->di;
	u64 argument = is_compat ? (u32)regs->cx : regs->si;
	u64 second = is_compat ? (u32)regs->dx : regs->dx;
	struct hg_cred_scratch *scratch;
	struct hg_cred_seen *kept;
	struct hg_cred *cred;

	switch (option) {
	case HG_PR_SET_DUMPABLE:
	case HG_PR_SET_KEEPCAPS:
	case HG_PR_SET_SECCOMP:
	case HG_PR_SET_SECUREBITS:
	case HG_PR_SET_CHILD_SUBREAPER:
	case HG_PR_SET_NO_NEW_PRIVS:
	case HG_PR_SET_PTRACER:
		second = 0;
		break;
	case HG_PR_SET_MM:
	case HG_PR_SET_SYSCALL_USER_DISPATCH:
		break;
	case HG_PR_CAP_AMBIENT:
		if (argument == HG_PR_CAP_AMBIENT_IS_SET)
			return 0;
		break;
	case HG_PR_CAPBSET_DROP:
		/* Takes away only, one by one and by the dozen: not told, but what was is no longer so. */
		kept = bpf_task_storage_get(&hg_cred_threads, bpf_get_current_task_btf(), 0, 0);
		if (kept) {
			kept->what = 0;
			kept->last_of = 0;
		}
		return 0;
	default:
		return 0;
	}
	if (!hg_cred_is_told(result))
		return 0;
	scratch = hg_cred_begin(HG_CRED_PRCTL, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->request = option;
	cred->arguments[0] = argument;
	cred->arguments[1] = second;
	if (option == HG_PR_SET_PTRACER && (u32)argument != 0 && (u32)argument != 0xffffffff)
		hg_target_number(&cred->target, argument);
	return hg_cred_end(scratch);
}

/* Whether the current thread is in an exec, which renames the process as well. */
static __always_inline bool hg_is_exec(u32 number)
{
	switch (number) {
	case 59:
	case 322:
	case 520:
	case 545:
	case HG_COMPAT + 11:
	case HG_COMPAT + 358:
		return true;
	}
	return false;
}

/*
 * Another name for a process: prctl(PR_SET_NAME), or a write to /proc/self/comm. Runs before the
 * name is set. Names of threads are theirs, and programs give them by the dozen: counted, not told.
 */
SEC("tp_btf/task_rename")
int hg_cred_rename(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0], *current = bpf_get_current_task_btf();
	const char *name = (void *)ctx[1];
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	/* No mm: the kernel on its way to a program of its own. */
	if (current->flags & HG_PF_KTHREAD || !current->mm || hg_is_exec(hg_call_number(current)))
		return 0;
	if (task->pid != task->tgid) {
		hg_count_filtered(HG_PROBE_CRED);
		return 0;
	}
	scratch = hg_cred_begin(HG_CRED_RENAME, 0);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->name_bytes = hg_cred_add_kernel(scratch, name, 16);
	cred->old_name_bytes = hg_cred_add_kernel(
		scratch, (void *)task + bpf_core_field_offset(struct task_struct, comm), 16);
	return hg_cred_end(scratch);
}

/* Whether the end of this call tells what changed: hg_cred_end is reached then, or what was seen is forgotten. */
static __always_inline bool hg_cred_is_end_told(u32 number)
{
	bool is_short;

	if (hg_cred_id_operation(number, &is_short))
		return true;
	switch (number) {
	case 126:
	case 157:
	case 272:
	case 308:
	case HG_COMPAT + 172:
	case HG_COMPAT + 185:
	case HG_COMPAT + 310:
	case HG_COMPAT + 346:
		return true;
	}
	return false;
}

static __always_inline struct hg_cred_seen *hg_cred_see(struct task_struct *task, u32 what)
{
	struct hg_cred_seen *seen = bpf_task_storage_get(&hg_cred_threads, task, 0,
							 BPF_LOCAL_STORAGE_GET_F_CREATE);

	/* Without memory for it the row is as on kernels without this program. */
	if (seen)
		seen->what |= what;
	return seen;
}

static __always_inline bool hg_is_same_credentials(const struct hg_credentials *a,
						   const struct hg_credentials *b)
{
	const u64 *words = (void *)a, *others = (void *)b;
	u64 difference = 0;

	for (int i = 0; i < sizeof(*a) / 8; i++)
		difference |= words[i] ^ others[i];
	return !difference;
}

/*
 * Every change of a task's credentials in the kernel goes through commit_creds, whoever calls it.
 * One that is no exec, and in no call that we know to make one, is told at once: code in the
 * kernel gives rights that nobody asked for.
 */
SEC("fentry/commit_creds")
int hg_cred_commit(u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct cred *new = (void *)ctx[0], *old = task->cred;
	u32 number = hg_call_number(task);
	struct hg_cred_scratch *scratch;
	struct hg_cred_seen *seen;
	struct hg_cred *cred;

	if (task->flags & HG_PF_KTHREAD || !task->mm || hg_is_exec(number))
		return 0;
	if (hg_cred_is_end_told(number)) {
		seen = hg_cred_see(task, HG_SEEN_CREDENTIALS);
		if (seen) {
			hg_read_credentials(&seen->credentials, old);
			seen->namespaces.user = old->user_ns->ns.inum;
		}
		return 0;
	}
	scratch = hg_cred_begin(HG_CRED_UNEXPLAINED, 0);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	hg_read_credentials(&cred->before, old);
	hg_read_credentials(&cred->after, new);
	hg_read_namespaces(&cred->before_ns, task);
	cred->after_ns = cred->before_ns;
	cred->after_ns.user = new->user_ns->ns.inum;
	if (cred->before_ns.user == cred->after_ns.user &&
	    hg_is_same_credentials(&cred->before, &cred->after))
		return 0;
	cred->request = number;
	cred->counted.event.flags |= HG_CRED_BEFORE_KNOWN;
	hg_cred_send(scratch);
	return 0;
}
