/*
 * A site's redirects: the file _redirects, as Netlify, Cloudflare Pages and others have it. A line
 * is "FROM TO [STATUS]"; the first rule that matches a request applies. Pure: the text of the file
 * is parsed again for each request for a missing file.
 *
 * FROM is a path, which may follow "http(s)://host". A segment ":name" of it stands for any one
 * segment, a last segment "*" for whatever follows. TO is a path, or a URL of any host; ":name" and
 * ":splat" in its path, query and fragment are replaced by what matched.
 */
#ifndef MAYFLY_HTTP_REDIRECTS_H
#define MAYFLY_HTTP_REDIRECTS_H

#include "base/buffer.h"
#include "rules.h"

enum {
	REDIRECTS_MAX = 1000,    /* lines with rules; in a file with more no rule applies */
	REDIRECT_NAMES_MAX = 16, /* of one FROM, with its splat */
	REDIRECT_TO_MAX = 16384, /* bytes of a TO after replacement */
};

struct redirect_rule {
	struct view host; /* of FROM; empty: any */
	struct view from; /* path, as written */
	struct view to;   /* as written */
	int status;       /* 301, 302, 303, 307, 308; or 200, 404, 410, 451: TO is served */
};

/*
 * Parses a line of rule_lines_next. Returns NULL, or the problem as a phrase that follows "line
 * 12".
 */
const char *redirect_rule_parse(struct view line, struct redirect_rule *rule);

/* What a rule is matched with. */
struct redirect_request {
	struct view host; /* as received; may be empty */
	struct view path; /* canonical (target.h) */
	bool has_query;
	struct view query; /* as received */
};

/* Whether the file is within the limits. If not, no rule of it applies. */
bool redirects_are_within_limits(struct view text);

/*
 * Finds the first rule that applies; rules that lead to the request itself are skipped, and lines
 * with a problem too. Appends to `to`, which is empty and holds REDIRECT_TO_MAX bytes or less, the
 * value of Location, with the query of the request unless TO has one; or, if TO is to be served,
 * its path as in a request target. Returns the rule's status and sets *line; 0 if no rule applies. If the
 * request makes TO too long, to->truncated is set.
 */
int redirects_find(struct view text, const struct redirect_request *request, struct buffer *to,
                   unsigned *line);

/* Whether the status of a rule makes clients ask for another URL. */
bool redirect_status_is_location(int status);

#endif
