/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports what is asked of the kernel through io_uring, where no system call shows it.
 *
 * Hooks: tp_btf/io_uring_submit_req (io_uring_submit_sqe up to 6.3) sees each request when it is
 * taken from a ring, whoever takes it: the process in io_uring_enter, or the ring's own thread
 * (SQPOLL), which is one of the process. By then the kernel has its own copy of paths: no race, and
 * no page that is not there. tp_btf/io_uring_complete has the result. Rings themselves are told at
 * the end of io_uring_setup and io_uring_register.
 *
 * Requests that only move data are told once for each process, opcode and file, and counted
 * from then on (emit/repeat.h).
 */
#include "../../../bpf/emit/repeat.h"
#include "../../../bpf/read/file.h"
#include "../../../bpf/read/identity.h"
#include "../../../bpf/read/uring.h"
#include "../../../bpf/hook/sys_exit.h"

#define HG_PROBE_IO_URING 15

#define HG_AF_INET 2
#define HG_AF_INET6 10
#define HG_SOCKFS_MAGIC 0x534F434B

enum hg_uring_operation {
	HG_IO_URING_SETUP = 1,
	HG_IO_URING_REGISTER = 2,
	HG_IO_URING_SUBMIT = 3,
	HG_IO_URING_COMPLETE = 4,
	HG_IO_URING_TRANSFER = 5,
};

#define HG_IO_URING_FIXED_FILE (1u << 0)
#define HG_IO_URING_SUBMISSION_THREAD (1u << 1)
#define HG_IO_URING_PATH_UNKNOWN (1u << 2)
#define HG_IO_URING_COMPAT (1u << 4)

/* IOSQE_FIXED_FILE; the bits of a request begin with those of its entry in the ring. */
#define HG_REQUEST_FIXED_FILE 1
#define HG_REQUEST_BITS 0x7f
#define HG_NO_FD 0xffffffffu

/* enum io_uring_op, as far as the programs ask for one by name. */
enum {
	HG_OP_OPENAT = 18,
	HG_OP_OPENAT2 = 28,
	HG_OP_RENAMEAT = 35,
	HG_OP_UNLINKAT = 36,
	HG_OP_MKDIRAT = 37,
	HG_OP_SYMLINKAT = 38,
	HG_OP_LINKAT = 39,
	HG_OP_FILES_UPDATE = 20,
	HG_OP_SOCKET = 45,
	HG_OP_PIPE = 62,
	HG_OPS = 64,
};

enum hg_uring_class {
	/* Counted by kind: also what later kernels may bring. */
	HG_CLASS_TRANSFER = 0,
	/* Waits, cancels, advises, closes: nothing that a watched system call would have told. */
	HG_CLASS_IGNORED = 1,
	/* Each is told, and how it ends. */
	HG_CLASS_EACH = 2,
};

#define I HG_CLASS_IGNORED
#define E HG_CLASS_EACH
static const u8 hg_uring_classes[HG_OPS] = {
	[0] = I,  /* NOP */
	[3] = I,  /* FSYNC */
	[6] = I,  /* POLL_ADD */
	[7] = I,  /* POLL_REMOVE */
	[8] = I,  /* SYNC_FILE_RANGE */
	[11] = I, /* TIMEOUT */
	[12] = I, /* TIMEOUT_REMOVE */
	[14] = I, /* ASYNC_CANCEL */
	[15] = I, /* LINK_TIMEOUT */
	[HG_OP_CONNECT] = E,
	[17] = E, /* FALLOCATE */
	[HG_OP_OPENAT] = E,
	[19] = I, /* CLOSE */
	[HG_OP_FILES_UPDATE] = E,
	[21] = I, /* STATX */
	[24] = I, /* FADVISE */
	[25] = I, /* MADVISE */
	[HG_OP_OPENAT2] = E,
	[29] = I, /* EPOLL_CTL */
	[31] = I, /* PROVIDE_BUFFERS */
	[32] = I, /* REMOVE_BUFFERS */
	[34] = I, /* SHUTDOWN */
	[HG_OP_RENAMEAT] = E,
	[HG_OP_UNLINKAT] = E,
	[HG_OP_MKDIRAT] = E,
	[HG_OP_SYMLINKAT] = E,
	[HG_OP_LINKAT] = E,
	[40] = E, /* MSG_RING: may carry a descriptor to another ring */
	[41] = E, /* FSETXATTR */
	[42] = E, /* SETXATTR */
	[43] = I, /* FGETXATTR */
	[44] = I, /* GETXATTR */
	[HG_OP_SOCKET] = E,
	[50] = I, /* WAITID */
	[51] = I, /* FUTEX_WAIT */
	[52] = I, /* FUTEX_WAKE */
	[53] = I, /* FUTEX_WAITV */
	[54] = E, /* FIXED_FD_INSTALL */
	[55] = E, /* FTRUNCATE */
	[56] = E, /* BIND */
	[57] = E, /* LISTEN */
	[59] = I, /* EPOLL_WAIT */
	[HG_OP_PIPE] = E,
};
#undef I
#undef E

