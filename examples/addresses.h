/* SPDX-License-Identifier: GPL-2.0 */
/* The map of drop.bpf.c, by the path where it is pinned. Each function ends the
 * program with a message on failure; a list of addresses ends with NULL.
 */
#ifndef ADDRESSES_H
#define ADDRESSES_H

void addresses_add(const char *map_pin, char **addresses);
void addresses_del(const char *map_pin, char **addresses);
void addresses_list(const char *map_pin);

#endif
