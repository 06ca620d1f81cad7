/* Running another program for its output, with a time limit. */
#ifndef MAYFLY_MAYFLYCTL_CHILD_H
#define MAYFLY_MAYFLYCTL_CHILD_H

#include <stddef.h>

enum { CHILD_INPUT_MAX = 1024 };

/*
 * Runs a program, found in the directories of the system, with these arguments, the last NULL, and
 * without this process's environment. It reads `input`, at most CHILD_INPUT_MAX bytes, and is killed
 * after `seconds`. `output` gets the beginning of what it writes to standard output and standard
 * error, ended by a null byte. Returns its exit status, 127 if it cannot be executed, or -1 if a
 * signal ended it or the system failed.
 */
int child_run(const char *const *arguments, const char *input, unsigned seconds, char *output,
              size_t size);

#endif
