/* What verifying and repairing share. Internal to src/hits. */
#ifndef MAYFLY_HITS_MEND_H
#define MAYFLY_HITS_MEND_H

#include <stdbool.h>

/*
 * Whether a file that has another header is a counter file nonetheless, whose header is damaged:
 * it has records where records are. One of another version of the format is not.
 */
bool hits_mendable(int file);

#endif
