/* One field line of a message (RFC 9112 5, RFC 9110 5), a request's or one of the owner's. Pure. */
#ifndef MAYFLY_HTTP_FIELD_H
#define MAYFLY_HTTP_FIELD_H

#include "base/view.h"

struct field {
	struct view name;
	struct view value; /* without the white space around it */
};

/* Whether it is a token (RFC 9110 5.6.2): what names of fields and methods are. */
bool token_is_valid(struct view token);

/* Whether it is free of control characters, the tab excepted (RFC 9110 5.5). */
bool field_value_is_valid(struct view value);

/*
 * Reads a line without its line end. Returns NULL, or the reason code of what is wrong:
 * "field-folded" (a line that begins with white space continues the one before, RFC 9112 5.2),
 * "field-without-colon", "field-name-malformed" (white space before the colon included, RFC
 * 9112 5.1), "field-control-byte".
 */
const char *field_parse(struct view line, struct field *field);

/* Whether the server alone may send the field: those that frame, describe or control its responses.
 */
bool field_is_reserved(struct view name);

/* Whether an owner's field that stands in 200 is to stand in 304 as well (RFC 9110 15.4.5). */
bool field_is_in_not_modified(struct view name);

#endif
