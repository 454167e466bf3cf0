/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is put into the kernel: modules, another kernel, eBPF programs and maps, keys. */
#pragma once

/* The kernel knows the name of a module only after it has read the image: kept for the end of the call. */
SEC("tp_btf/module_load")
int hg_cred_module(u64 *ctx)
{
	struct module *module = (void *)ctx[0];
	struct hg_cred_seen *seen = hg_cred_see(bpf_get_current_task_btf(), HG_SEEN_MODULE);

	if (seen)
		bpf_probe_read_kernel_str(seen->module, sizeof(seen->module),
					  (void *)module + bpf_core_field_offset(struct module, name));
	return 0;
}

HG_CALL_END(hg_cred_module_exit)
{
	struct hg_cred_seen *seen;
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	u32 operation;

	hg_read_call(&call, regs);
	switch (call.number) {
	case 175:
	case HG_COMPAT + 128:
		operation = HG_CRED_INIT_MODULE;
		break;
	case 313:
	case HG_COMPAT + 350:
		operation = HG_CRED_FINIT_MODULE;
		break;
	case 176:
	case HG_COMPAT + 129:
		operation = HG_CRED_DELETE_MODULE;
		break;
	case 246:
	case HG_COMPAT + 283:
		operation = HG_CRED_KEXEC_LOAD;
		break;
	case 320:
		operation = HG_CRED_KEXEC_FILE_LOAD;
		break;
	default:
		return 0;
	}
	scratch = hg_cred_begin(operation, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	switch (operation) {
	case HG_CRED_INIT_MODULE:
	case HG_CRED_FINIT_MODULE:
		seen = bpf_task_storage_get(&hg_cred_threads, bpf_get_current_task_btf(), 0, 0);
		if (seen && seen->what & HG_SEEN_MODULE) {
			seen->what = 0;
			cred->name_bytes = hg_cred_add_kernel(scratch, seen->module, sizeof(seen->module));
		}
		if (operation == HG_CRED_FINIT_MODULE) {
			cred->flags = call.c;
			cred->path_bytes = hg_cred_add_file(scratch, hg_file_of_fd(call.a));
			cred->options_bytes = hg_cred_add_user(scratch, call.b, HG_CRED_OPTIONS);
		} else {
			cred->arguments[0] = call.b;
			cred->options_bytes = hg_cred_add_user(scratch, call.c, HG_CRED_OPTIONS);
		}
		break;
	case HG_CRED_DELETE_MODULE:
		cred->flags = call.b;
		cred->name_bytes = hg_cred_add_user(scratch, call.a, 64);
		break;
	case HG_CRED_KEXEC_LOAD:
		cred->flags = call.d;
		cred->arguments[0] = call.b;
		break;
	case HG_CRED_KEXEC_FILE_LOAD:
		cred->flags = call.e;
		cred->path_bytes = hg_cred_add_file(scratch, hg_file_of_fd(call.a));
		cred->options_bytes = hg_cred_add_user(scratch, call.d, HG_CRED_OPTIONS);
		break;
	}
	return hg_cred_end(scratch);
}

enum hg_bpf_command {
	HG_BPF_MAP_CREATE = 0,
	HG_BPF_PROG_LOAD = 5,
	HG_BPF_OBJ_PIN = 6,
	HG_BPF_OBJ_GET = 7,
	HG_BPF_PROG_ATTACH = 8,
	HG_BPF_PROG_DETACH = 9,
	HG_BPF_PROG_GET_FD_BY_ID = 13,
	HG_BPF_MAP_GET_FD_BY_ID = 14,
	HG_BPF_RAW_TRACEPOINT_OPEN = 17,
	HG_BPF_LINK_CREATE = 28,
	HG_BPF_LINK_UPDATE = 29,
	HG_BPF_LINK_GET_FD_BY_ID = 30,
	HG_BPF_LINK_DETACH = 34,
	HG_BPF_PROG_BIND_MAP = 35,
	HG_BPF_TOKEN_CREATE = 36,
};

/* Commands that make something, hang it in, or get hold of what others made. Elements of maps are data. */
static __always_inline bool hg_cred_is_bpf_told(u32 command)
{
	const u64 told = 1ull << HG_BPF_MAP_CREATE | 1ull << HG_BPF_PROG_LOAD |
			 1ull << HG_BPF_OBJ_PIN | 1ull << HG_BPF_OBJ_GET |
			 1ull << HG_BPF_PROG_ATTACH | 1ull << HG_BPF_PROG_DETACH |
			 1ull << HG_BPF_PROG_GET_FD_BY_ID | 1ull << HG_BPF_MAP_GET_FD_BY_ID |
			 1ull << HG_BPF_RAW_TRACEPOINT_OPEN | 1ull << HG_BPF_LINK_CREATE |
			 1ull << HG_BPF_LINK_UPDATE | 1ull << HG_BPF_LINK_GET_FD_BY_ID |
			 1ull << HG_BPF_LINK_DETACH | 1ull << HG_BPF_PROG_BIND_MAP |
			 1ull << HG_BPF_TOKEN_CREATE;

	return command < 64 && told >> command & 1;
}

/* Type, id and name of the program or map behind a descriptor. */
static __always_inline void hg_cred_add_bpf(struct hg_cred_scratch *scratch, u32 fd, bool is_map)
{
	struct hg_cred *cred = hg_cred_of(scratch);
	struct file *file = (void *)hg_file_of_fd(fd);
	void *object = 0;

	if (!file)
		return;
	hg_read_field(&object, sizeof(object), &file->private_data);
	if (is_map) {
		struct bpf_map *map = object;

		hg_read_field(&cred->object_type, 4, &map->map_type);
		hg_read_field(&cred->object_id, 4, &map->id);
		cred->name_bytes = hg_cred_add_kernel(
			scratch, object + bpf_core_field_offset(struct bpf_map, name), 16);
	} else {
		struct bpf_prog *program = object;
		struct bpf_prog_aux *aux = 0;

		hg_read_field(&cred->object_type, 4, &program->type);
		hg_read_field(&aux, sizeof(aux), &program->aux);
		hg_read_field(&cred->object_id, 4, &aux->id);
		cred->name_bytes = hg_cred_add_kernel(
			scratch, (void *)aux + bpf_core_field_offset(struct bpf_prog_aux, name), 16);
	}
}

HG_CALL_END(hg_cred_bpf_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	/* Of union bpf_attr. */
	u32 words[20] = {};
	u32 command;

	hg_read_call(&call, regs);
	command = call.a;
	if (!hg_cred_is_bpf_told(command) ||
	    !(hg_cred_is_told(result) || command == HG_BPF_PROG_LOAD))
		return 0;
	scratch = hg_cred_begin(HG_CRED_BPF, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->request = command;
	/* Short ones are as if filled up with 0; no part of the size is read that the caller does not have. */
	if (call.c >= sizeof(words))
		bpf_probe_read_user(words, sizeof(words), (void *)call.b);
	else if (call.c >= 48)
		bpf_probe_read_user(words, 48, (void *)call.b);
	else if (call.c >= 16)
		bpf_probe_read_user(words, 16, (void *)call.b);
	else if (call.c >= 12)
		bpf_probe_read_user(words, 12, (void *)call.b);
	else if (call.c >= 4)
		bpf_probe_read_user(words, 4, (void *)call.b);
	switch (command) {
	case HG_BPF_PROG_LOAD:
		cred->arguments[0] = words[17]; /* expected_attach_type */
		cred->arguments[1] = words[1]; /* insn_cnt */
		if (!cred->error) {
			hg_cred_add_bpf(scratch, result, false);
			break;
		}
		cred->object_type = words[0];
		cred->name_bytes = hg_cred_add_user(scratch, call.c >= 64 ? call.b + 48 : 0, 16);
		break;
	case HG_BPF_MAP_CREATE:
		cred->arguments[0] = words[3]; /* max_entries */
		cred->flags = words[4];
		if (!cred->error) {
			hg_cred_add_bpf(scratch, result, true);
			break;
		}
		cred->object_type = words[0];
		cred->name_bytes = hg_cred_add_user(scratch, call.c >= 44 ? call.b + 28 : 0, 16);
		break;
	case HG_BPF_PROG_GET_FD_BY_ID:
	case HG_BPF_MAP_GET_FD_BY_ID:
		if (!cred->error)
			hg_cred_add_bpf(scratch, result, command == HG_BPF_MAP_GET_FD_BY_ID);
		else
			cred->object_id = words[0];
		break;
	case HG_BPF_LINK_GET_FD_BY_ID:
		cred->object_id = words[0];
		break;
	case HG_BPF_OBJ_PIN:
	case HG_BPF_OBJ_GET:
		cred->path_bytes = hg_cred_add_user(scratch, words[0] | (u64)words[1] << 32, HG_CRED_TEXT);
		break;
	case HG_BPF_LINK_CREATE:
	case HG_BPF_PROG_BIND_MAP:
		if (!cred->error)
			hg_cred_add_bpf(scratch, words[0], false);
		if (command == HG_BPF_LINK_CREATE)
			cred->arguments[0] = words[2]; /* attach_type */
		break;
	case HG_BPF_PROG_ATTACH:
	case HG_BPF_PROG_DETACH:
		if (!cred->error)
			hg_cred_add_bpf(scratch, words[1], false);
		cred->arguments[0] = words[2];
		break;
	case HG_BPF_LINK_UPDATE:
		if (!cred->error)
			hg_cred_add_bpf(scratch, words[1], false);
		break;
	case HG_BPF_RAW_TRACEPOINT_OPEN:
		if (!cred->error)
			hg_cred_add_bpf(scratch, words[2], false);
		cred->type_bytes = hg_cred_add_user(scratch, words[0] | (u64)words[1] << 32, 128);
		break;
	}
	return hg_cred_end(scratch);
}

HG_CALL_END(hg_cred_key_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	bool is_add;

	if (!hg_cred_is_told(result))
		return 0;
	hg_read_call(&call, regs);
	is_add = call.number == 248 || call.number == HG_COMPAT + 286;
	scratch = hg_cred_begin(is_add ? HG_CRED_ADD_KEY : HG_CRED_REQUEST_KEY, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	/* The keyring that it goes to. */
	cred->arguments[0] = (u32)(is_add ? call.e : call.d);
	if (!cred->error)
		cred->object_id = result;
	cred->name_bytes = hg_cred_add_user(scratch, call.b, HG_CRED_TEXT);
	cred->type_bytes = hg_cred_add_user(scratch, call.a, 32);
	return hg_cred_end(scratch);
}

enum hg_keyctl_operation {
	HG_KEYCTL_GET_KEYRING_ID = 0,
	HG_KEYCTL_JOIN_SESSION_KEYRING = 1,
	HG_KEYCTL_CHOWN = 4,
	HG_KEYCTL_SETPERM = 5,
	HG_KEYCTL_DESCRIBE = 6,
	HG_KEYCTL_LINK = 8,
	HG_KEYCTL_UNLINK = 9,
	HG_KEYCTL_SEARCH = 10,
	HG_KEYCTL_GET_SECURITY = 17,
	HG_KEYCTL_PKEY_QUERY = 24,
	HG_KEYCTL_MOVE = 30,
	HG_KEYCTL_CAPABILITIES = 31,
};

HG_CALL_END(hg_cred_keyctl_exit)
{
	struct hg_cred_scratch *scratch;
	struct hg_cred *cred;
	struct hg_call call;
	u32 operation;

	hg_read_call(&call, regs);
	operation = call.a;
	switch (operation) {
	case HG_KEYCTL_GET_KEYRING_ID:
	case HG_KEYCTL_DESCRIBE:
	case HG_KEYCTL_GET_SECURITY:
	case HG_KEYCTL_PKEY_QUERY:
	case HG_KEYCTL_CAPABILITIES:
		return 0;
	}
	if (!hg_cred_is_told(result))
		return 0;
	scratch = hg_cred_begin(HG_CRED_KEYCTL, result);
	if (!scratch)
		return 0;
	cred = hg_cred_of(scratch);
	cred->request = operation;
	if (operation == HG_KEYCTL_JOIN_SESSION_KEYRING) {
		if (!cred->error)
			cred->object_id = result;
		cred->name_bytes = hg_cred_add_user(scratch, call.b, HG_CRED_TEXT);
		return hg_cred_end(scratch);
	}
	/* Numbers of keys; what else the operations take are addresses and lengths. */
	cred->arguments[0] = (u32)call.b;
	switch (operation) {
	case HG_KEYCTL_CHOWN:
	case HG_KEYCTL_SETPERM:
	case HG_KEYCTL_LINK:
	case HG_KEYCTL_UNLINK:
	case HG_KEYCTL_MOVE:
		cred->arguments[1] = (u32)call.c;
		break;
	case HG_KEYCTL_SEARCH:
		if (!cred->error)
			cred->object_id = result;
		cred->name_bytes = hg_cred_add_user(scratch, call.d, HG_CRED_TEXT);
		cred->type_bytes = hg_cred_add_user(scratch, call.c, 32);
		break;
	}
	return hg_cred_end(scratch);
}
