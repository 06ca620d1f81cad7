/*
 * What the two files with a site's rules, _redirects and _headers, have in common: their lines, and
 * patterns that may begin with a host. Pure. redirects.h and header_rules.h interpret the lines.
 */
#ifndef MAYFLY_HTTP_RULES_H
#define MAYFLY_HTTP_RULES_H

#include "base/parse.h"
#include "field.h"

enum {
	RULES_SIZE_MAX = 65536, /* bytes of a file; of a larger one no rule applies */
	RULES_LINE_MAX = 2000,  /* bytes of a line; a longer one is ignored */
};

/*
 * Whether a path, relative to the site's directory, is that of one of the two files or of its
 * precompressed siblings, or leads through a directory of this name: they are not served. Ignores case,
 * as some file systems do.
 */
/*@ requires readable(path);
    assigns \nothing; */
bool rules_are_at(struct view path);

struct rule_lines {
	struct view rest;
	unsigned number; /* of the line that was read last; the first is 1 */
};

/* Returns a reader before the first line of a file; skips a byte order mark. */
/*@ requires readable(text);
    assigns \nothing;
    ensures readable(\result.rest) && is_end(\result.rest, text) && \result.number == 0; */
struct rule_lines rule_lines_of(struct view text);

/*
 * Reads on to the next line that is neither blank nor a comment (#). Returns it without the white
 * space around it; an empty view at the end.
 */
/*@ requires \valid(lines) && readable(lines->rest);
    assigns *lines;
    ensures readable(lines->rest) && is_end(lines->rest, \old(lines->rest));
    ensures readable(\result) && \result.length <= \old(lines->rest.length);
    ensures \result.length > 0 ==> lines->rest.length < \old(lines->rest.length) && \result.data[0] != '#';
    ensures \result.length > 0 ==> is_within(\result, \old(lines->rest)); */
struct view rule_lines_next(struct rule_lines *lines);

/* What is wrong with any line of rules: it is too long, or has a control character; or NULL. */
/*@ requires readable(line);
    assigns \nothing;
    ensures \result == \null ==> line.length <= RULES_LINE_MAX && has_no_control(line); */
const char *rule_line_problem(struct view line);

/*
 * Takes "http://host" or "https://host" off the front of a pattern; *host is empty if it begins with
 * neither. What remains begins with "/". Returns NULL or what is wrong. The scheme and the port do
 * not matter: a server behind a front end does not see the client's.
 */
/*@ requires \valid(pattern) && \valid(host) && \separated(pattern, host);
    requires readable(*pattern) && pattern->length < INT64_MAX;
    assigns *pattern, *host;
    ensures readable(*pattern) && readable(*host);
    ensures pattern->length <= \old(pattern->length) || pattern->length == 1;
    ensures host->length <= \old(pattern->length);
    ensures \result == \null ==> pattern->length > 0 && pattern->data[0] == '/'; */
const char *rule_take_host(struct view *pattern, struct view *host);

/* Whether a rule for a host (empty: any) applies to a request's Host. */
/*@ requires readable(host) && readable(requested);
    assigns \nothing;
    ensures host.length == 0 ==> \result; */
bool rule_host_matches(struct view host, struct view requested);

/*
 * What keeps a pattern's path from matching any canonical path (target.h): bad percent-encoding, an
 * encoded NUL or slash, a query, a fragment, an empty segment or a dot segment; or NULL.
 */
/*@ requires readable(path) && (path.length > 0 ==> path.data[0] == '/');
    assigns \nothing;
    ensures \result == \null ==> is_percent_encoded(path); */
const char *rule_path_problem(struct view path);

/*
 * Takes a percent-encoded text off the front of *path, which is decoded. Returns whether *path began
 * with it.
 */
/*@ requires readable(text) && \valid(path) && readable(*path);
    assigns *path;
    ensures readable(*path) && is_end(*path, \old(*path)); */
bool rule_take_text(struct view text, struct view *path);

#endif
