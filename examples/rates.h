/* SPDX-License-Identifier: GPL-2.0 */
/* The part of a packet counter that has nothing to do with how it is attached. */
#ifndef RATES_H
#define RATES_H

#include <stdbool.h>

struct args {
	const char *dev;
	int ifindex;
	double interval;	/* seconds */
};

/* What "PROGRAM DEV [SECONDS]" says. Ends the program on --help and on mistakes. */
struct args args_parse(int argc, char **argv, const char *usage);

/* From here on SIGINT, SIGTERM and SIGHUP end rates_wait(), and a closed pipe
 * rates_print(): the program comes to its end, and cleans up there.
 */
void rates_start(void);
/* true when the time has passed, false when a signal came */
bool rates_wait(double seconds);
/* prints one line; on failure says why and returns -1 */
int rates_print(int map_fd);
int rates_print_total(int map_fd);

#endif
