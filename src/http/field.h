/* One field line of a request, or of the owner's --header (RFC 9112 5, RFC 9110 5). Pure. */
#ifndef MAYFLY_HTTP_FIELD_H
#define MAYFLY_HTTP_FIELD_H

#include "base/view.h"

struct field {
	struct view name;
	struct view value; /* without the white space around it */
};

/*@ predicate is_token(struct view v) =
      v.length > 0 && \forall integer i; 0 <= i < v.length ==> '!' <= v.data[i] <= '~' && v.data[i] != ':';
    // No control character except tab.
    predicate is_in_value(integer c) = !(0 <= c < ' ' && c != '\t') && c != 127;
    predicate has_no_control(struct view v) = \forall char *p; is_in(p, v) ==> is_in_value(*p); */

/* Whether it is a token (RFC 9110 5.6.2), as field names and methods must be. */
/*@ requires readable(token);
    assigns \nothing;
    ensures \result ==> is_token(token); */
bool token_is_valid(struct view token);

/* Whether it holds no control character except tab (RFC 9110 5.5). */
/*@ requires readable(value);
    assigns \nothing;
    ensures \result ==> has_no_control(value); */
bool field_value_is_valid(struct view value);

/*
 * Parses a line without its line ending. Returns NULL or a reason code: "field-folded" (the line
 * begins with white space and so continues the previous one, RFC 9112 5.2), "field-without-colon",
 * "field-name-malformed" (also for white space before the colon, RFC 9112 5.1),
 * "field-control-byte".
 */
/*@ requires readable(line) && \valid(field);
    assigns *field;
    ensures \result == \null ==> readable(field->name) && is_within(field->name, line) && is_token(field->name);
    ensures \result == \null ==>
      readable(field->value) && is_within(field->value, line) && has_no_control(field->value); */
const char *field_parse(struct view line, struct field *field);

/* Whether only the server may send the field: it frames the response, or says what bytes it has. */
/*@ requires readable(name);
    assigns \nothing; */
bool field_is_for_server(struct view name);

/* Whether --header may not set the field: it is the server's, or a default that _headers changes. */
/*@ requires readable(name);
    assigns \nothing; */
bool field_is_reserved(struct view name);

/*
 * Whether a field that the owner adds to 200 belongs in 304 too: each one except metadata of the
 * representation, which the client has already (RFC 9110 8, 15.4.5). Without Access-Control-Allow-Origin
 * a script may not even read that the response is 304.
 */
/*@ requires readable(name);
    assigns \nothing; */
bool field_is_in_not_modified(struct view name);

#endif