struct hg_io_uring {
	struct hg_event event;
	u64 request_id;
	u64 inode;
	u32 device;
	u32 fd;
	u32 fd2;
	u32 result;
	u32 request_flags;
	u32 entries;
	u16 remote_port;
	u16 family;
	u16 protocol;
	u16 opcode;
	u32 operation;
	/* Lengths of the texts behind the struct. */
	u32 path_bytes;
	u32 path2_bytes;
	u32 reserved;
	u8 remote_address[16];
};
const struct hg_io_uring *hg_io_uring_type __attribute__((unused));

/* Told requests that have not come to their end, by their address in the kernel. */
struct hg_uring_request {
	u64 request_id;
	u64 user_data;
	u64 start_ns;
	u32 pid;
	u32 tid;
	u32 exec_no;
	u32 uid;
	u32 fd;
	u32 fd2;
	u32 opcode;
	u32 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct hg_uring_request);
} hg_uring_requests SEC(".maps");

#define HG_URING_PATH 4096

struct hg_uring_scratch {
	struct hg_io_uring record;
	/* Two paths one behind the other. */
	u8 text[3 * HG_URING_PATH];
	struct hg_repeat_key key;
	struct hg_repeat first;
};

/* By CPU. The kernel lets no program run that is already running on the CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hg_uring_scratch);
} hg_uring_memory SEC(".maps");

/* What each kind of request is given, in the kernel's own structs: they lie over io_kiocb. */
struct hg_uring_names {
	u64 path;
	u64 path2;
	u32 fd;
	u32 fd2;
};

#define hg_uring_word(to, request, type, field)                                              \
	if (bpf_core_field_exists(struct type, field))                                        \
		hg_read_kernel(to, sizeof(*(to)),                                      \
				      (void *)(request) + bpf_core_field_offset(struct type, field))

static __always_inline void hg_uring_find_names(struct hg_uring_names *names,
						struct io_kiocb *request, u32 opcode)
{
	switch (opcode) {
	case HG_OP_OPENAT:
	case HG_OP_OPENAT2:
		hg_uring_word(&names->fd, request, io_open, dfd);
		hg_uring_word(&names->path, request, io_open, filename);
		return;
	case HG_OP_UNLINKAT:
		hg_uring_word(&names->fd, request, io_unlink, dfd);
		hg_uring_word(&names->path, request, io_unlink, filename);
		return;
	case HG_OP_MKDIRAT:
		hg_uring_word(&names->fd, request, io_mkdir, dfd);
		hg_uring_word(&names->path, request, io_mkdir, filename);
		return;
	case HG_OP_RENAMEAT:
		hg_uring_word(&names->fd, request, io_rename, old_dfd);
		hg_uring_word(&names->fd2, request, io_rename, new_dfd);
		hg_uring_word(&names->path, request, io_rename, oldpath);
		hg_uring_word(&names->path2, request, io_rename, newpath);
		return;
	case HG_OP_LINKAT:
		hg_uring_word(&names->fd, request, io_link, old_dfd);
		hg_uring_word(&names->fd2, request, io_link, new_dfd);
		hg_uring_word(&names->path, request, io_link, oldpath);
		hg_uring_word(&names->path2, request, io_link, newpath);
		return;
	case HG_OP_SYMLINKAT:
		/* The text of the link, which begins nowhere, and where it is made. */
		hg_uring_word(&names->fd2, request, io_link, new_dfd);
		hg_uring_word(&names->path, request, io_link, oldpath);
		hg_uring_word(&names->path2, request, io_link, newpath);
		return;
	}
}

