/* Keeping the table of handlers; see handler_table.h. */
#include "handler_table.h"

void handler_table_add(struct handler_table *table, const struct handler *handler)
{
	table->handlers[table->count] = *handler;
	table->count++;
}

void handler_table_remove(struct handler_table *table, size_t index)
{
	table->count--;
	table->handlers[index] = table->handlers[table->count];
}

size_t handler_table_find(const struct handler_table *table, pid_t process)
{
	size_t i = 0;
	while (i < table->count && table->handlers[i].process != process)
		i++;
	return i;
}

size_t handler_table_oldest(const struct handler_table *table)
{
	size_t oldest = 0;
	for (size_t i = 1; i < table->count; i++)
		if (table->handlers[i].started_us < table->handlers[oldest].started_us)
			oldest = i;
	return oldest;
}

size_t handler_table_count_network(const struct handler_table *table, uint64_t network)
{
	size_t found = 0;
	for (size_t i = 0; i < table->count; i++)
		found += table->handlers[i].network == network;
	return found;
}
