/* Options in one table; see option_table.h. */
#include "option_table.h"

void option_table_for_getopt(const struct option_row *rows, size_t count, struct option *options)
{
	/* Member by member: a whole struct would be cleared first, which takes longer. */
	for (size_t i = 0; i < count; i++) {
		options[i].name = rows[i].name;
		options[i].has_arg = rows[i].argument[0] != '\0' ? required_argument : no_argument;
		options[i].flag = NULL;
		options[i].val = rows[i].code;
	}
	options[count] = (struct option){0};
}

/* The width of "--name ARGUMENT" in the widest row, in characters. */
static size_t left_column_width(const struct option_row *rows, size_t count)
{
	size_t width = 0;
	for (size_t i = 0; i < count; i++) {
		size_t argument = strlen(rows[i].argument);
		size_t row = 2 + strlen(rows[i].name) + (argument > 0 ? 1 + argument : 0);
		if (row > width)
			width = row;
	}
	return width;
}

static bool has_letters(const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].code < OPTION_CODE_MIN)
			return true;
	return false;
}

static void add_letter(struct buffer *help, int code)
{
	if (code >= OPTION_CODE_MIN) {
		buffer_add(help, VIEW("    "));
		return;
	}
	buffer_add_byte(help, '-');
	buffer_add_byte(help, (char)code);
	buffer_add(help, VIEW(", "));
}

void option_table_add_help(const struct option_row *rows, size_t count, struct buffer *help)
{
	size_t width = left_column_width(rows, count);
	bool letters = has_letters(rows, count);
	for (size_t i = 0; i < count; i++) {
		buffer_add(help, VIEW("  "));
		if (letters)
			add_letter(help, rows[i].code);
		size_t start = help->length;
		buffer_add(help, VIEW("--"));
		buffer_add_string(help, rows[i].name);
		if (rows[i].argument[0] != '\0')
			buffer_add(help, VIEW(" "));
		buffer_add_string(help, rows[i].argument);
		while (help->length - start < width + 2 && !help->truncated)
			buffer_add(help, VIEW(" "));
		buffer_add_string(help, rows[i].help);
		buffer_add(help, VIEW("\n"));
	}
}

const char *option_table_name(const struct option_row *rows, size_t count, int code)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].code == code)
			return rows[i].name;
	return "";
}

bool option_table_add_error(struct buffer *error, const char *before, const char *cause,
                            const char *after)
{
	buffer_add_string(error, before);
	buffer_add_escaped_max(error, view_of(cause), 80);
	buffer_add_string(error, after);
	return false;
}

bool option_table_add_rejected(const struct option_row *rows, size_t count, const char *word,
                               struct buffer *error)
{
	const char letter[] = {'-', (char)optopt, '\0'};
	const char *name = option_table_name(rows, count, optopt);
	if (*name != '\0')
		return option_table_add_error(error, "--", name, " takes no value");
	return option_table_add_error(error, "unknown option ", optopt != 0 ? letter : word,
	                              "; see --help");
}
