/*
 * The counter that a page can show: which resource a path asks for, how a query wants it to look, and the
 * count as JSON, SVG or text. The paths and the member "count" are those of GoatCounter's public counter, the
 * other members those of an endpoint of shields.io. Pure.
 */
#ifndef MAYFLY_HTTP_BADGE_H
#define MAYFLY_HTTP_BADGE_H

#include "base/buffer.h"

enum badge_format { BADGE_NONE, BADGE_JSON, BADGE_SVG, BADGE_TXT };

enum {
	BADGE_LABEL_MAX = 40,   /* bytes, in UTF-8 */
	BADGE_LENGTH_MAX = 2048 /* bytes of a badge in any format */
};

struct badge_color {
	bool is_set;
	uint32_t rgb; /* 0xrrggbb */
};

struct badge {
	char label[BADGE_LABEL_MAX];
	size_t label_length;
	struct badge_color label_color;
	struct badge_color message_color;
	bool is_square; /* the corners are not rounded */
};

/*
 * Splits a canonical path below `prefix` into the path that is counted and the format: prefix "/counter" and
 * path "/counter/a/b.html.svg" yield "/a/b.html" and BADGE_SVG. *counted is empty for "/counter.svg", which
 * names no path. Returns BADGE_NONE for any other path. *counted is part of `path`; it may end with a segment
 * that begins with a dot, as of "/counter/.svg", which yields "/".
 */
enum badge_format badge_parse_path(struct view path, struct view prefix, struct view *counted);

/*
 * Parses a query without its "?": label, color, labelColor and style, percent-encoded, with "+" for a space.
 * Ignores other parameters; of repeated ones the last counts. Returns NULL, or a reason code:
 * "counter-bad-label" if the label is longer than BADGE_LABEL_MAX, not UTF-8 or has control characters;
 * "counter-bad-color" if a color is neither 3 or 6 hexadecimal digits, with or without "#", nor a known name;
 * "counter-bad-style" if the style is not flat or flat-square.
 */
const char *badge_parse_query(struct view query, struct badge *badge);

/*
 * Appends the badge with a count, at most BADGE_LENGTH_MAX bytes. JSON has the members schemaVersion, label,
 * message, count (as text with commas, as message) and hits (a number); text is the number and a line feed.
 * SVG is drawn as wide as its text in DejaVu Sans or Verdana; a color that is not set has another value in
 * dark mode.
 */
void badge_add(struct buffer *text, const struct badge *badge, enum badge_format format,
               uint64_t count);

/* The media type of a format, for Content-Type. */
struct view badge_media_type(enum badge_format format);

#endif
