// SPDX-License-Identifier: GPL-2.0
/*
 * UDP there and back, one packet at a time.
 *
 * traffic serve ADDR          says "ready", answers every packet, until it is killed
 * traffic send ADDR [COUNT]   sends COUNT packets, or until SIGTERM, each after
 *                             the answer to the one before; prints how many were
 *                             answered, and fails if one was not
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PORT 7000

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	stop = 1;
}

static int serve(int fd, struct sockaddr_in *addr)
{
	struct sockaddr_in from;
	socklen_t len;
	char buf[64];
	ssize_t n;

	if (bind(fd, (void *)addr, sizeof(*addr))) {
		perror("traffic: bind");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		len = sizeof(from);
		n = recvfrom(fd, buf, sizeof(buf), 0, (void *)&from, &len);
		if (n < 0 || sendto(fd, buf, n, 0, (void *)&from, len) != n) {
			perror("traffic: serve");
			return 1;
		}
	}
}

static int send_all(int fd, struct sockaddr_in *addr, unsigned long count)
{
	struct timeval patience = { .tv_sec = 5 };
	unsigned long n, answer;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (void *)addr, sizeof(*addr))) {
		perror("traffic: connect");
		return 1;
	}
	for (n = 0; n != count && !stop; n++) {
		ssize_t len = -1;

		if (send(fd, &n, sizeof(n), 0) == sizeof(n)) {
			/* SIGTERM ends the sending, but not the wait for an answer */
			do {
				len = recv(fd, &answer, sizeof(answer), 0);
			} while (len < 0 && errno == EINTR);
		}
		if (len != sizeof(answer) || answer != n) {
			fprintf(stderr, "traffic: packet %lu was not answered\n", n);
			return 1;
		}
	}
	printf("%lu\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sigaction term = { .sa_handler = on_term };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || argc < 3 || !inet_aton(argv[2], &addr.sin_addr)) {
		fprintf(stderr, "usage: traffic serve ADDR | send ADDR [COUNT]\n");
		return 2;
	}
	if (!strcmp(argv[1], "serve"))
		return serve(fd, &addr);
	sigaction(SIGTERM, &term, NULL);
	return send_all(fd, &addr, argc > 3 ? strtoul(argv[3], NULL, 0) : -1UL);
}
