/* Parses a field line; see field.h. */
#include "field.h"

static bool is_token_byte(char c)
{
	switch (c) {
	case '!':
	case '#':
	case '$':
	case '%':
	case '&':
	case '\'':
	case '*':
	case '+':
	case '-':
	case '.':
	case '^':
	case '_':
	case '`':
	case '|':
	case '~':
		return true;
	default:
		return ascii_is_letter(c) || ascii_is_digit(c);
	}
}

/* Returns the length of the token at the beginning of a view, 0 if there is none. */
static size_t token_length(struct view bytes)
{
	size_t length = 0;
	while (length < bytes.length && is_token_byte(bytes.data[length]))
		length++;
	return length;
}

bool token_is_valid(struct view token)
{
	return token.length > 0 && token_length(token) == token.length;
}

bool field_value_is_valid(struct view value)
{
	for (size_t i = 0; i < value.length; i++)
		if (ascii_is_control(value.data[i]) && value.data[i] != '\t')
			return false;
	return true;
}

/* The reason why a line does not begin with a name and a colon. */
static const char *refuse_name(struct view line)
{
	return view_contains(line, ':') ? "field-name-malformed" : "field-without-colon";
}

const char *field_parse(struct view line, struct field *field)
{
	if (line.length > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
		return "field-folded";
	size_t length = token_length(line);
	if (length == 0 || length == line.length || line.data[length] != ':')
		return refuse_name(line);
	field->name = (struct view){line.data, length};
	field->value = view_trim(view_from(line, length + 1));
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
	    "accept-ranges",
	    "allow",
	    "connection",
	    "content-encoding",
	    "content-length",
	    "content-range",
	    "date",
	    "etag",
	    "keep-alive",
	    "last-modified",
	    "location",
	    "trailer",
	    "transfer-encoding",
	    "upgrade",
	    "x-listing-truncated",
	};
	return is_one_of(name, NAMES, sizeof NAMES / sizeof NAMES[0]);
}

bool field_is_reserved(struct view name)
{
	static const char NAMES[][24] = {"cache-control", "content-type", "vary",
	                                 "x-content-type-options"};
	return field_is_for_server(name) || is_one_of(name, NAMES, sizeof NAMES / sizeof NAMES[0]);
}
