/* How an entry of the journal is shown: as a line of the log, in NCSA's combined format, as JSON.
 */
#ifndef MAYFLY_MAYFLYCTL_ENTRY_FORMAT_H
#define MAYFLY_MAYFLYCTL_ENTRY_FORMAT_H

#include "entry.h"
#include <json-c/json.h>

enum { ENTRY_LINE_SIZE = 5 * ENTRY_SIZE }; /* room for either line, whatever the entry */

/* Appends `2026-11-23 08:15:43 /name | address | port | count`; a complaint stands behind "mayfly:
 * ". */
void entry_add_line(struct buffer *text, const struct entry *entry);

/*
 * Appends a request in NCSA's combined log format, as Apache and nginx write it:
 * `address - - [23/Nov/2026:08:15:43 +0000] "GET /name HTTP/1.1" 200 512 "referer" "user agent"`.
 * What is not known is `-`; a quote in a field is \x22, as nginx has it, and other bytes stay \xHH.
 * The version is the one that the handler answers in: the journal does not tell the client's.
 */
void entry_add_combined(struct buffer *text, const struct entry *entry);

/* The entry as an object, of which the caller is the owner; what is not known is left out. */
struct json_object *entry_to_json(const struct entry *entry);

#endif
