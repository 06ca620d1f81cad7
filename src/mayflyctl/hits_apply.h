/* Adding many counts to a counter file that is being served from. */
#ifndef MAYFLY_MAYFLYCTL_HITS_APPLY_H
#define MAYFLY_MAYFLYCTL_HITS_APPLY_H

#include "command.h"
#include "hits_counts.h"

/*
 * Adds all counts to the file of this name, which is made where it is missing, and says so. Nothing
 * is added where it is seen before that one of them cannot be. EXIT_DONE, or EXIT_FAILED after a
 * complaint.
 */
enum exit_status hits_apply(const char *name, const struct counts *counts);

#endif
