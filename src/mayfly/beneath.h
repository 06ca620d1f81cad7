/* Opening files beneath a directory that nothing leads out of (openat2(2), which no libc wraps). */
#ifndef MAYFLY_BENEATH_H
#define MAYFLY_BENEATH_H

#include <linux/openat2.h>
#include <sys/types.h>

/* All ways in which a handler opens; none of them waits, writes or creates. */
enum opening {
	OPENING_FILE,          /* for reading; or a directory, for getdents64(2) */
	OPENING_FILE_NO_LINKS, /* the same; ELOOP if the name has a symbolic link in it */
	OPENING_DIRECTORY,     /* a directory, to open what is beneath it */
	OPENING_LOOK,          /* whatever it is, for fstat(2) only */
	OPENING_LINK,          /* a symbolic link itself; ELOOP if another precedes it */
	OPENINGS
};

/*
 * What stands in read-only memory because the filter of sandbox_enter compares pointers: it cannot see
 * what struct open_how points to, but a process that is not able to change its memory's protection
 * cannot change what is here either. So openat2(2) is left with these ways of opening.
 */
struct pinned {
	struct open_how hows[OPENINGS];
	char empty_path[8]; /* of readlinkat(2): the link is the descriptor's */
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

/*
 * Reads the symbolic link that has the name; its directory's name has no link in it. Returns how many
 * bytes of `text` it fills, at most `size`; 0 if there is something other than a link; -1 with errno
 * set.
 */
ssize_t read_link_beneath(int directory, const char *name, char *text, size_t size);

#endif
