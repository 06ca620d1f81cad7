/* Finding who listens; see listener.h. The kernel tells sockets by inode, and processes by what
 * they hold (proc(5)). */
#include "listener.h"
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_LISTENING = 0x0a };

/* The inode in a line of the kernel's table, where that is of a socket that listens on the port. */
static unsigned long inode_in(char *line, unsigned port)
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
		inode = inode_in(line, port);
	(void)fclose(file);
	return inode;
}

static bool holds(const char *process, const char *socket_name)
{
	char path[PATH_MAX], target[64];
	bool result = false;
	(void)snprintf(path, sizeof path, "/proc/%s/fd", process);
	DIR *descriptors = opendir(path);
	const struct dirent *entry;
	while (descriptors != NULL && !result && (entry = readdir(descriptors)) != NULL) {
		ssize_t length =
		    readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
		result = strcmp(target, socket_name) == 0;
	}
	if (descriptors != NULL)
		(void)closedir(descriptors);
	return result;
}

static void read_name(const char *process, char *name, size_t size)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "/proc/%s/comm", process);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(name, (int)size, file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	(void)fclose(file);
}

bool listener_find(unsigned port, pid_t *pid, char *name, size_t size)
{
	char socket_name[64];
	unsigned long inode = find_inode("/proc/net/tcp6", port);
	if (inode == 0)
		inode = find_inode("/proc/net/tcp", port);
	if (inode == 0)
		return false;
	*pid = 0;
	(void)snprintf(name, size, "another program");
	(void)snprintf(socket_name, sizeof socket_name, "socket:[%lu]", inode);
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	while (processes != NULL && *pid == 0 && (entry = readdir(processes)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !holds(entry->d_name, socket_name))
			continue;
		*pid = (pid_t)strtol(entry->d_name, NULL, 10);
		read_name(entry->d_name, name, size);
	}
	if (processes != NULL)
		(void)closedir(processes);
	return true;
}
