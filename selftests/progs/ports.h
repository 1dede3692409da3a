/* SPDX-License-Identifier: GPL-2.0 */
/* UDP ports, known to the tests and to their BPF programs. */
#ifndef PORTS_H
#define PORTS_H

#define PROBE_PORT	7777	/* packets that the programs judge */
#define FENCE_PORT	7778	/* packets that everything lets through */

#endif
