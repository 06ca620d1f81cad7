/*
 * Accept-Encoding: the chosen coding is available and was requested, and a list means the same on
 * one line as on several.
 */
#include "fuzz.h"
#include "http/encoding.h"

enum { VALUE_MAX = 1000 };

static struct request request;

static void add_line(const char *value, size_t length)
{
	request.fields[request.field_count++] =
	    (struct field){VIEW("Accept-Encoding"), view_trim((struct view){value, length})};
}

/* Puts each member on its own line; false if there are more members than allowed fields. */
static bool split(struct view value)
{
	request.field_count = 0;
	for (;;) {
		const char *comma = memchr(value.data, ',', value.length);
		if (request.field_count == REQUEST_FIELDS_MAX)
			return false;
		if (comma == NULL) {
			add_line(value.data, value.length);
			return true;
		}
		size_t length = (size_t)(comma - value.data);
		add_line(value.data, length);
		value = view_from(value, length + 1);
	}
}

static void expect_requested(const char *value, enum coding chosen)
{
	char name[8] = "";
	memcpy(name, coding_name(chosen).data, coding_name(chosen).length);
	HOLDS(strcasestr(value, name) != NULL || strchr(value, '*') != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	char copy[VALUE_MAX + 1] = "";
	unsigned available = (unsigned)take(&input, 1) & ((1u << CODING_COUNT) - 1);
	struct view value = take_rest(&input);
	if (value.length > VALUE_MAX)
		return 0;
	if (value.length > 0)
		memcpy(copy, value.data, value.length);
	request.field_count = 0;
	HOLDS(coding_choose(&request, available) == CODING_IDENTITY);
	add_line(value.data, value.length);
	enum coding chosen = coding_choose(&request, available);
	HOLDS(chosen == CODING_IDENTITY || (available & 1u << chosen) != 0);
	HOLDS(coding_choose(&request, 1u << CODING_IDENTITY) == CODING_IDENTITY);
	if (chosen != CODING_IDENTITY && memchr(copy, '\0', value.length) == NULL)
		expect_requested(copy, chosen);
	if (chosen != CODING_IDENTITY)
		HOLDS(coding_choose(&request, 1u << chosen) == chosen);
	if (split(value))
		HOLDS(coding_choose(&request, available) == chosen);
	return 0;
}
