/* Opening files beneath a directory that nothing leads out of (openat2(2), which no libc wraps). */
#ifndef MAYFLY_BENEATH_H
#define MAYFLY_BENEATH_H

/*
 * Opens a name relative to a directory, close-on-exec. Symbolic links are followed as long as they
 * stay beneath it (RESOLVE_BENEATH); flags: O_RDONLY and the like, of open(2). Returns a
 * descriptor, or -1 with errno set, which is EXDEV where the name leads out.
 */
int open_beneath(int directory, const char *name, int flags);

#endif
