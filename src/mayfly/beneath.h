/* Opening files beneath a directory that nothing leads out of (openat2(2), which no libc wraps). */
#ifndef MAYFLY_BENEATH_H
#define MAYFLY_BENEATH_H

#include <linux/openat2.h>

/* All ways in which a handler opens; none of them waits, writes or creates. */
enum opening {
	OPENING_FILE,      /* for reading */
	OPENING_LISTING,   /* a directory, for reading */
	OPENING_DIRECTORY, /* a directory, to open what is beneath it */
	OPENING_LOOK,      /* whatever it is, for fstat(2) only */
	OPENINGS
};

/*
 * What stands in read-only memory because the filter of sandbox_enter compares pointers: it cannot see
 * what struct open_how points to, but a process that is not able to change its memory's protection
 * cannot change what is here either. So openat2(2) is left with these ways of opening.
 */
struct pinned {
	struct open_how hows[OPENINGS];
};

enum {
	PINNED_SIZE_MAX = 256
}; /* bytes; aligned so, all of it has the same upper half of addresses */

extern const struct pinned pinned;

/*
 * Opens a name relative to a directory, close-on-exec. Symbolic links are followed as long as they
 * stay beneath it (RESOLVE_BENEATH). Returns a descriptor, or -1 with errno set, which is EXDEV if the
 * name leads out.
 */
int open_beneath(int directory, const char *name, enum opening opening);

#endif
