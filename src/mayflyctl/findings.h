/* What `mayflyctl check` has found: what is wrong, and what to type against it. */
#ifndef MAYFLY_MAYFLYCTL_FINDINGS_H
#define MAYFLY_MAYFLYCTL_FINDINGS_H

#include <json-c/json.h>
#include <limits.h>

enum {
	FINDINGS_OF_A_KIND = 10,          /* names listed of files that have the same fault */
	REMEDY_SIZE = 4 * PATH_MAX + 128, /* room for a command and a quoted name */
};

struct findings {
	struct json_object *list;  /* [{problem, remedy}] */
	struct json_object *notes; /* [sentence] */
};

/*
 * Adds one. The remedy is a command, or what to do in words. Names of files are to be escaped
 * before: shown_name does it.
 */
void found(struct findings *findings, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a sentence that the owner may want to know although nothing is wrong; not part of --json. */
void noted(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A file's name as it may be shown, with control bytes and the like as \xHH; and as it may be typed
 * into bash(1). Good until the fourth call of these from now.
 */
const char *shown_name(const char *name);
const char *quoted_name(const char *name);

#endif
