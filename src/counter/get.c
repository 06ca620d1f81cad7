/* Looking up the count of a resource; see get.h. */
#include "get.h"
#include "chain.h"
#include "state.h"

struct counter_result counter_get(int file, const char *path, size_t path_length)
{
	struct counter_chain chain;
	uint64_t end;
	const char *error = counter_records_end(file, &end);
	if (error != NULL || end == 0)
		return (struct counter_result){0, error};
	switch (counter_chain_find(&chain, file, path, path_length)) {
	case COUNTER_STEP_RECORD:
		return (struct counter_result){chain.record.count, NULL};
	case COUNTER_STEP_END:
		return (struct counter_result){0, NULL};
	case COUNTER_STEP_FULL:
	case COUNTER_STEP_DAMAGED:
		break;
	}
	return (struct counter_result){0, "hits-damaged"};
}
