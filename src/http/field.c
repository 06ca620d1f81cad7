/* Parses a field line; see field.h. */
#include "field.h"
#include "base/parse.h"

/*@ assigns \nothing;
    ensures \result ==> '!' <= c <= '~' && c != ':'; */
static bool is_token_mark(char c)
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
		return false;
	}
}

/*@ assigns \nothing;
    ensures \result ==> '!' <= c <= '~' && c != ':'; */
static bool is_token_byte(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || is_token_mark(c);
}

/* Returns the length of the token at the beginning of a view, 0 if there is none. */
/*@ requires readable(bytes);
    assigns \nothing;
    ensures \result <= bytes.length;
    ensures \forall integer i; 0 <= i < \result ==> '!' <= bytes.data[i] <= '~' && bytes.data[i] != ':'; */
static size_t token_length(struct view bytes)
{
	size_t length = 0;
	/*@ loop invariant length <= bytes.length;
	    loop invariant \forall integer i; 0 <= i < length ==> '!' <= bytes.data[i] <= '~' && bytes.data[i] != ':';
	    loop assigns length;
	    loop variant bytes.length - length; */
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
	/*@ loop invariant i <= value.length;
	    loop invariant has_no_control({value \with .length = i});
	    loop assigns i;
	    loop variant value.length - i; */
	for (size_t i = 0; i < value.length; i++)
		if (ascii_is_control(value.data[i]) && value.data[i] != '\t')
			return false;
	return true;
}

/* The reason why a line does not begin with a name and a colon. */
/*@ requires readable(line);
    assigns \nothing;
    ensures \result != \null; */
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

/* Whether a name is in a list such as "date|etag". */
/*@ requires readable(name) && readable(names);
    assigns \nothing; */
static bool is_one_of(struct view name, struct view names)
{
	struct view other;
	/*@ loop invariant readable(names);
	    loop assigns names, other;
	    loop variant names.length; */
	while (names.length > 0) {
		(void)parse_cut(&names, '|', &other);
		if (view_equal_nocase(name, other))
			return true;
	}
	return false;
}

bool field_is_in_not_modified(struct view name)
{
	return !is_one_of(name, VIEW("content-encoding|content-language|content-length|"
	                             "content-range|content-type"));
}

bool field_is_for_server(struct view name)
{
	return is_one_of(name,
	                 VIEW("accept-ranges|allow|connection|content-encoding|content-length|"
	                      "content-range|date|etag|keep-alive|last-modified|location|"
	                      "trailer|transfer-encoding|upgrade|x-listing-truncated"));
}

bool field_is_reserved(struct view name)
{
	return field_is_for_server(name) ||
	       is_one_of(name, VIEW("cache-control|content-type|vary|x-content-type-options"));
}