/* Whether requests of this kind have a path, or two. */
static __always_inline u32 hg_uring_paths(u32 opcode)
{
	switch (opcode) {
	case HG_OP_OPENAT:
	case HG_OP_OPENAT2:
	case HG_OP_UNLINKAT:
	case HG_OP_MKDIRAT:
		return 1;
	case HG_OP_RENAMEAT:
	case HG_OP_LINKAT:
	case HG_OP_SYMLINKAT:
		return 2;
	}
	return 0;
}

/* Whether the kernel keeps a descriptor for requests of this kind: the place of others has what was there before. */
static __always_inline bool hg_uring_has_file(u32 opcode)
{
	return opcode != HG_OP_SOCKET && opcode != HG_OP_PIPE && opcode != HG_OP_FILES_UPDATE;
}

/* Copies a path behind the record at `at`. Returns its length; 0 also when it cannot be read. */
static __always_inline u32 hg_uring_copy(struct hg_uring_scratch *scratch, u32 at, u64 filename)
{
	struct filename *name = (void *)filename;
	const char *text = 0;
	long length;

	hg_read_field(&text, sizeof(text), &name->name);
	hg_hide(at);
	length = bpf_probe_read_kernel_str(scratch->text + (at & (HG_URING_PATH - 1)),
					   HG_URING_PATH, text);
	return length > 1 ? length - 1 : 0;
}

/* The file behind a descriptor of the process, and the other end where it is a socket. */
static __always_inline void hg_uring_describe(struct hg_io_uring *record, u32 fd)
{
	u64 address = hg_file_of_fd(fd);
	struct file *file = (void *)address;
	struct hg_inode_head inode = {};
	struct hg_file_head head = {};
	struct super_block *super = 0;
	struct socket *wrapper = 0;
	struct inode *node;
	struct sock *sk = 0;
	unsigned long magic = 0;
	u16 port = 0;

	if (!address)
		return;
	hg_read_file(&head, address);
	hg_read_inode(&inode, head.inode);
	record->inode = inode.number;
	record->device = inode.device;
	node = (void *)head.inode;
	hg_read_field(&super, sizeof(super), &node->i_sb);
	hg_read_field(&magic, sizeof(magic), &super->s_magic);
	if (magic != HG_SOCKFS_MAGIC)
		return;
	hg_read_field(&wrapper, sizeof(wrapper), &file->private_data);
	hg_read_field(&sk, sizeof(sk), &wrapper->sk);
	hg_read_field(&record->family, 2, &sk->__sk_common.skc_family);
	if (record->family != HG_AF_INET && record->family != HG_AF_INET6)
		return;
	hg_read_field(&record->protocol, 2, &sk->sk_protocol);
	hg_read_field(&port, 2, &sk->__sk_common.skc_dport);
	record->remote_port = __builtin_bswap16(port);
	if (record->family == HG_AF_INET6)
		hg_read_field(record->remote_address, 16, &sk->__sk_common.skc_v6_daddr);
	else
		hg_read_field(record->remote_address, 4, &sk->__sk_common.skc_daddr);
}

/* Where a connect goes, in the caller's words: any sockaddr of the internet begins so. */
struct hg_uring_address {
	u16 family;
	u16 port;
	u32 v4_or_flow;
	u8 v6[16];
};

