/* Looking up the count of a resource. */
#ifndef MAYFLY_COUNTER_GET_H
#define MAYFLY_COUNTER_GET_H

#include "add.h"

/*
 * Returns the count of a resource, 0 without an error if it was never counted. The cost does not
 * depend on the number of resources. Takes no lock: readers that share one without a break would
 * keep all hits waiting. A record is complete before it is linked, and a count is stored at once, so
 * that the number can only be wrong while a repair runs. Errors: "hits-not-a-file", "hits-foreign",
 * "hits-damaged".
 */
struct counter_result counter_get(int file, const char *path, size_t path_length);

#endif
