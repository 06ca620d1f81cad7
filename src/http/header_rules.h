/*
 * A site's own fields: the file _headers, as Netlify, Cloudflare Pages and others have it. A block
 * begins with a pattern, a path that may hold one "*" and may follow "http(s)://host"; its lines
 * "Name: value" set a field, "! Name" removes it. Pure: the text of the file is parsed again for
 * each response.
 *
 * All blocks that match apply, in the order of the file. Values of one name are joined by ", " (RFC
 * 9110 5.3), except those of Set-Cookie.
 */
#ifndef MAYFLY_HTTP_HEADER_RULES_H
#define MAYFLY_HTTP_HEADER_RULES_H

#include "base/buffer.h"
#include "field.h"
#include "rules.h"

enum {
	HEADER_BLOCKS_MAX = 100,  /* further ones are ignored */
	HEADER_FIELDS_MAX = 64,   /* set or removed for one response; further ones are ignored */
	HEADER_BYTES_MAX = 16384, /* of names and values set for one response; likewise */
};

enum header_line_kind { HEADER_PATTERN, HEADER_SET, HEADER_REMOVE };

struct header_line {
	enum header_line_kind kind;
	struct view host;   /* of a pattern; empty: any */
	struct view path;   /* of a pattern, as written */
	struct field field; /* the value is empty unless it is set */
};

struct header_reader {
	struct rule_lines lines;
	unsigned blocks;
	bool in_block; /* the lines that follow belong to a valid block */
};

/* Returns a reader before the first line of a file. */
struct header_reader header_reader_of(struct view text);

/*
 * Reads on to the next line that is neither blank nor a comment. Returns false at the end. *problem
 * becomes NULL, or the problem of the line as a phrase that follows "line 12"; the caller ignores
 * such a line.
 */
bool header_reader_next(struct header_reader *reader, struct header_line *line,
                        const char **problem);

/* What a response is for. */
struct header_request {
	struct view host;      /* as received; empty: unknown */
	struct view path;      /* canonical (target.h): the path requested; empty: unknown */
	struct view file_path; /* canonical: the path of the file that is sent, if it is another */
};

/* The fields of a file that apply to a response. All zero: none. */
struct header_rules {
	size_t count;
	size_t bytes;
	struct field fields[HEADER_FIELDS_MAX]; /* without data in its value: the name is removed */
};

/* Collects the fields that apply; their views are parts of the text. */
void header_rules_collect(struct view text, const struct header_request *request,
                          struct header_rules *rules);

/* Whether a field is set or removed, so that the server's own value does not apply. */
bool header_rules_mention(const struct header_rules *rules, struct view name);

/* The last value that a field is set to; empty if it is not set. */
struct view header_rules_last_value(const struct header_rules *rules, struct view name);

/* Appends the values of a field, joined; nothing if it is not set. */
void header_rules_add_value(const struct header_rules *rules, struct view name,
                            struct buffer *value);

/* Appends all fields that are set as lines of a header, except those for which `is_left_out`. */
void header_rules_add_fields(const struct header_rules *rules,
                             bool (*is_left_out)(struct view name), struct buffer *head);

#endif
