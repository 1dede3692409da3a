/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Where programs, maps and links are pinned. */

#ifndef __BPFTOOL_PINS_H
#define __BPFTOOL_PINS_H

#include <stddef.h>
#include <linux/types.h>

#include "main.h"

struct pins {
	struct pin {
		enum bpf_obj_type type;
		__u32 id;
		char *path;
	} *pin;
	size_t cnt;
};

void pins_find(struct pins *pins);
void pins_free(struct pins *pins);

#endif
