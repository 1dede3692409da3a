/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Fail if not all of the output could be written. */

#ifndef __BPFTOOL_CHECK_OUTPUT_H
#define __BPFTOOL_CHECK_OUTPUT_H

void check_output(void);

#endif
