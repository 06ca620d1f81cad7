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

/*@ // A field that does not break the header apart.
    predicate is_rule_field(struct field f) = readable(f.name) && is_token(f.name) && f.name.length <= RULES_LINE_MAX &&
      readable(f.value) && has_no_control(f.value) && f.value.length <= RULES_LINE_MAX; */

/* Returns a reader before the first line of a file. */
/*@ requires readable(text);
    assigns \nothing;
    ensures readable(\result.lines.rest) && is_end(\result.lines.rest, text); */
struct header_reader header_reader_of(struct view text);

/*
 * Reads on to the next line that is neither blank nor a comment. Returns false at the end. *problem
 * becomes NULL, or the problem of the line as a phrase that follows "line 12"; the caller ignores
 * such a line.
 */
/*@ requires \valid(reader) && \valid(line) && \valid(problem) && \separated(reader, line, problem);
    requires readable(reader->lines.rest);
    assigns *reader, *line, *problem;
    ensures readable(reader->lines.rest) && is_end(reader->lines.rest, \old(reader->lines.rest));
    ensures \result ==> reader->lines.rest.length < \old(reader->lines.rest.length);
    ensures \result && *problem == \null && line->kind == HEADER_PATTERN ==>
      readable(line->host) && readable(line->path) && is_percent_encoded(line->path);
    ensures \result && *problem == \null && line->kind != HEADER_PATTERN ==> is_rule_field(line->field); */
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

/*@ predicate header_rules_are_readable(struct header_rules *r) = r->count <= HEADER_FIELDS_MAX &&
      \forall integer i; 0 <= i < r->count ==> readable(r->fields[i].name) && readable(r->fields[i].value);
    predicate header_rules_are_valid(struct header_rules *r) = header_rules_are_readable(r) &&
      r->bytes <= HEADER_BYTES_MAX && \forall integer i; 0 <= i < r->count ==> is_rule_field(r->fields[i]); */

/* Collects the fields that apply; their views are parts of the text. */
/*@ requires readable(text) && \valid_read(request) && \valid(rules) && \separated(rules, request);
    requires readable(request->host) && readable(request->path) && readable(request->file_path);
    assigns *rules;
    ensures header_rules_are_valid(rules); */
void header_rules_collect(struct view text, const struct header_request *request,
                          struct header_rules *rules);

/* Whether a field is set or removed, so that the server's own value does not apply. */
/*@ requires \valid_read(rules) && header_rules_are_readable(rules) && readable(name);
    assigns \nothing;
    ensures \result ==> rules->count > 0; */
bool header_rules_mention(const struct header_rules *rules, struct view name);

/* The last value that a field is set to; empty if it is not set. */
/*@ requires \valid_read(rules) && header_rules_are_valid(rules) && readable(name);
    assigns \nothing;
    ensures readable(\result) && has_no_control(\result); */
struct view header_rules_last_value(const struct header_rules *rules, struct view name);

/*@ predicate rules_are_apart(struct header_rules *r, struct buffer *b) =
      \separated(r, b) && \separated(r, b->data + (0 .. b->capacity - 1)) &&
      \forall integer i; 0 <= i < r->count ==> is_apart(b, r->fields[i].name) && is_apart(b, r->fields[i].value); */

/* Appends the values of a field, joined; nothing if it is not set. */
/*@ requires \valid_read(rules) && header_rules_are_readable(rules) && readable(name) && is_apart(value, name);
    requires buffer_is_valid(value) && rules_are_apart(rules, value);
    assigns value->length, value->truncated, value->data[0 .. value->capacity - 1];
    ensures buffer_is_valid(value) && buffer_grows{Pre, Post}(value);
    ensures \old(header_rules_are_valid(rules)) ==>
      \forall integer i; \old(value->length) <= i < value->length ==> is_in_value(value->data[i]); */
void header_rules_add_value(const struct header_rules *rules, struct view name,
                            struct buffer *value);

/* Appends all fields that are set as lines of a header, except those for which `is_left_out`. */
void header_rules_add_fields(const struct header_rules *rules,
                             bool (*is_left_out)(struct view name), struct buffer *head);

#endif