static __always_inline void hg_uring_describe_connect(struct hg_io_uring *record,
						      struct io_kiocb *request)
{
	struct hg_uring_address asked = {};
	u64 address = 0;
	u32 length = 0;

	hg_uring_word(&address, request, io_connect, addr);
	hg_uring_word(&length, request, io_connect, addr_len);
	/* The kernel has just read it, so it is resident. */
	if (length >= 24)
		bpf_probe_read_user(&asked, sizeof(asked), (void *)address);
	else if (length >= 16)
		bpf_probe_read_user(&asked, 8, (void *)address);
	else if (length >= 2)
		bpf_probe_read_user(&asked, 2, (void *)address);
	record->family = asked.family;
	record->remote_port = 0;
	__builtin_memset(record->remote_address, 0, 16);
	if (asked.family == HG_AF_INET)
		__builtin_memcpy(record->remote_address, &asked.v4_or_flow, 4);
	else if (asked.family == HG_AF_INET6)
		__builtin_memcpy(record->remote_address, asked.v6, 16);
	else
		return;
	record->remote_port = __builtin_bswap16(asked.port);
}

static __always_inline void hg_uring_begin(struct hg_io_uring *record, struct task_struct *task,
					   u64 now, u32 operation)
{
	__builtin_memset(record, 0, sizeof(*record));
	record->event.boot_ns = now;
	record->event.kind = HG_PROBE_IO_URING;
	hg_identify(&record->event, task);
	record->operation = operation;
	if (task->flags & HG_PF_IO_WORKER)
		record->event.flags = HG_IO_URING_SUBMISSION_THREAD;
}

/* Submits the record and `bytes` of text behind it. True when there was room. */
static __always_inline bool hg_uring_output(struct hg_uring_scratch *scratch, u32 bytes)
{
	scratch->record.event.seq = hg_take_sequence(HG_RING_DATA);
	hg_hide(bytes);
	if (bytes > 2 * HG_URING_PATH)
		bytes = 2 * HG_URING_PATH;
	if (bpf_ringbuf_output(&hg_data, &scratch->record, sizeof(scratch->record) + bytes, 0)) {
		hg_count_lost(HG_PROBE_IO_URING, HG_LOSS_RING_FULL);
		return false;
	}
	hg_count_submitted(HG_PROBE_IO_URING);
	return true;
}

/* Inode number of the file behind a descriptor: an address would be that of the next file, too. */
static __always_inline u64 hg_uring_inode(u32 fd)
{
	struct file *file = (void *)hg_file_of_fd(fd);
	struct inode *inode = 0;
	u64 number = 0;

	hg_read_field(&inode, sizeof(inode), &file->f_inode);
	hg_read_field(&number, sizeof(number), &inode->i_ino);
	return number;
}

static __always_inline void hg_uring_transfer(struct hg_uring_scratch *scratch)
{
	struct hg_io_uring *record = &scratch->record;
	struct hg_repeat_key *key = &scratch->key;
	struct hg_repeat *first = &scratch->first;

	__builtin_memset(key, 0, sizeof(*key));
	key->start_ns = record->event.start_ns;
	key->pid = record->event.pid;
	key->exec_no = record->event.exec_no;
	key->object = (u64)record->fd << 32 | record->opcode;
	if (!(record->event.flags & HG_IO_URING_FIXED_FILE))
		key->second_object = hg_uring_inode(record->fd);
	key->kind = HG_PROBE_IO_URING;
	key->operation = HG_IO_URING_TRANSFER;
	key->flags = record->event.flags;
	if (hg_is_repeat(key, record->event.boot_ns))
		return;
	if (!(record->event.flags & HG_IO_URING_FIXED_FILE))
		hg_uring_describe(record, record->fd);
	if (!hg_uring_output(scratch, 0))
		return;
	__builtin_memset(first, 0, 32);
	first->length = sizeof(*record);
	__builtin_memcpy(first->record, record, sizeof(*record));
	hg_remember(key, first);
}

