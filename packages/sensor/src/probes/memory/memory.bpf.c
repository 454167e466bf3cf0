/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports memory that becomes code, and memory of others that is read or written: anonymous
 * memory, or what was written of a private file mapping, that is made executable; files without a
 * name (memfd, deleted) that are mapped to be executed; memfds; process_vm_readv and _writev;
 * /proc/PID/mem; userfaultfd; shmat with SHM_EXEC.
 *
 * Hook: sys_exit through the shared dispatcher: mmap and mprotect are among the most frequent
 * calls, and most of them go at the first look at their protection. What an mprotect was about is
 * asked of the mappings themselves, by bpf_find_vma (5.17).
 *
 * JIT compilers do this all day: repeats of one kind by one image are counted (emit/counted.h).
 * Writes to /proc/PID/mem are looked for only from the first time that one is opened to write.
 */
#include "../../../bpf/emit/counted.h"
#include "../../../bpf/hook/memory.h"
#include "../../../bpf/read/arguments.h"
#include "../../../bpf/read/file.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/read/path.h"
#include "../../../bpf/read/target.h"

#define HG_PROBE_MEMORY 16

enum hg_memory_operation {
	HG_MEMORY_MAP_ANONYMOUS = 1,
	HG_MEMORY_PROTECT_ANONYMOUS = 2,
	HG_MEMORY_PROTECT_WRITTEN = 3,
	HG_MEMORY_MAP_UNLINKED = 4,
	HG_MEMORY_PROTECT_UNLINKED = 5,
	HG_MEMORY_MAP_WRITABLE = 6,
	HG_MEMORY_ATTACH_SHARED = 7,
	HG_MEMORY_MEMFD_CREATE = 8,
	HG_MEMORY_MEMFD_SECRET = 9,
	HG_MEMORY_PROCESS_READ = 10,
	HG_MEMORY_PROCESS_WRITE = 11,
	HG_MEMORY_PROC_OPEN = 12,
	HG_MEMORY_PROC_WRITE = 13,
	HG_MEMORY_USERFAULTFD = 14,
};

#define HG_MEMORY_WAS_WRITTEN (1u << 0)
#define HG_MEMORY_STACK (1u << 1)
#define HG_MEMORY_HEAP (1u << 2)
#define HG_MEMORY_TEXT_TRUNCATED (1u << 3)
#define HG_MEMORY_PATH_PARTIAL (1u << 4)
#define HG_MEMORY_UNSEEN (1u << 5)

#define HG_PROT_WRITE 2
#define HG_PROT_EXEC 4
#define HG_MAP_ANONYMOUS 0x20
#define HG_VM_EXEC 0x4
#define HG_VM_SHARED 0x8
#define HG_VM_GROWSDOWN 0x100
#define HG_SHM_EXEC 0100000
#define HG_IPC_SHMAT 21
#define HG_MEMORY_EPERM 1
#define HG_MEMORY_EACCES 13
#define HG_MEMORY_EBUSY 16

struct hg_memory {
	struct hg_counted counted;
	/* The other process, of the operations that have one. */
	struct hg_target target;
	u32 operation;
	/* Positive. */
	u32 error;
	/* PROT_ bits. */
	u32 protection;
	u32 device;
	u64 inode;
	/* As the call has them. */
	u64 flags;
	u32 path_bytes;
	u32 reserved;
};
const struct hg_memory *hg_memory_type __attribute__((unused));

/* What lies in a range of addresses. Volatile, as the numbers of a walk are (read/path.h). */
struct hg_region {
	/* Of the mapping that was looked at last. */
	volatile u64 end;
	volatile u64 flags;
	volatile u64 file;
	/* Of all of them: HG_REGION_ bits, bits of the table's flags, and a file of each kind. */
	volatile u64 what;
	volatile u64 marks;
	volatile u64 unlinked;
	volatile u64 written;
	/* Where to look next, and why that failed. */
	volatile u64 at;
	volatile u64 error;
	u64 heap_begin;
	u64 heap_end;
};
#define HG_REGION_ANONYMOUS 1
#define HG_REGION_WRITTEN 2
#define HG_REGION_UNLINKED 4

/* As that of cred. */
struct hg_memory_scratch {
	u8 record[HG_PATH_ROOM + 4096];
	struct hg_walk walk;
	struct hg_region region;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_memory_scratch);
} hg_memory_memory SEC(".maps");

static __always_inline bool hg_memory_is_told(long result)
{
	return result >= 0 || result < -4095 || result == -HG_MEMORY_EPERM ||
	       result == -HG_MEMORY_EACCES;
}

