/* Variables and words as systemd reads them; see environment.h. */
#include "environment.h"
#include "memory.h"
#include "transfer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 65536 };

static const char BLANKS[] = " \t";
static const char SPACES[] = " \t\r\n";

/*
 * Copies a quoted part of an environment file to *to; returns what follows it. Between double
 * quotes a backslash escapes, as in a shell.
 */
static const char *copy_quoted(const char *from, char **to)
{
	char quote = *from++;
	while (*from != '\0' && *from != quote) {
		bool escapes = quote == '"' && *from == '\\';
		if (escapes && from[1] == '\0')
			return from + 1;
		if (escapes && strchr("\"\\`$\n", from[1]) != NULL)
			from++;
		if (!escapes || *from != '\n')
			*(*to)++ = *from;
		from++;
	}
	return *from == quote ? from + 1 : from;
}

/* Copies the character after a backslash; skips a line feed there, which continues the line. */
static const char *copy_escaped(const char *from, char **to)
{
	from++;
	if (*from != '\0' && *from != '\n')
		*(*to)++ = *from;
	return *from != '\0' ? from + 1 : from;
}

/*
 * Copies a value up to the end of its line; returns the next line. Quotes are special only at the
 * start of the value.
 */
static const char *copy_value(const char *from, char *to)
{
	from += strspn(from, BLANKS);
	while (*from == '"' || *from == '\'') {
		from = copy_quoted(from, &to);
		from += strspn(from, BLANKS);
	}
	char *kept = to; /* the end, without trailing blanks */
	while (*from != '\0' && *from != '\n') {
		bool blank = strchr(BLANKS, *from) != NULL;
		if (*from == '\\')
			from = copy_escaped(from, &to);
		else
			*to++ = *from++;
		if (!blank)
			kept = to;
	}
	*kept = '\0';
	return *from == '\n' ? from + 1 : from;
}

/* Returns the next line; a backslash at the end of a line continues it. */
static const char *next_line(const char *text)
{
	while (*text != '\0' && *text != '\n')
		text += text[0] == '\\' && text[1] != '\0' ? 2 : 1;
	return *text == '\n' ? text + 1 : text;
}

char *environment_value(const char *text, const char *name)
{
	size_t length = strlen(name);
	char *value = memory_allocate(strlen(text) + 1, 1);
	char *passed = memory_allocate(strlen(text) + 1, 1);
	bool found = false;
	while (*text != '\0') {
		text += strspn(text, SPACES);
		size_t line = strcspn(text, "=\n");
		if (*text == '#' || *text == ';' || text[line] != '=') {
			text = next_line(text);
			continue;
		}
		size_t key = strcspn(text, " \t=");
		bool wanted = key == length && memcmp(text, name, length) == 0;
		text = copy_value(text + line + 1, wanted ? value : passed);
		found = found || wanted;
	}
	free(passed);
	if (found)
		return value;
	free(value);
	return NULL;
}

bool environment_next_name(const char **text, char *name, size_t size)
{
	*text += strspn(*text, SPACES);
	while (**text == '#' || **text == ';') {
		*text = next_line(*text);
		*text += strspn(*text, SPACES);
	}
	size_t length = strcspn(*text, "=\n");
	if (**text == '\0')
		return false;
	bool has_value = (*text)[length] == '=';
	const char *value = *text + length + 1;
	(void)snprintf(name, size, "%.*s", (int)length, *text);
	for (size_t end = strlen(name); end > 0 && strchr(SPACES, name[end - 1]) != NULL; end--)
		name[end - 1] = '\0';
	char *passed = has_value ? memory_allocate(strlen(value) + 1, 1) : NULL;
	*text = passed != NULL ? copy_value(value, passed) : next_line(*text);
	free(passed);
	return true;
}

/* Reads an open file; a part of it could have another meaning. Returns NULL on failure (errno). */
static char *read_regular(int file)
{
	struct stat status;
	if (fstat(file, &status) != 0)
		return NULL;
	errno = ENODEV;
	if (!S_ISREG(status.st_mode))
		return NULL;
	char *text = memory_allocate(FILE_MAX, 1);
	if (transfer_read(file, text, FILE_MAX - 1) >= 0)
		return text;
	int error = errno;
	free(text);
	errno = error;
	return NULL;
}

/* Opens a regular file only: opening a FIFO would block. */
char *environment_read(const char *file_name)
{
	int file = open(file_name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return NULL;
	char *text = read_regular(file);
	int error = errno;
	(void)close(file);
	errno = error;
	return text;
}

/* Copies one character of a word, without its backslash. */
static const char *copy_one(const char *from, char **to)
{
	if (*from == '\\')
		return copy_escaped(from, to);
	*(*to)++ = *from;
	return from + 1;
}

char *environment_next_word(char **rest)
{
	const char *from = *rest + strspn(*rest, SPACES);
	char *word = *rest;
	char *to = word;
	char quote = '\0';
	if (*from == '\0')
		return NULL;
	while (*from != '\0' && (quote != '\0' || strchr(SPACES, *from) == NULL)) {
		if (*from == quote)
			quote = '\0';
		else if (quote == '\0' && (*from == '"' || *from == '\''))
			quote = *from;
		else {
			from = copy_one(from, &to);
			continue;
		}
		from++;
	}
	*rest += from - *rest + (*from != '\0');
	*to = '\0';
	return word;
}
