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

/* Parses "PROGRAM DEV [SECONDS]". Ends the program on --help and on mistakes. */
struct args args_parse(int argc, char **argv, const char *usage);

/* After this, SIGINT, SIGTERM and SIGHUP end rates_wait(), and a closed pipe makes
 * rates_print() fail, so that the program can clean up before it ends.
 */
void rates_start(void);
/* true if the time has passed, false if a signal came */
bool rates_wait(double seconds);
/* prints one line; on failure prints the cause and returns -1 */
int rates_print(int map_fd);
int rates_print_total(int map_fd);

#endif
