/*
 * Takes the place of the journal: binds a datagram socket to a path, and prints each
 * datagram, followed by a line ".". Exits after COUNT datagrams, or is killed by SIGALRM
 * if none comes for 300 seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DATAGRAM_MAX = 1 << 20, TIMEOUT_SECONDS = 300 };

int main(int argc, char **argv)
{
	static char datagram[DATAGRAM_MAX];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path) {
		fputs("usage: receive_datagrams PATH COUNT\n", stderr);
		return 2;
	}
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	int receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(receiver, (struct sockaddr *)&address, sizeof address) != 0) {
		perror(argv[1]);
		return 2;
	}
	for (unsigned long left = strtoul(argv[2], NULL, 10); left > 0; left--) {
		alarm(TIMEOUT_SECONDS);
		ssize_t got = recv(receiver, datagram, sizeof datagram, 0);
		if (got < 0) {
			perror("recv");
			return 1;
		}
		fwrite(datagram, 1, (size_t)got, stdout);
		puts(".");
		fflush(stdout);
	}
	return 0;
}
