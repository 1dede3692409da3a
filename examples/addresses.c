// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "addresses.h"
#include "die.h"

static int open_map(const char *map_pin)
{
	int map = bpf_obj_get(map_pin);

	if (map < 0)
		die("cannot open %s: %s", map_pin,
		    errno == ENOENT ? "nothing was started there" : strerror(errno));
	return map;
}

static struct in6_addr parse(const char *text)
{
	struct in6_addr addr = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (inet_pton(AF_INET, text, &addr.s6_addr[12]) != 1 &&
	    inet_pton(AF_INET6, text, &addr) != 1)
		die("'%s' is not an IPv4 or IPv6 address", text);
	return addr;
}

/* Check all addresses before anything is changed. */
static void check(char **addresses)
{
	for (; *addresses; addresses++)
		parse(*addresses);
}

void addresses_add(const char *map_pin, char **addresses)
{
	int map = open_map(map_pin);
	struct in6_addr addr;
	__u64 none = 0;

	check(addresses);
	for (; *addresses; addresses++) {
		addr = parse(*addresses);
		if (!bpf_map_update_elem(map, &addr, &none, BPF_NOEXIST))
			continue;
		die("cannot add %s: %s", *addresses, errno == EEXIST ? "it is there already" :
		    errno == E2BIG ? "the list is full" : strerror(errno));
	}
}

void addresses_del(const char *map_pin, char **addresses)
{
	int map = open_map(map_pin);
	struct in6_addr addr;

	check(addresses);
	for (; *addresses; addresses++) {
		addr = parse(*addresses);
		if (bpf_map_delete_elem(map, &addr))
			die("cannot delete %s: %s", *addresses,
			    errno == ENOENT ? "it is not there" : strerror(errno));
	}
}

void addresses_list(const char *map_pin)
{
	int map = open_map(map_pin);
	struct in6_addr addr, *prev = NULL;
	char text[INET6_ADDRSTRLEN];
	__u64 dropped;

	while (!bpf_map_get_next_key(map, prev, &addr)) {
		if (IN6_IS_ADDR_V4MAPPED(&addr))
			inet_ntop(AF_INET, &addr.s6_addr[12], text, sizeof(text));
		else
			inet_ntop(AF_INET6, &addr, text, sizeof(text));
		/* unless it was deleted meanwhile */
		if (!bpf_map_lookup_elem(map, &addr, &dropped))
			printf("%s: %llu packets dropped\n", text, dropped);
		prev = &addr;
	}
	if (errno != ENOENT)
		die("cannot read the addresses: %s", strerror(errno));
}
