/*
 * The processes of the service's own control group (cgroups(7)). It holds all handlers, also those
 * that are not in the record.
 */
#ifndef MAYFLY_ACCEPT_CONTROL_GROUP_H
#define MAYFLY_ACCEPT_CONTROL_GROUP_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Lists up to `max` processes of this process's control group. Returns how many; 0 if they cannot be
 * read, or if systemd did not start this process itself (SYSTEMD_EXEC_PID, systemd.exec(5)): the
 * group may then hold processes that have nothing to do with Mayfly.
 */
size_t control_group_list(pid_t *processes, size_t max);

#endif
