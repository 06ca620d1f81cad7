/* Keeping findings; see findings.h. */
#include "findings.h"
#include "base/buffer.h"
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void found(struct findings *findings, const char *remedy, const char *format, ...)
{
	va_list arguments;
	char *problem;
	va_start(arguments, format);
	int length = vasprintf(&problem, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	struct json_object *finding = json_object_new_object();
	json_object_object_add(finding, "problem", json_object_new_string(problem));
	json_object_object_add(finding, "remedy", json_object_new_string(remedy));
	json_object_array_add(findings->list, finding);
	free(problem);
}

void noted(struct findings *findings, const char *format, ...)
{
	va_list arguments;
	char *sentence;
	va_start(arguments, format);
	int length = vasprintf(&sentence, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	json_object_array_add(findings->notes, json_object_new_string(sentence));
	free(sentence);
}

enum { NAMES = 4, MOST = PATH_MAX, ROOM = 4 * (MOST + 2) };

/* The next of a few buffers that take turns, as an empty text with room for an end of string. */
static struct buffer next_text(void)
{
	static char buffers[NAMES][ROOM];
	static unsigned next;
	return (struct buffer){buffers[next++ % NAMES], ROOM - 1, 0, false};
}

static const char *end(struct buffer *text)
{
	text->data[text->length] = '\0';
	return text->data;
}

const char *shown_name(const char *name)
{
	struct buffer text = next_text();
	buffer_add_escaped_max(&text, view_of(name), ROOM - 8);
	return end(&text);
}

const char *quoted_name(const char *name)
{
	static const char PLAIN[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
	if (name[strspn(name, PLAIN)] == '\0')
		return name;
	struct buffer text = next_text();
	buffer_add_string(&text, "$'");
	for (; *name != '\0'; name++) {
		if (*name == '\'')
			buffer_add_string(&text, "\\'");
		else
			buffer_add_escaped(&text, (struct view){name, 1});
	}
	buffer_add_string(&text, "'");
	return end(&text);
}
