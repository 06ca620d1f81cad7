/*
 * One entry of the handler's in the journal: a request, or a complaint of a handler that could not
 * start. Reads its fields, chooses among entries, and leaves to entry_format and entry_json how
 * they are shown. Pure.
 */
#ifndef MAYFLY_MAYFLYCTL_ENTRY_H
#define MAYFLY_MAYFLYCTL_ENTRY_H

#include "base/buffer.h"

/* The fields of an entry that are kept. */
enum entry_field {
	ENTRY_MESSAGE,
	ENTRY_PRIORITY,
	ENTRY_METHOD,
	ENTRY_TARGET,
	ENTRY_STATUS, /* a complaint has none */
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

enum { ENTRY_SIZE = 6 * 4 * 4096 }; /* the handler never writes more */

struct entry {
	uint64_t time_us; /* since 1970 */
	/* Printable ASCII: bytes of clients stand as \xHH. Empty where the entry has none. */
	struct view fields[ENTRY_FIELDS];
	struct buffer text; /* what the fields point into, over `buffer` */
	char buffer[ENTRY_SIZE];
};

/* Makes an entry without fields. It must not be copied: its fields point into it. */
void entry_begin(struct entry *entry, uint64_t time_us);

/*
 * Takes a field as the journal gives it, "NAME=value"; other names than those above are passed
 * over. The handler has escaped what clients sent. So that an entry which somebody else has written
 * can do no harm either, whatever is not printable ASCII becomes \xHH here once more.
 */
void entry_take(struct entry *entry, struct view field);

/* A field's value as a number; 0 where it has none, or is no number. */
uint64_t entry_number(const struct entry *entry, enum entry_field field);

/* Whether it is about a request, and no complaint. */
bool entry_is_request(const struct entry *entry);

/* Whether it tells of something to look at: priority "warning" or more urgent. */
bool entry_is_warning(const struct entry *entry);

/*
 * Whether the path that was logged, which for a hit is the file's, index included, matches a
 * pattern of fnmatch(3), whose `*` matches slashes too. It is compared decoded, and has no query.
 */
bool entry_path_matches(const struct entry *entry, const char *pattern);

/*
 * Cuts the client's address to its network (address.h) wherever it stands, and takes away the port,
 * which together with the time finds one of many behind a shared address (RFC 6302).
 */
void entry_anonymize(struct entry *entry);

#endif