static __always_inline struct hg_memory *hg_memory_of(struct hg_memory_scratch *scratch)
{
	return (void *)scratch->record;
}

/* Begins the record of what the current process did. NULL, and counted, when it is not to be told. */
static __always_inline struct hg_memory_scratch *hg_memory_begin(u32 operation, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 cpu = bpf_get_smp_processor_id();
	struct hg_memory_scratch *scratch;
	struct hg_memory *memory;

	if (hg_is_own(task->tgid, task->group_leader->start_boottime)) {
		hg_count_filtered(HG_PROBE_MEMORY);
		return 0;
	}
	scratch = bpf_map_lookup_elem(&hg_memory_memory, &cpu);
	if (!scratch) {
		/* A CPU beyond those that were possible at load. */
		hg_take_sequence(HG_RING_LIFECYCLE);
		hg_count_lost(HG_PROBE_MEMORY, HG_LOSS_SCRATCH_BUSY);
		return 0;
	}
	memory = hg_memory_of(scratch);
	__builtin_memset(memory, 0, sizeof(*memory));
	memory->counted.event.boot_ns = bpf_ktime_get_boot_ns();
	memory->counted.event.kind = HG_PROBE_MEMORY;
	hg_identify(&memory->counted.event, task);
	memory->operation = operation;
	memory->error = result < 0 && result >= -4095 ? -result : 0;
	scratch->walk.at = sizeof(struct hg_memory);
	return scratch;
}

static __noinline int hg_memory_end(struct hg_memory_scratch *scratch)
{
	u32 at = scratch->walk.at;

	hg_hide(at);
	/* The key covers whole words. */
	*(u64 *)(scratch->record + (at & (HG_PATH_ROOM - 1))) = 0;
	hg_tell(&hg_memory_of(scratch)->counted, scratch->walk.at, HG_PROBE_MEMORY);
	return 0;
}

/* Path, inode and device of a file. A function of its own, so that its stack is free again for what follows. */
static __noinline int hg_memory_add_file(struct hg_memory_scratch *scratch, u64 address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_memory *memory = hg_memory_of(scratch);
	struct hg_file_head head;
	struct hg_inode_head inode;

	if (!address)
		return 0;
	hg_read_file(&head, address);
	hg_read_inode(&inode, head.inode);
	memory->inode = inode.number;
	memory->device = inode.device;
	hg_walk_begin(&scratch->walk);
	hg_walk_on(&scratch->walk, scratch->record, head.dentry, head.mnt, &task->fs->root);
	memory->path_bytes = hg_walk_end(&scratch->walk, scratch->record);
	if (scratch->walk.is_done == 0)
		memory->counted.event.flags |= HG_MEMORY_PATH_PARTIAL;
	return 0;
}

/* Whether no name leads to a file: a memfd, a deleted one, shared anonymous memory. */
static __always_inline bool hg_is_unlinked(u64 address)
{
	struct file *file = (void *)address;
	struct inode *inode = 0;
	u32 links = 1;

	hg_read_field(&inode, sizeof(inode), &file->f_inode);
	hg_read_field(&links, sizeof(links), &inode->i_nlink);
	return !links;
}

static __always_inline int hg_memory_map(long result, u64 length, u32 protection, u32 flags, u32 fd)
{
	struct hg_memory_scratch *scratch;
	struct hg_memory *memory;
	u32 operation;
	u64 file = 0;

	if (!(protection & HG_PROT_EXEC) || !hg_memory_is_told(result))
		return 0;
	if (flags & HG_MAP_ANONYMOUS) {
		operation = HG_MEMORY_MAP_ANONYMOUS;
	} else {
		struct hg_executable_mapping mapping = {
			.file = hg_file_of_fd(fd),
			.address = result,
			.length = length,
			.protection = protection,
		};

		file = mapping.file;
		if (!file)
			return 0;
		if (result > 0 || result < -4095)
			hg_on_executable_mapping(&mapping);
		if (hg_is_unlinked(file))
			operation = HG_MEMORY_MAP_UNLINKED;
		else if (protection & HG_PROT_WRITE)
			operation = HG_MEMORY_MAP_WRITABLE;
		else
			return 0;
	}
	scratch = hg_memory_begin(operation, result);
	if (!scratch)
		return 0;
	memory = hg_memory_of(scratch);
	memory->protection = protection;
	memory->flags = flags;
	memory->counted.amount = length;
	if (!memory->error)
		memory->counted.address = result;
	hg_memory_add_file(scratch, file);
	return hg_memory_end(scratch);
}

