/* Parses a field line; see field.h. */
#include "field.h"
#include "base/parse.h"

static bool is_token_byte(char c)
{
	if (ascii_is_letter(c) || ascii_is_digit(c))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool token_is_valid(struct view token)
{
	for (size_t i = 0; i < token.length; i++)
		if (!is_token_byte(token.data[i]))
			return false;
	return token.length > 0;
}

bool field_value_is_valid(struct view value)
{
	for (size_t i = 0; i < value.length; i++)
		if (ascii_is_control(value.data[i]) && value.data[i] != '\t')
			return false;
	return true;
}

const char *field_parse(struct view line, struct field *field)
{
	if (line.length > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
		return "field-folded";
	if (!parse_cut(&line, ':', &field->name))
		return "field-without-colon";
	field->value = view_trim(line);
	if (!token_is_valid(field->name))
		return "field-name-malformed";
	return field_value_is_valid(field->value) ? NULL : "field-control-byte";
}

static bool is_one_of(struct view name, const char (*names)[24], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal_nocase(name, view_of(names[i])))
			return true;
	return false;
}

bool field_is_in_not_modified(struct view name)
{
	static const char NAMES[][24] = {"content-encoding", "content-language", "content-length",
	                                 "content-range", "content-type"};
	return !is_one_of(name, NAMES, sizeof NAMES / sizeof NAMES[0]);
}

bool field_is_for_server(struct view name)
{
	static const char NAMES[][24] = {
	    "accept-ranges",     "allow",         "connection", "content-encoding",
	    "content-length",    "content-range", "date",       "etag",
	    "keep-alive",        "last-modified", "location",   "trailer",
	    "transfer-encoding", "upgrade",
	};
	return is_one_of(name, NAMES, sizeof NAMES / sizeof NAMES[0]);
}

bool field_is_reserved(struct view name)
{
	static const char NAMES[][24] = {"cache-control", "content-type", "vary",
	                                 "x-content-type-options"};
	return field_is_for_server(name) || is_one_of(name, NAMES, sizeof NAMES / sizeof NAMES[0]);
}