/* Remembers a request that was told, so that its end is. */
static __always_inline void hg_uring_await(const struct hg_io_uring *record,
					   struct io_kiocb *request)
{
	u64 key = (u64)request;
	struct hg_uring_request told = {
		.request_id = record->request_id,
		.user_data = request->cqe.user_data,
		.start_ns = record->event.start_ns,
		.pid = record->event.pid,
		.tid = record->event.tid,
		.exec_no = record->event.exec_no,
		.uid = record->event.uid,
		.fd = record->fd,
		.fd2 = record->fd2,
		.opcode = record->opcode,
		.flags = record->event.flags,
	};

	if (bpf_map_update_elem(&hg_uring_requests, &key, &told, BPF_ANY)) {
		hg_take_sequence(HG_RING_DATA);
		hg_count_lost(HG_PROBE_IO_URING, HG_LOSS_MAP_FULL);
	}
}

static __always_inline void hg_uring_each(struct hg_uring_scratch *scratch,
					  struct io_kiocb *request)
{
	struct hg_io_uring *record = &scratch->record;
	struct hg_uring_names names = { .fd = HG_NO_FD };
	u32 opcode = record->opcode;
	u32 paths = hg_uring_paths(opcode);
	u32 bytes = 0;

	if (paths) {
		hg_uring_find_names(&names, request, opcode);
		record->fd = names.fd;
		record->fd2 = names.fd2;
		record->path_bytes = hg_uring_copy(scratch, 0, names.path);
		bytes = record->path_bytes;
		if (paths == 2) {
			record->path2_bytes = hg_uring_copy(scratch, bytes, names.path2);
			bytes += record->path2_bytes;
		}
		/* No path is empty but one that stands for its descriptor. */
		if (!record->path_bytes || (paths == 2 && !record->path2_bytes))
			record->event.flags |= HG_IO_URING_PATH_UNKNOWN;
	} else if (!hg_uring_has_file(opcode)) {
		record->fd = HG_NO_FD;
	} else if (!(record->event.flags & HG_IO_URING_FIXED_FILE)) {
		hg_uring_describe(record, record->fd);
	}
	if (opcode == HG_OP_CONNECT)
		hg_uring_describe_connect(record, request);
	/* From a counter that never repeats within a boot, as the end of the request needs it. */
	record->request_id = hg_take_sequence(HG_SEQUENCE_SOCKET);
	hg_uring_await(record, request);
	hg_uring_output(scratch, bytes);
}

static __always_inline int hg_uring_submitted(struct io_kiocb *request)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 opcode = request->opcode, cpu = bpf_get_smp_processor_id();
	struct hg_uring_scratch *scratch;
	struct hg_io_uring *record;
	u32 class = HG_CLASS_TRANSFER, flags;

	if (opcode < HG_OPS)
		class = hg_uring_classes[opcode];
	if (class == HG_CLASS_IGNORED)
		return 0;
	if (hg_is_own(task->tgid, task->group_leader->start_boottime)) {
		hg_count_filtered(HG_PROBE_IO_URING);
		return 0;
	}
	scratch = bpf_map_lookup_elem(&hg_uring_memory, &cpu);
	if (!scratch)
		return 0;
	record = &scratch->record;
	hg_uring_begin(record, task, bpf_ktime_get_boot_ns(),
		       class == HG_CLASS_EACH ? HG_IO_URING_SUBMIT : HG_IO_URING_TRANSFER);
	record->opcode = opcode;
	record->fd = request->cqe.fd;
	flags = request->flags;
	record->request_flags = flags & HG_REQUEST_BITS;
	if (flags & HG_REQUEST_FIXED_FILE)
		record->event.flags |= HG_IO_URING_FIXED_FILE;
	if (class == HG_CLASS_EACH)
		hg_uring_each(scratch, request);
	else
		hg_uring_transfer(scratch);
	return 0;
}

SEC("tp_btf/io_uring_submit_req")
int hg_uring_submit(u64 *ctx)
{
	return hg_uring_submitted((void *)ctx[0]);
}