HG_CALL_END(hg_memory_mmap_exit)
{
	if (hg_is_compat())
		return hg_memory_map((u32)result > 0xfffff000u ? (s32)result : (u32)result, (u32)regs->cx,
				     regs->dx, regs->si, regs->di);
	return hg_memory_map(result, regs->si, regs->dx, regs->r10, regs->r8);
}

/* The first mmap of the 32-bit ABI has its arguments in memory. */
HG_CALL_END(hg_memory_old_mmap_exit)
{
	/* Address, length, protection, flags, descriptor. */
	u32 words[5] = {};

	bpf_probe_read_user(words, sizeof(words), (void *)(u64)(u32)regs->bx);
	return hg_memory_map((u32)result > 0xfffff000u ? (s32)result : (u32)result, words[1], words[2],
			     words[3], words[4]);
}

struct hg_memory_look {
	struct hg_region *region;
};

static long hg_memory_look_at(struct task_struct *task, struct vm_area_struct *vma,
			      struct hg_memory_look *look)
{
	struct hg_region *region = look->region;
	u64 begin = vma->vm_start, end = vma->vm_end, flags = vma->vm_flags;
	u64 file = (u64)vma->vm_file;

	region->end = end;
	region->file = file;
	region->flags = flags;
	if (!(flags & HG_VM_EXEC))
		return 0;
	if (!file) {
		region->what |= HG_REGION_ANONYMOUS;
		if (vma->anon_vma)
			region->marks |= HG_MEMORY_WAS_WRITTEN;
		if (flags & HG_VM_GROWSDOWN)
			region->marks |= HG_MEMORY_STACK;
		if (begin < region->heap_end && end > region->heap_begin)
			region->marks |= HG_MEMORY_HEAP;
	} else if (!(flags & HG_VM_SHARED) && vma->anon_vma) {
		region->what |= HG_REGION_WRITTEN;
		region->marks |= HG_MEMORY_WAS_WRITTEN;
		region->written = file;
	}
	return 0;
}

/* Mappings that one mprotect can be about and are looked at; the kernel joins neighbours that are alike. */
#define HG_REGIONS 4

struct hg_memory_step {
	struct hg_region *region;
	u64 end;
	u32 protection;
	bool is_done;
};

static long hg_memory_next(u32 step, struct hg_memory_step *walk)
{
	struct hg_region *region = walk->region;
	struct hg_memory_look look = { .region = region };
	u64 at = region->at, file;

	region->error = -bpf_find_vma(bpf_get_current_task_btf(), at, hg_memory_look_at, &look, 0);
	if (region->error)
		return 1;
	file = region->file;
	if (file && walk->is_done) {
		struct hg_executable_mapping mapping = {
			.file = file,
			.address = at,
			.length = region->end < walk->end ? region->end - at : walk->end - at,
			.protection = walk->protection,
			.is_protect = 1,
		};

		hg_on_executable_mapping(&mapping);
		if (region->flags & HG_VM_EXEC && hg_is_unlinked(file)) {
			region->what |= HG_REGION_UNLINKED;
			region->unlinked = file;
		}
	}
	region->at = region->end;
	return region->at >= walk->end;
}

HG_CALL_END(hg_memory_protect_exit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_compat = hg_is_compat();
	u64 address = is_compat ? (u32)regs->bx : regs->di;
	u64 length = is_compat ? (u32)regs->cx : regs->si;
	struct hg_memory_step walk = {
		.end = address + length,
		.protection = regs->dx,
		.is_done = !result,
	};
	u32 cpu = bpf_get_smp_processor_id();
	struct hg_memory_scratch *scratch = bpf_map_lookup_elem(&hg_memory_memory, &cpu);
	struct hg_region *region;
	struct hg_memory *memory;
	struct mm_struct *mm;
	u32 operation;
	u64 file = 0, marks, what;

	if (is_compat)
		result = (s32)result;
	if (!(walk.protection & HG_PROT_EXEC) || !hg_memory_is_told(result) || !length || !scratch)
		return 0;
	region = &scratch->region;
	__builtin_memset((void *)region, 0, sizeof(*region));
	mm = task->mm;
	region->heap_begin = mm->start_brk;
	region->heap_end = mm->brk;
	region->at = address;
	walk.region = region;
	bpf_loop(HG_REGIONS, hg_memory_next, &walk, 0);
	/* Another thread holds the lock of the mappings, or there are more of them: better told than not. */
	if (region->error == HG_MEMORY_EBUSY || (!region->error && region->at < walk.end))
		region->marks |= HG_MEMORY_UNSEEN;
	marks = region->marks;
	what = region->what;
	if (what & HG_REGION_ANONYMOUS) {
		operation = HG_MEMORY_PROTECT_ANONYMOUS;
	} else if (what & HG_REGION_WRITTEN) {
		operation = HG_MEMORY_PROTECT_WRITTEN;
		file = region->written;
	} else if (what & HG_REGION_UNLINKED) {
		operation = HG_MEMORY_PROTECT_UNLINKED;
		file = region->unlinked;
	} else if (marks & HG_MEMORY_UNSEEN || result) {
		operation = HG_MEMORY_PROTECT_ANONYMOUS;
	} else {
		return 0;
	}
	scratch = hg_memory_begin(operation, result);
	if (!scratch)
		return 0;
	memory = hg_memory_of(scratch);
	memory->protection = walk.protection;
	memory->counted.event.flags |= marks;
	memory->counted.address = address;
	memory->counted.amount = length;
	hg_memory_add_file(scratch, file);
	return hg_memory_end(scratch);
}

