/* Opening files inside a directory only, with RESOLVE_BENEATH of openat2(2), which libc does not wrap. */
#ifndef MAYFLY_BASE_BENEATH_H
#define MAYFLY_BASE_BENEATH_H

#include <linux/openat2.h>
#include <sys/types.h>

/* All ways in which a handler opens files; none of them blocks, writes or creates. */
enum opening {
	OPENING_FILE,          /* for reading; or a directory, for getdents64(2) */
	OPENING_FILE_NO_LINKS, /* the same; ELOOP if the name has a symbolic link in it */
	OPENING_DIRECTORY,     /* a directory, to open files in it */
	OPENING_LOOK,          /* a file of any type, for fstat(2) only */
	OPENING_LINK,          /* a symbolic link itself; ELOOP if another precedes it */
	OPENINGS
};

/*
 * Arguments of system calls in read-only memory. The filter of sandbox_enter compares pointers with
 * the addresses here: it cannot read a struct open_how, but a process that cannot change the
 * protection of its memory cannot change these either. So openat2(2) can open in these ways only.
 */
struct pinned {
	struct open_how hows[OPENINGS];
	char empty_path[8]; /* of readlinkat(2): the link is the descriptor's */
};

/* Bytes. Aligned to as many, all addresses in it have the same upper half. */
enum { PINNED_SIZE_MAX = 256 };

extern const struct pinned pinned;

/*
 * Opens a name relative to a directory, close-on-exec. Follows symbolic links that stay inside the
 * directory. Returns a descriptor, or -1 with errno set: EXDEV if the name leads out of it.
 */
int open_beneath(int directory, const char *name, enum opening opening);

/*
 * Reads a symbolic link; no directory in its name may be one. Returns the number of bytes written to
 * `buffer`, at most `size`; 0 if the file is not a link; -1 with errno set.
 */
ssize_t read_link_beneath(int directory, const char *name, char *buffer, size_t size);

#endif
