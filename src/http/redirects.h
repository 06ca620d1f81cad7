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

/* The parts of TO, as written. */
struct redirect_parts {
	struct view origin;   /* "https://host:port", or empty */
	struct view path;     /* empty, or from its "/" */
	struct view query;    /* from its "?" */
	struct view fragment; /* from its "#" */
};

struct redirect_rule {
	struct view host;            /* of FROM; empty: any */
	struct view from;            /* path, as written */
	struct view to;              /* as written; contracts refer to it */
	struct redirect_parts parts; /* of TO */
	int status; /* 301, 302, 303, 307, 308; or 200, 404, 410, 451: TO is served */
};

/*@ predicate is_part(struct view part, struct view whole) = readable(part) && (part.length == 0 || is_within(part, whole));
    predicate is_at_slash(struct view v) = v.length > 0 && v.data[0] == '/';
    // As in a canonical path (target.h).
    predicate has_single_slashes(struct view path) =
      \forall char *p; is_in(p, path) && is_in(p + 1, path) && *p == '/' ==> p[1] != '/';
    // Begins with exactly one slash.
    predicate is_path_of_site(struct view path) = is_at_slash(path) && (path.length > 1 ==> path.data[1] != '/');
    predicate are_parts(struct redirect_parts p, struct view whole) =
      is_part(p.origin, whole) && is_part(p.path, whole) && is_part(p.query, whole) && is_part(p.fragment, whole);
    predicate leads_to_host(struct view origin, struct view path) =
      origin.length > 0 && origin.data[0] != '/' && (path.length == 0 || is_at_slash(path));
    predicate leads_right(struct redirect_parts p) =
      p.origin.length > 0 ? leads_to_host(p.origin, p.path) : is_path_of_site(p.path);
    // Only a Location may have a host.
    predicate is_sound(struct redirect_parts p, integer status) =
      leads_right(p) && (p.origin.length == 0 || status / 100 == 3); */

/*
 * Parses a line of rule_lines_next. Returns NULL, or the problem as a phrase that follows "line
 * 12".
 */
/*@ requires readable(line) && \valid(rule);
    assigns *rule;
    ensures \result == \null ==> readable(rule->host) && readable(rule->from);
    ensures \result == \null ==> is_part(rule->to, line);
    ensures \result == \null ==> are_parts(rule->parts, rule->to);
    ensures \result == \null ==> is_sound(rule->parts, rule->status); */
const char *redirect_rule_parse(struct view line, struct redirect_rule *rule);

/*@ // Begins with exactly one slash, so it names no host.
    predicate is_local(struct buffer *to) =
      to->length > 0 && to->data[0] == '/' && (to->length > 1 ==> to->data[1] != '/');
    // Begins with an origin of a rule; what follows ends its host.
    predicate is_at_host(struct buffer *to, struct view origin) =
      to->length >= origin.length > 0 && origin.data[0] != '/' &&
      (\forall integer i; 0 <= i < origin.length ==> to->data[i] == origin.data[i]) &&
      (to->length > origin.length ==>
        to->data[origin.length] == '/' || to->data[origin.length] == '?' || to->data[origin.length] == '#'); */

/* What a rule is matched with. */
struct redirect_request {
	struct view host; /* as received; may be empty */
	struct view path; /* canonical (target.h) */
	bool has_query;
	struct view query; /* as received */
};

/*@ predicate is_readable_request(struct redirect_request *r) =
      \valid_read(r) && readable(r->host) && readable(r->path) && readable(r->query); */

/* Whether the file is within the limits. If not, no rule of it applies. */
/*@ requires readable(text);
    assigns \nothing;
    ensures \result ==> text.length <= RULES_SIZE_MAX; */
bool redirects_are_within_limits(struct view text);

/*
 * Finds the first rule that applies; rules that lead to the request itself are skipped, and lines
 * with a problem too. Appends to `to`, which is empty and holds REDIRECT_TO_MAX bytes or less, the
 * value of Location, with the query of the request unless TO has one; or, if TO is to be served,
 * its path as in a request target. Returns the rule's status and sets *line; 0 if no rule applies. If the
 * request makes TO too long, to->truncated is set.
 */
/*@ requires readable(text) && \valid(line) && buffer_is_valid(to) && to->capacity <= REDIRECT_TO_MAX;
    requires is_readable_request(request);
    requires request->path.length > 0 ==> request->path.data[0] == '/';
    requires has_single_slashes(request->path);
    requires \separated(request, to, line) && \separated(line, to->data + (0 .. to->capacity - 1));
    requires is_apart(to, text) && is_apart(to, request->path) && is_apart(to, request->query);
    assigns *line, to->length, to->truncated, to->data[0 .. to->capacity - 1];
    ensures buffer_is_valid(to);
    ensures \result != 0 ==> to->truncated || is_local(to) ||
      \exists struct view origin; is_part(origin, text) && is_at_host(to, origin); */
int redirects_find(struct view text, const struct redirect_request *request, struct buffer *to,
                   unsigned *line);

/* Whether the status of a rule makes clients ask for another URL. */
/*@ assigns \nothing;
    ensures \result <==> status / 100 == 3; */
bool redirect_status_is_location(int status);

#endif
