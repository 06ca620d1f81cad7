/* Watching and ending inherited handlers; see inherited.h. */
#include "inherited.h"
#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* By default a process may have 1024 descriptors, and more if it asks. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void inherited_remove(struct inherited *inherited, size_t index)
{
	if (inherited->watched[index].fd >= 0)
		(void)close(inherited->watched[index].fd);
	handler_table_remove(inherited->table, index);
	inherited->watched[index] = inherited->watched[inherited->table->count];
	inherited->watched[inherited->table->count].fd = -1;
}

/* Tries to watch a handler. Returns false if it has exited. Without descriptors or memory its fd is -1. */
static bool inherited_open(struct inherited *inherited, size_t index)
{
	struct pollfd *watched = &inherited->watched[index];
	if (watched->fd < 0)
		watched->fd = pidfd_open(inherited->table->handlers[index].process, 0);
	return watched->fd >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* Watches the handlers that are not watched yet, and removes those of them that have exited. */
static void inherited_watch(struct inherited *inherited)
{
	for (size_t i = inherited->table->count; i-- > 0;)
		if (!inherited_open(inherited, i))
			inherited_remove(inherited, i);
}

bool inherited_kill(struct inherited *inherited, size_t index)
{
	if (!inherited_open(inherited, index) || inherited->watched[index].fd < 0)
		return false;
	inherited->table->handlers[index].killed = true;
	(void)pidfd_send_signal(inherited->watched[index].fd, SIGKILL, NULL, 0);
	return true;
}

void inherited_kill_all(struct inherited *inherited)
{
	for (size_t i = 0; i < inherited->table->count; i++)
		if (!inherited->table->handlers[i].killed)
			(void)inherited_kill(inherited, i);
}

/* Removes the oldest handlers until no more than `max` are left, and ends them. Returns how many were ended. */
static size_t inherited_trim(struct inherited *inherited, size_t max)
{
	size_t ended = 0;
	while (inherited->table->count > max) {
		size_t oldest = handler_table_oldest(inherited->table);
		ended += inherited_kill(inherited, oldest);
		inherited_remove(inherited, oldest);
	}
	return ended;
}

static bool handler_record_has(const struct handler_record *record, pid_t process)
{
	return handler_table_find(&record->own, process) < record->own.count ||
	       handler_table_find(&record->inherited, process) < record->inherited.count;
}

void inherited_add_unknown(struct handler_record *record, pid_t process, int64_t now_us)
{
	struct handler handler = {.process = process, .started_us = now_us};
	if (record->inherited.count < HANDLERS_MAX && !handler_record_has(record, process))
		handler_table_add(&record->inherited, &handler);
}

size_t inherited_adopt(struct inherited *inherited, struct handler_record *record, uint64_t max)
{
	struct handler_table *own = &record->own;
	inherited->table = &record->inherited;
	raise_descriptor_limit();
	for (size_t i = 0; i < HANDLER_TABLE_MAX; i++)
		inherited->watched[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	inherited_watch(inherited);
	size_t ended = inherited_trim(inherited, own->count < max ? max - own->count : 0);
	for (size_t i = 0; i < own->count; i++)
		handler_table_add(inherited->table, &own->handlers[i]);
	own->count = 0;
	inherited_watch(inherited);
	return ended;
}

void inherited_reap(struct inherited *inherited)
{
	inherited_watch(inherited);
	/* One by one: poll(2) fails for more entries than RLIMIT_NOFILE, which may have been lowered. */
	for (size_t i = inherited->table->count; i-- > 0;)
		if (poll(&inherited->watched[i], 1, 0) > 0)
			inherited_remove(inherited, i);
}