static __always_inline int hg_memory_attach(long result, u32 id, u32 flags, u64 address)
{
	struct hg_memory_scratch *scratch;
	struct hg_memory *memory;

	if (!(flags & HG_SHM_EXEC) || !hg_memory_is_told(result))
		return 0;
	scratch = hg_memory_begin(HG_MEMORY_ATTACH_SHARED, result);
	if (!scratch)
		return 0;
	memory = hg_memory_of(scratch);
	memory->flags = flags;
	memory->inode = id;
	memory->protection = 1 | HG_PROT_EXEC | (flags & 010000 ? 0 : HG_PROT_WRITE);
	if (!memory->error)
		memory->counted.address = address;
	return hg_memory_end(scratch);
}

HG_CALL_END(hg_memory_shmat_exit)
{
	if (!hg_is_compat())
		return hg_memory_attach(result, regs->di, regs->dx, result);
	result = (u32)result > 0xfffff000u ? (s32)result : (u32)result;
	return hg_memory_attach(result, regs->bx, regs->dx, result);
}

/* ipc of the 32-bit ABI: shmat is its call 21, and puts the address where the third argument points. */
HG_CALL_END(hg_memory_ipc_exit)
{
	u32 address = 0;

	if ((regs->bx & 0xffff) != HG_IPC_SHMAT || !(regs->dx & HG_SHM_EXEC))
		return 0;
	bpf_probe_read_user(&address, sizeof(address), (void *)(u64)(u32)regs->si);
	return hg_memory_attach((s32)result, regs->cx, regs->dx, address);
}

HG_CALL_END(hg_memory_memfd_exit)
{
	struct hg_memory_scratch *scratch;
	struct hg_memory *memory;
	struct hg_call call;
	bool is_secret;
	long length;
	u32 at;

	if (!hg_memory_is_told(result))
		return 0;
	hg_read_call(&call, regs);
	is_secret = call.number == 447 || call.number == HG_COMPAT + 447;
	scratch = hg_memory_begin(is_secret ? HG_MEMORY_MEMFD_SECRET : HG_MEMORY_MEMFD_CREATE, result);
	if (!scratch)
		return 0;
	memory = hg_memory_of(scratch);
	memory->flags = (u32)(is_secret ? call.a : call.b);
	if (!memory->error) {
		hg_memory_add_file(scratch, hg_file_of_fd(result));
		return hg_memory_end(scratch);
	}
	if (!is_secret) {
		at = scratch->walk.at;
		hg_hide(at);
		length = bpf_probe_read_user_str(scratch->record + (at & (HG_PATH_ROOM - 1)), 256,
						 (void *)call.a);
		if (length > 0) {
			memory->path_bytes = length - 1;
			scratch->walk.at += length - 1;
		}
	}
	return hg_memory_end(scratch);
}

HG_CALL_END(hg_memory_process_exit)
{
	struct hg_memory_scratch *scratch;
	struct hg_memory *memory;
	struct hg_call call;
	bool is_read;

	if (!hg_memory_is_told(result))
		return 0;
	hg_read_call(&call, regs);
	is_read = call.number == 310 || call.number == 539 || call.number == HG_COMPAT + 347;
	scratch = hg_memory_begin(is_read ? HG_MEMORY_PROCESS_READ : HG_MEMORY_PROCESS_WRITE, result);
	if (!scratch)
		return 0;
	memory = hg_memory_of(scratch);
	if (!memory->error)
		memory->counted.amount = result;
	/* Where the first part lies in the other process. Vectors of x32 and of the 32-bit ABI are of two words. */
	bpf_probe_read_user(&memory->counted.address, call.is_compat || call.number >= 512 ? 4 : 8,
			    (void *)call.d);
	hg_target_number(&memory->target, call.a);
	return hg_memory_end(scratch);
}

