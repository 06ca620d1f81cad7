/* Keeping the table of handlers; see handlers.h. */
#include "handlers.h"

size_t handlers_of(const struct handlers *handlers, uint64_t network)
{
	size_t found = 0;
	for (size_t i = 0; i < handlers->count; i++)
		found += handlers->networks[i] == network;
	return found;
}

void handlers_add(struct handlers *handlers, pid_t process, uint64_t network)
{
	handlers->processes[handlers->count] = process;
	handlers->networks[handlers->count] = network;
	handlers->count++;
}

bool handlers_remove(struct handlers *handlers, pid_t process)
{
	size_t i = 0;
	while (i < handlers->count && handlers->processes[i] != process)
		i++;
	if (i == handlers->count)
		return false;
	handlers->count--;
	handlers->processes[i] = handlers->processes[handlers->count];
	handlers->networks[i] = handlers->networks[handlers->count];
	return true;
}
