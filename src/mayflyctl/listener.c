/* Listeners, and the program that listens on a port; see listener.h. */
#include "listener.h"
#include "base/parse.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TCP_LISTENING = 0x0a };

bool listener_split(const char *text, char host[static LISTENER_HOST_SIZE], const char **port)
{
	const char *colon = strrchr(text, ':');
	if (*text == '/' || *text == '@' || colon == NULL || colon - text >= LISTENER_HOST_SIZE)
		return false;
	bool is_bracketed = *text == '[';
	(void)snprintf(host, LISTENER_HOST_SIZE, "%.*s", (int)(colon - text) - 2 * is_bracketed,
	               text + is_bracketed);
	*port = colon + 1;
	return true;
}

bool listener_has_address(const char *text)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	char host[LISTENER_HOST_SIZE];
	const char *port;
	if (!listener_split(text, host, &port) || getaddrinfo(host, NULL, &hints, &found) != 0)
		return true;
	int probe = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_missing = probe >= 0 && bind(probe, found->ai_addr, found->ai_addrlen) != 0 &&
	                  errno == EADDRNOTAVAIL;
	if (probe >= 0)
		(void)close(probe);
	freeaddrinfo(found);
	return !is_missing;
}

/* The inode in a line of the kernel's table if its socket listens on the port; else 0. */
static unsigned long inode_in_line(char *line, unsigned port)
{
	enum { LOCAL_ADDRESS = 1, STATE = 3, INODE = 9, FIELDS };
	char *fields[FIELDS], *rest = line;
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
		if (fields[i] == NULL)
			return 0;
	}
	const char *colon = strchr(fields[LOCAL_ADDRESS], ':');
	if (colon == NULL || strtoul(colon + 1, NULL, 16) != port ||
	    strtoul(fields[STATE], NULL, 16) != TCP_LISTENING)
		return 0;
	return strtoul(fields[INODE], NULL, 10);
}

static unsigned long find_inode(const char *table, unsigned port)
{
	char line[512];
	unsigned long inode = 0;
	FILE *file = fopen(table, "re");
	if (file == NULL)
		return 0;
	while (inode == 0 && fgets(line, sizeof line, file) != NULL)
		inode = inode_in_line(line, port);
	(void)fclose(file);
	return inode;
}

static bool process_has(const char *process, const char *socket_name)
{
	char path[PATH_MAX], target[64];
	bool has = false;
	(void)snprintf(path, sizeof path, "/proc/%s/fd", process);
	DIR *descriptors = opendir(path);
	const struct dirent *entry;
	while (descriptors != NULL && !has && (entry = readdir(descriptors)) != NULL) {
		ssize_t length =
		    readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
		has = strcmp(target, socket_name) == 0;
	}
	if (descriptors != NULL)
		(void)closedir(descriptors);
	return has;
}

static void read_program(const char *process, char name[static LISTENER_PROGRAM_SIZE])
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "/proc/%s/comm", process);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(name, LISTENER_PROGRAM_SIZE, file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	(void)fclose(file);
}

static void find_process(const char *socket_name, struct listener *listener)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	while (processes != NULL && listener->process == 0 &&
	       (entry = readdir(processes)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !process_has(entry->d_name, socket_name))
			continue;
		(void)parse_number(view_of(entry->d_name), 1, INT32_MAX, &listener->process);
		read_program(entry->d_name, listener->program);
	}
	if (processes != NULL)
		(void)closedir(processes);
}

bool listener_find(unsigned port, struct listener *listener)
{
	char socket_name[64];
	unsigned long inode = find_inode("/proc/net/tcp6", port);
	if (inode == 0)
		inode = find_inode("/proc/net/tcp", port);
	if (inode == 0)
		return false;
	*listener = (struct listener){.program = "another program"};
	(void)snprintf(socket_name, sizeof socket_name, "socket:[%lu]", inode);
	find_process(socket_name, listener);
	return true;
}
