// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The whole name of a program, as bpftool shows it since Linux 5.18. */
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "main.h"

/* The kernel cuts a name after 15 bytes; BTF, where the program has it, knows
 * the whole.
 */
void get_prog_full_name(const struct bpf_prog_info *prog_info, int prog_fd,
			char *name_buff, size_t buff_len)
{
	struct bpf_func_info func = {};
	struct bpf_prog_info info = {
		.nr_func_info = 1,
		.func_info_rec_size = sizeof(func),
		.func_info = ptr_to_u64(&func),
	};
	__u32 len = sizeof(info);
	const struct btf_type *type;
	struct btf *btf = NULL;

	snprintf(name_buff, buff_len, "%s", prog_info->name);
	if (strlen(prog_info->name) < BPF_OBJ_NAME_LEN - 1 ||
	    !prog_info->btf_id || !prog_info->nr_func_info)
		return;

	if (bpf_obj_get_info_by_fd(prog_fd, &info, &len) ||
	    btf__get_from_id(info.btf_id, &btf) || !btf)
		return;

	type = btf__type_by_id(btf, func.type_id);
	if (type && btf_is_func(type))
		snprintf(name_buff, buff_len, "%s",
			 btf__name_by_offset(btf, type->name_off));
	btf__free(btf);
}
