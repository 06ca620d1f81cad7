/* What counts as a hit; see hit.h. */
#include "hit.h"
#include "base/parse.h"

enum { PROBE_MAX = 2 }; /* bytes that a player requests to learn whether it can seek */

static bool field_is_prefetch(const struct request *request, struct view name)
{
	const struct field *field = NULL;
	while ((field = request_field(request, name, field)) != NULL) {
		struct view parameters = field->value;
		struct view token;
		(void)parse_cut(&parameters, ';', &token);
		if (view_equal(view_trim(token), VIEW("prefetch")))
			return true;
	}
	return false;
}

bool hit_is_prefetch(const struct request *request)
{
	return field_is_prefetch(request, VIEW("sec-purpose")) ||
	       field_is_prefetch(request, VIEW("purpose"));
}

bool hit_begins_with(struct range first)
{
	return first.first == 0 && range_length(first) > PROBE_MAX;
}
