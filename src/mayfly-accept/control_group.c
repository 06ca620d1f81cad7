/* Reading the control group; see control_group.h. */
#include "control_group.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-login.h>
#include <unistd.h>

static bool is_started_by_systemd(void)
{
	const char *process = getenv("SYSTEMD_EXEC_PID");
	return process != NULL && strtol(process, NULL, 10) == getpid();
}

static FILE *open_list(const char *hierarchy, const char *group)
{
	char name[4096];
	int length =
	    snprintf(name, sizeof name, "/sys/fs/cgroup%s%s/cgroup.procs", hierarchy, group);
	return length < (int)sizeof name ? fopen(name, "re") : NULL;
}

static FILE *open_own_list(void)
{
	char *group = NULL;
	if (sd_pid_get_cgroup(0, &group) < 0)
		return NULL;
	FILE *list = open_list("", group);
	if (list == NULL)
		list = open_list("/systemd", group); /* not unified: cgroup v1 */
	free(group);
	return list;
}

size_t control_group_list(pid_t *processes, size_t max)
{
	size_t count = 0;
	char line[32];
	FILE *list = is_started_by_systemd() ? open_own_list() : NULL;
	if (list == NULL)
		return 0;
	while (count < max && fgets(line, sizeof line, list) != NULL)
		processes[count++] = (pid_t)strtol(line, NULL, 10);
	(void)fclose(list);
	return count;
}
