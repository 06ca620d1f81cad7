/* Evaluates conditional requests; see conditions.h. */
#include "conditions.h"
#include "date.h"
#include "entity_tag.h"

/* Gets the value of a field that must occur once. Returns false if it is missing or repeated. */
/*@ requires \valid_read(request) && fields_are_readable(request) && readable(name) && \valid(value);
    assigns *value;
    ensures \result ==> readable(*value) && value->length < INT64_MAX; */
static bool only_value(const struct request *request, struct view name, struct view *value)
{
	const struct field *field = request_field(request, name, NULL);
	if (field == NULL || request_field(request, name, field) != NULL)
		return false;
	*value = field->value;
	return true;
}

/*@ requires \valid_read(request) && fields_are_readable(request) && readable(name) && \valid(date);
    assigns *date; */
static bool date_of(const struct request *request, struct view name, int64_t now, int64_t *date)
{
	struct view value;
	return only_value(request, name, &value) && date_parse(value, now, date);
}

/* Whether "*" or a matching tag is in any line of If-Match or If-None-Match (RFC 9110 13.1.1-2). */
/*@ requires \valid_read(request) && fields_are_readable(request) && readable(name) && readable(tag);
    assigns \nothing; */
static bool names_tag(const struct request *request, struct view name, struct view tag,
                      enum comparison comparison)
{
	const struct field *field = NULL;
	/*@ loop invariant is_field_or_null(request, field);
	    loop assigns field;
	    loop variant request->field_count - field_index(request, field); */
	while ((field = request_field(request, name, field)) != NULL)
		if (view_equal(field->value, VIEW("*")) ||
		    entity_tag_in_list(field->value, tag, comparison))
			return true;
	return false;
}

/* Whether the representation was modified after the date in If-Unmodified-Since (RFC 9110 13.1.4). */
/*@ requires \valid_read(request) && fields_are_readable(request) && \valid_read(validators);
    assigns \nothing;
    ensures \result ==> validators->has_last_modified; */
static bool was_modified(const struct request *request, const struct validators *validators,
                         int64_t now)
{
	int64_t date;
	return validators->has_last_modified &&
	       date_of(request, VIEW("if-unmodified-since"), now, &date) &&
	       validators->last_modified > date;
}

/* Whether it was not modified after the date in If-Modified-Since (RFC 9110 13.1.3). */
/*@ requires \valid_read(request) && fields_are_readable(request) && \valid_read(validators);
    assigns \nothing;
    ensures \result ==> validators->has_last_modified; */
static bool was_not_modified(const struct request *request, const struct validators *validators,
                             int64_t now)
{
	int64_t date;
	return validators->has_last_modified &&
	       date_of(request, VIEW("if-modified-since"), now, &date) && date <= now &&
	       validators->last_modified <= date;
}

enum conditions conditions_evaluate(const struct request *request,
                                    const struct validators *validators, int64_t now)
{
	if (request->method != METHOD_GET && request->method != METHOD_HEAD)
		return CONDITIONS_PASS;

	if (request_field(request, VIEW("if-match"), NULL) != NULL) {
		if (!names_tag(request, VIEW("if-match"), validators->tag, COMPARE_STRONG))
			return CONDITIONS_FAILED;
	} else if (was_modified(request, validators, now)) {
		return CONDITIONS_FAILED;
	}

	if (request_field(request, VIEW("if-none-match"), NULL) != NULL) {
		if (names_tag(request, VIEW("if-none-match"), validators->tag, COMPARE_WEAK))
			return CONDITIONS_NOT_MODIFIED;
	} else if (was_not_modified(request, validators, now)) {
		return CONDITIONS_NOT_MODIFIED;
	}
	return CONDITIONS_PASS;
}

/* A tag has quotation marks, a date has none (RFC 9110 13.1.5). */
/*@ requires readable(value) && \valid_read(validators) && readable(validators->tag);
    assigns \nothing; */
static bool if_range_holds(struct view value, const struct validators *validators, int64_t now)
{
	int64_t date;
	if (view_contains(value, '"'))
		return entity_tag_equal(value, validators->tag, COMPARE_STRONG);
	return validators->has_last_modified && !validators->date_is_shared &&
	       date_parse(value, now, &date) && date == validators->last_modified && date < now;
}

bool range_applies(const struct request *request, const struct validators *validators, int64_t now,
                   struct view *range)
{
	struct view value;
	if (request->method != METHOD_GET || !only_value(request, VIEW("range"), range))
		return false;
	if (request_field(request, VIEW("if-range"), NULL) == NULL)
		return true;
	return only_value(request, VIEW("if-range"), &value) &&
	       if_range_holds(value, validators, now);
}
