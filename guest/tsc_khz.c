// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the frequency of the TSC in kHz. The MHz in /proc/cpuinfo are the current
 * frequency of the core.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

/* read both clocks at the same moment: try again if something came between */
static void now(unsigned long long *tsc, double *ms)
{
	unsigned long long before;
	struct timespec ts;

	do {
		before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		*tsc = __rdtsc();
	} while (*tsc - before > 20000);
	*ms = ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

int main(void)
{
	unsigned long long tsc0, tsc1;
	double ms0, ms1;

	now(&tsc0, &ms0);
	usleep(50000);
	now(&tsc1, &ms1);
	printf("%.0f\n", (tsc1 - tsc0) / (ms1 - ms0));
	return 0;
}