HG_CALL_END(hg_memory_userfaultfd_exit)
{
	struct hg_memory_scratch *scratch;
	struct hg_call call;

	if (!hg_memory_is_told(result))
		return 0;
	hg_read_call(&call, regs);
	scratch = hg_memory_begin(HG_MEMORY_USERFAULTFD, result);
	if (!scratch)
		return 0;
	hg_memory_of(scratch)->flags = (u32)call.a;
	return hg_memory_end(scratch);
}

/* Address of the file operations that all files /proc/PID/mem have; 0 until one was opened to write. */
u64 hg_memory_operations = 0;

/* write, pwrite64, writev, pwritev, pwritev2: of x86-64, x32 and the 32-bit ABI. */
static __always_inline void hg_arm_writes(void)
{
	const u16 numbers[] = { 1, 18, 20, 296, 328, 516, 535, 547, 4, 181, 146, 334, 379 };

	for (int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		hg_arm_syscall(numbers[i]);
}

/* The process whose memory this file of /proc is. */
static __noinline int hg_memory_target(struct hg_target *target, u64 address)
{
	struct file *file = (void *)address;
	struct inode *inode = 0;
	struct proc_inode *entry;
	struct pid *pid = 0;

	hg_read_field(&inode, sizeof(inode), &file->f_inode);
	entry = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
	hg_read_field(&pid, sizeof(pid), &entry->pid);
	hg_target_task(target, hg_task_of_pid((u64)pid, PIDTYPE_PID));
	return 0;
}

static __noinline int hg_memory_opened_to_write(u64 address)
{
	struct file *file = (void *)address;
	struct dentry *dentry = 0;
	const unsigned char *name = 0;
	u32 length = 0, text = 0;
	u64 operations = 0;
	struct hg_memory_scratch *scratch;

	if (!hg_is_running(HG_PROBE_MEMORY))
		return 0;
	if (hg_file_system(address) != HG_PROC_SUPER_MAGIC)
		return 0;
	hg_read_field(&dentry, sizeof(dentry), &file->f_path.dentry);
	hg_read_field(&length, sizeof(length), &dentry->d_name.len);
	hg_read_field(&name, sizeof(name), &dentry->d_name.name);
	hg_read_kernel(&text, 4, name);
	/* With its NUL. */
	if (length != 3 || text != ('m' | 'e' << 8 | 'm' << 16))
		return 0;
	hg_read_field(&operations, sizeof(operations), &file->f_op);
	hg_memory_operations = operations;
	hg_arm_writes();
	scratch = hg_memory_begin(HG_MEMORY_PROC_OPEN, 0);
	if (!scratch)
		return 0;
	hg_memory_target(&hg_memory_of(scratch)->target, address);
	hg_memory_add_file(scratch, address);
	return hg_memory_end(scratch);
}

/* Write calls: at the end of every one of them, once hg_memory_opened has set their bits. */
HG_CALL_END(hg_memory_write_exit)
{
	struct hg_memory_scratch *scratch;
	struct hg_memory *memory;
	struct hg_call call;
	struct file *file;
	u64 operations = 0, position = 0;

	if (result <= 0 || !hg_memory_operations)
		return 0;
	hg_read_call(&call, regs);
	file = (void *)hg_file_of_fd(call.a);
	if (!file)
		return 0;
	hg_read_field(&operations, sizeof(operations), &file->f_op);
	if (operations != hg_memory_operations)
		return 0;
	scratch = hg_memory_begin(HG_MEMORY_PROC_WRITE, result);
	if (!scratch)
		return 0;
	memory = hg_memory_of(scratch);
	memory->counted.amount = result;
	switch (call.number) {
	case 18: /* pwrite64 */
		position = call.d;
		break;
	case 296: /* pwritev, pwritev2 */
	case 328:
	case 535:
	case 547:
		position = call.d;
		break;
	case HG_COMPAT + 181:
	case HG_COMPAT + 334:
	case HG_COMPAT + 379:
		position = call.d | call.e << 32;
		break;
	default:
		/* It has moved on by what was written. */
		hg_read_field(&position, sizeof(position), &file->f_pos);
		position -= result;
	}
	memory->counted.address = position;
	hg_memory_target(&memory->target, (u64)file);
	hg_memory_add_file(scratch, (u64)file);
	return hg_memory_end(scratch);
}
