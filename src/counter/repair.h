/* What verifying and repairing share. Internal to src/counter. */
#ifndef MAYFLY_COUNTER_REPAIR_H
#define MAYFLY_COUNTER_REPAIR_H

#include <stdbool.h>

/*
 * Whether a file that has another header is a counter file nonetheless, whose header is damaged:
 * it has records where records are. One of another version of the format is not.
 */
bool counter_is_repairable(int file);

#endif