/* Its name up to 6.3. */
SEC("tp_btf/io_uring_submit_sqe")
int hg_uring_submit_sqe(u64 *ctx)
{
	return hg_uring_submitted((void *)ctx[0]);
}

SEC("tp_btf/io_uring_complete")
int hg_uring_complete(u64 *ctx)
{
	struct io_kiocb *request = (void *)ctx[1];
	struct hg_uring_request *known, told;
	struct hg_io_uring *record;
	u64 key = ctx[1], user_data = 0;
	u8 opcode = 0;

	if (!key)
		return 0;
	hg_read_field(&opcode, 1, &request->opcode);
	if (opcode >= HG_OPS || hg_uring_classes[opcode & (HG_OPS - 1)] != HG_CLASS_EACH)
		return 0;
	known = bpf_map_lookup_elem(&hg_uring_requests, &key);
	if (!known)
		return 0;
	told = *known;
	bpf_map_delete_elem(&hg_uring_requests, &key);
	hg_read_field(&user_data, 8, &request->cqe.user_data);
	/* One that came to its end without a completion, and whose memory is another's now. */
	if (told.opcode != opcode || told.user_data != user_data)
		return 0;
	record = hg_reserve(&hg_data, HG_RING_DATA, HG_PROBE_IO_URING, sizeof(*record));
	if (!record)
		return 0;
	__builtin_memset((void *)record + sizeof(record->event), 0,
			 sizeof(*record) - sizeof(record->event));
	record->event.pid = told.pid;
	record->event.tid = told.tid;
	record->event.start_ns = told.start_ns;
	record->event.exec_no = told.exec_no;
	record->event.uid = told.uid;
	record->event.flags = told.flags;
	record->request_id = told.request_id;
	record->fd = told.fd;
	record->fd2 = told.fd2;
	record->opcode = told.opcode;
	record->operation = HG_IO_URING_COMPLETE;
	record->result = hg_uring_result(ctx);
	hg_submit(record, HG_PROBE_IO_URING);
	return 0;
}

/* A ring's own calls: `fd` is the ring, `opcode` of enum io_uring_register_op. */
static __always_inline int hg_uring_call(u32 operation, u32 fd, u32 opcode, u32 entries, u32 flags,
					 long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hg_io_uring *record;

	if (hg_is_own(task->tgid, task->group_leader->start_boottime)) {
		hg_count_filtered(HG_PROBE_IO_URING);
		return 0;
	}
	record = hg_reserve(&hg_data, HG_RING_DATA, HG_PROBE_IO_URING, sizeof(*record));
	if (!record)
		return 0;
	__builtin_memset((void *)record + sizeof(record->event), 0,
			 sizeof(*record) - sizeof(record->event));
	hg_identify(&record->event, task);
	record->event.flags = hg_is_compat() ? HG_IO_URING_COMPAT : 0;
	record->operation = operation;
	record->fd = fd;
	record->opcode = opcode;
	record->entries = entries;
	record->request_flags = flags;
	record->result = result;
	hg_submit(record, HG_PROBE_IO_URING);
	return 0;
}

/* The 32-bit ABI has its own registers, and as many numbers of arguments. */
HG_CALL_END(hg_uring_setup_exit)
{
	bool is_compat = hg_is_compat();
	/* struct io_uring_params: places of both queues, then the flags. The kernel has just written it. */
	u32 words[3] = {};

	bpf_probe_read_user(words, sizeof(words),
			    (void *)(is_compat ? (u64)(u32)regs->cx : regs->si));
	return hg_uring_call(HG_IO_URING_SETUP, result, 0, is_compat ? regs->bx : regs->di,
			     words[2], result < 0 ? result : 0);
}

HG_CALL_END(hg_uring_register_exit)
{
	if (hg_is_compat())
		return hg_uring_call(HG_IO_URING_REGISTER, regs->bx, regs->cx, regs->si, 0, result);
	return hg_uring_call(HG_IO_URING_REGISTER, regs->di, regs->si, regs->r10, 0, result);
}
