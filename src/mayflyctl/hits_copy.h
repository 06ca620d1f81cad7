/* A copy of a damaged counter file, kept beside it. */
#ifndef MAYFLY_MAYFLYCTL_HITS_COPY_H
#define MAYFLY_MAYFLYCTL_HITS_COPY_H

#include "command.h"
#include <limits.h>

/*
 * Copies an open file to a new one, NAME.damaged-20261123T101500 (local time; -2 and so on behind
 * it where there is one already), with the same owner and mode, and on disk. EXIT_DONE with its
 * name in `copy`, or EXIT_FAILED after a complaint, with nothing left behind.
 */
enum exit_status hits_copy(int file, const char *name, char copy[static PATH_MAX]);

#endif
