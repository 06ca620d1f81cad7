/* What `mayflyctl check` finds: problems, what to do about each, and notes. */
#ifndef MAYFLY_MAYFLYCTL_COMMAND_CHECK_H
#define MAYFLY_MAYFLYCTL_COMMAND_CHECK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	FINDINGS_MAX = 256,
	NOTES_MAX = 64,
	CHECK_COMMAND_SIZE = 5 * PATH_MAX, /* room for a command with a quoted name */
};

struct finding {
	const char *site; /* NULL: the machine */
	char *problem;
	char *advice;     /* what to do, without a full stop; or NULL */
	char *command;    /* complete and safe to paste into bash(1) as root; or NULL */
	bool is_critical; /* because of it clients of a site are not served */
};

struct findings {
	struct finding all[FINDINGS_MAX];
	const char *site; /* that is checked; NULL: the machine */
	size_t count, critical_count;
	size_t last;            /* the finding that was added last, or was there already */
	char *notes[NOTES_MAX]; /* printed after the findings; no problems */
	size_t note_count;
};

/*
 * Adds a finding, unless the site that is checked has one with the same problem. Advice and command may each be NULL; if there
 * are both, the advice says what the command is for. The caller escapes file names in the problem (output.h)
 * and quotes them in the command.
 */
void findings_add(struct findings *findings, const char *advice, const char *command,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds the finding that a part of Mayfly is missing or old, with the advice to reinstall. */
void findings_add_reinstall(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds the finding that a system error prevented a check; the advice is to check again. */
void findings_add_unchecked(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Marks the finding that was added last as critical. */
void findings_mark_critical(struct findings *findings);

/* Adds a note, once. --json and --quiet do not print notes. */
void findings_add_note(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
