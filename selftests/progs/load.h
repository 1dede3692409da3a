/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LOAD_H
#define LOAD_H

#define LOAD_PROTOCOL	0x88b5	/* for local experiments; the stack drops it */

#endif
