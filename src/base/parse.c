/* Reading pieces of text; see parse.h. */
#include "parse.h"

bool parse_digits(struct view *rest, uint64_t *number, bool *fits)
{
	size_t length = 0;
	*number = 0;
	*fits = true;
	/*@ loop invariant length <= rest->length;
	    loop assigns length, *number, *fits;
	    loop variant rest->length - length; */
	for (; length < rest->length && ascii_is_digit(rest->data[length]); length++) {
		uint64_t digit = (uint64_t)(rest->data[length] - '0');
		if (*number > (UINT64_MAX - digit) / 10) {
			*fits = false;
			continue;
		}
		/*@ assert *number * 10 + digit <= UINT64_MAX; */
		*number = *number * 10 + digit;
	}
	if (!*fits)
		*number = UINT64_MAX;
	*rest = view_from(*rest, length);
	return length > 0;
}

bool parse_number(struct view text, uint64_t min, uint64_t max, uint64_t *number)
{
	uint64_t read;
	bool fits;
	if (!parse_digits(&text, &read, &fits) || !fits || text.length > 0 || read < min ||
	    read > max)
		return false;
	*number = read;
	return true;
}

int parse_choice(struct view word, struct view choices)
{
	struct view choice;
	/*@ loop invariant readable(choices) && 0 <= i;
	    loop invariant i + choices.length <= \at(choices.length, Pre);
	    loop assigns i, choices, choice;
	    loop variant choices.length; */
	for (int i = 0; choices.length > 0; i++) {
		(void)parse_cut(&choices, '|', &choice);
		if (view_equal(word, choice))
			return i;
	}
	return -1;
}

bool parse_cut(struct view *rest, char separator, struct view *part)
{
	size_t length = view_find(*rest, separator);
	bool found = length < rest->length;
	*part = (struct view){rest->data, length};
	*rest = view_from(*rest, found ? length + 1 : length);
	return found;
}

struct view parse_word(struct view *rest)
{
	struct view word;
	(void)parse_cut(rest, ' ', &word);
	return word;
}

struct view parse_line(struct view *rest)
{
	struct view line;
	(void)parse_cut(rest, '\n', &line);
	if (line.length > 0 && line.data[line.length - 1] == '\r')
		line.length--;
	return line;
}

bool parse_prefix(struct view *rest, struct view prefix)
{
	struct view front = {rest->data, prefix.length};
	if (rest->length < prefix.length || !view_equal_nocase(front, prefix))
		return false;
	*rest = view_from(*rest, prefix.length);
	return true;
}

int parse_percent_byte(struct view *rest)
{
	if (rest->data[0] != '%') {
		int byte = (unsigned char)rest->data[0];
		*rest = view_from(*rest, 1);
		return byte;
	}
	int high = rest->length >= 3 ? ascii_hex_value(rest->data[1]) : -1;
	int low = high >= 0 ? ascii_hex_value(rest->data[2]) : -1;
	if (low < 0)
		return -1;
	/*@ assert rest->data[1] != '%' && rest->data[2] != '%'; */
	*rest = view_from(*rest, 3);
	return high * 16 + low;
}
