/*
 * One journal entry of a handler: a request, or an error of a handler that could not start. Reads
 * its fields, matches its path, and writes it as a log line, in NCSA's combined format or as JSON.
 * Pure.
 */
#ifndef MAYFLY_MAYFLYCTL_ENTRY_H
#define MAYFLY_MAYFLYCTL_ENTRY_H

#include "base/buffer.h"

struct json_object;

/* The fields of an entry that are kept. */
enum entry_field {
	ENTRY_MESSAGE,
	ENTRY_PRIORITY,
	ENTRY_METHOD,
	ENTRY_TARGET,
	ENTRY_STATUS, /* only requests have one */
	ENTRY_BYTES,
	ENTRY_REFERER,
	ENTRY_USER_AGENT,
	ENTRY_ADDRESS,
	ENTRY_PORT,
	ENTRY_SCHEME, /* "https", or none */
	ENTRY_HITS,
	ENTRY_ROBOT, /* 1 for a robot, with --robots */
	ENTRY_DURATION,
	ENTRY_REASON,
	ENTRY_HOST, /* of requests with --vhosts */
	ENTRY_SITE, /* of entry_set_site */
	ENTRY_FIELDS,
};

enum {
	ENTRY_SIZE = 6 * 4 * 4096, /* the most that version 0.1 logged; today less than 4 KiB */
	ENTRY_LINE_SIZE = 5 * ENTRY_SIZE, /* a log line or one in combined format */
};

struct entry {
	uint64_t time_us; /* since 1970 */
	/* Printable ASCII; other bytes are \xHH. Empty if the entry has no such field. */
	struct view fields[ENTRY_FIELDS];
	struct buffer text; /* over `array`; the fields point into it */
	char array[ENTRY_SIZE];
};

/* Makes an entry without fields. It must not be copied: its fields point into it. */
void entry_begin(struct entry *entry, uint64_t time_us);

/*
 * Adds a field in the form of the journal, "NAME=value"; ignores unknown names. Handlers escape
 * what clients send. This function escapes again everything except printable ASCII, because another
 * program may have written the entry.
 */
void entry_add(struct entry *entry, struct view field);

/* Sets the site, which no field of the journal holds. */
void entry_set_site(struct entry *entry, const char *site);

/* A field's value as a number; 0 if it has none, or it is not a number. */
uint64_t entry_number(const struct entry *entry, enum entry_field field);

/* Whether it is a request, and not an error. */
bool entry_is_request(const struct entry *entry);

/* Whether its priority is "warning" or more urgent. */
bool entry_is_warning(const struct entry *entry);

/*
 * Whether the path of the log line matches a pattern of fnmatch(3) in which '*' matches slashes
 * too. The path is decoded and has no query; the path of a hit includes the name of the index file.
 * Of a long path the log holds only the beginning and "...", which is what the pattern must match.
 */
bool entry_path_matches(const struct entry *entry, const char *pattern);

/*
 * Replaces the client's address by its network, /24 of IPv4 and /48 of IPv6, or by "-" if it is not
 * an address. Removes the port, which together with the time identifies one of the clients that
 * share an address (RFC 6302).
 */
void entry_anonymize(struct entry *entry);

/*
 * Appends `2026-11-23 08:15:43 /name | address | port | count`, or for an error
 * `2026-11-23 08:15:43 mayfly: message`. A request with a host is shown as `//host/name`.
 */
void entry_add_line(struct buffer *text, const struct entry *entry);

/* The same with the site, or ? if it is unknown, in brackets after the time. */
void entry_add_line_with_site(struct buffer *text, const struct entry *entry);

/*
 * Appends a request in NCSA's combined log format, as Apache and nginx write it:
 * `address - - [23/Nov/2026:08:15:43 +0000] "GET /name HTTP/1.1" 200 512 "referer" "user agent"`.
 * Unknown parts are `-`; a quote in a field is \x22, as in nginx's log. The version is always that
 * of the handler's responses, because the journal does not hold the client's.
 */
void entry_add_combined(struct buffer *text, const struct entry *entry);

/* Returns the entry as an object without unknown members. The caller releases it. */
struct json_object *entry_to_json(const struct entry *entry);

#endif
