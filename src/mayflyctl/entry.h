/*
 * One entry of Mayfly's in the journal: a request, or an error of a handler that could not start.
 * Reads its fields, selects, and shows it as a line of the log, in NCSA's combined format, or as
 * JSON. Pure.
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
	ENTRY_STATUS, /* an error has none */
	ENTRY_BYTES,
	ENTRY_REFERER,
	ENTRY_USER_AGENT,
	ENTRY_ADDRESS,
	ENTRY_PORT,
	ENTRY_HITS,
	ENTRY_DURATION,
	ENTRY_REASON,
	ENTRY_FIELDS,
};

enum {
	ENTRY_SIZE = 6 * 4 * 4096,        /* version 0.1 logged up to this; now less than 4 KiB */
	ENTRY_LINE_SIZE = 5 * ENTRY_SIZE, /* room for a line of either kind */
};

struct entry {
	uint64_t time_us; /* since 1970 */
	/* Printable ASCII: bytes of clients are \xHH. Empty if the entry has no such field. */
	struct view fields[ENTRY_FIELDS];
	struct buffer text; /* over `array`; the fields point into it */
	char array[ENTRY_SIZE];
};

/* Makes an entry without fields. It must not be copied: its fields point into it. */
void entry_begin(struct entry *entry, uint64_t time_us);

/*
 * Adds a field as the journal has it, "NAME=value"; unknown names are ignored. The handler has
 * escaped what clients sent; anything but printable ASCII becomes \xHH here once more, so that an
 * entry that another program has written can do no harm.
 */
void entry_add(struct entry *entry, struct view field);

/* A field's value as a number; 0 if it has none, or it is not a number. */
uint64_t entry_number(const struct entry *entry, enum entry_field field);

/* Whether it is a request, and not an error. */
bool entry_is_request(const struct entry *entry);

/* Whether its priority is "warning" or more urgent. */
bool entry_is_warning(const struct entry *entry);

/*
 * Whether the path of the log line matches a pattern of fnmatch(3) whose '*' matches slashes too.
 * The path is decoded, has no query, and for a hit names the file, index included. The log holds
 * the beginning of a long path and "...": that is compared.
 */
bool entry_path_matches(const struct entry *entry, const char *pattern);

/*
 * Replaces the client's address by its network, /24 of IPv4 and /48 of IPv6, and anything else
 * by "-"; removes the port, which with the time identifies one client behind a shared address
 * (RFC 6302).
 */
void entry_anonymize(struct entry *entry);

/* Appends `2026-11-23 08:15:43 /name | address | port | count`; an error after "mayfly: ". */
void entry_add_line(struct buffer *text, const struct entry *entry);

/*
 * Appends a request in NCSA's combined log format, as Apache and nginx write it:
 * `address - - [23/Nov/2026:08:15:43 +0000] "GET /name HTTP/1.1" 200 512 "referer" "user agent"`.
 * Unknown parts are `-`; a quote in a field is \x22, as in nginx's log. The version is that of the
 * handler's answers: the journal does not hold the client's.
 */
void entry_add_combined(struct buffer *text, const struct entry *entry);

/* The entry as an object, which the caller owns; unknown members are left out. */
struct json_object *entry_to_json(const struct entry *entry);

#endif
