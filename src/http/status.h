/*
 * Status codes (RFC 9110 15) and refusals: the pair of a status and a short, stable reason code
 * that goes into the log, so that one grep for the code finds the line of source that refused.
 */
#ifndef MAYFLY_HTTP_STATUS_H
#define MAYFLY_HTTP_STATUS_H

#include "base/view.h"

struct refusal {
	int status;         /* 0: not refused */
	const char *reason; /* lower-case words joined by hyphens; NULL when not refused */
};

#define ACCEPTED ((struct refusal){0, NULL})

static inline struct refusal refuse(int status, const char *reason)
{
	return (struct refusal){status, reason};
}

/* The reason phrase of a status that Mayfly sends, "Not Found" for 404; "Unknown" for any other. */
struct view status_phrase(int status);

/* One sentence in plain words for the page of an error status; empty for a status without one. */
struct view status_explanation(int status);

/*
 * What a person who came to such a page may do, in one sentence of HTML; empty for a status without
 * a page.
 */
struct view status_advice(int status);

#endif
