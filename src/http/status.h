/*
 * Status codes (RFC 9110 15) and refusals. A refusal is a status with a short, stable reason code.
 * The log shows the code, and one grep for it finds the line of source that refused. Pure.
 */
#ifndef MAYFLY_HTTP_STATUS_H
#define MAYFLY_HTTP_STATUS_H

#include "base/buffer.h"

struct refusal {
	int status;         /* 0: not refused */
	const char *reason; /* lower-case words joined by hyphens; NULL when not refused */
};

#define ACCEPTED ((struct refusal){0, NULL})

/*@ assigns \nothing;
    ensures \result.status == status && \result.reason == reason; */
static inline struct refusal refuse(int status, const char *reason)
{
	return (struct refusal){status, reason};
}

/* The reason phrase of a status that Mayfly sends, for example "Not Found"; otherwise "Unknown". */
struct view status_phrase(int status);

/* Appends the status and its reason phrase: "404 Not Found". */
void status_add(struct buffer *buffer, int status);

/* One sentence for the page of an error status; empty if the status has no page. */
struct view status_explanation(int status);

/* One sentence of HTML on what the reader of that page can do; empty if the status has no page. */
struct view status_advice(int status);

#endif
