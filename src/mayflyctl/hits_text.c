/* Writing and reading exports; see hits_text.h. */
#include "hits_text.h"
#include "base/view.h"
#include "counter/counter.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char FORMAT[] = "mayfly-hits 1\n";

void hits_text_write(FILE *file, const struct counts *counts)
{
	(void)fputs(FORMAT, file);
	for (size_t i = 0; i < counts->size; i++)
		(void)fprintf(file, "%" PRIu64 "\t%s\n", counts->all[i].count,
		              counts_shown(counts->all[i].path, counts->all[i].path_length));
	(void)fprintf(file, "end\t%zu\n", counts->size);
}

bool hits_text_decode(char *path, size_t *length)
{
	size_t to = 0;
	for (size_t from = 0; from < *length; from++, to++) {
		path[to] = path[from];
		if (path[from] != '%')
			continue;
		int high = from + 2 < *length ? ascii_hex_value(path[from + 1]) : -1;
		int low = high >= 0 ? ascii_hex_value(path[from + 2]) : -1;
		if (low < 0)
			return false;
		path[to] = (char)(high * 16 + low);
		from += 2;
	}
	*length = to;
	return true;
}

/* The number that a line begins with; returns what follows it, or NULL where there is none. */
static char *take_number(char *line, uint64_t *number)
{
	char *end;
	if (!ascii_is_digit(*line))
		return NULL;
	errno = 0;
	*number = strtoull(line, &end, 10);
	return errno == 0 ? end : NULL;
}

static bool has_controls(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f)
			return true;
	return false;
}

/* Takes a line without its line feed. Returns what is wrong with it, or NULL. */
static const char *take_count(struct counts *counts, char *line, size_t length)
{
	uint64_t count;
	char *path = take_number(line, &count);
	if (path == NULL)
		return "does not begin with a number of 64 bits";
	if (*path != '\t')
		return "has no tab behind its number";
	path++;
	size_t path_length = length - (size_t)(path - line);
	if (has_controls(path, path_length) || !hits_text_decode(path, &path_length))
		return "has a path that is not encoded as in a URL";
	if (path_length > COUNTER_PATH_MAX)
		return "has a path of more than 4064 bytes";
	counts_add(counts, path, path_length, count);
	return counts->out_of_memory ? "is more than there is memory for" : NULL;
}

static const char *take_end(const struct counts *counts, char *line, size_t length)
{
	uint64_t number;
	const char *rest = take_number(line + strlen("end\t"), &number);
	if (rest == NULL || rest != line + length || number != counts->size)
		return "does not tell the number of counts before it: some are missing";
	return NULL;
}

struct text_reader {
	FILE *file;
	char *line;
	size_t room;
	ssize_t length; /* without the line feed; -1: there is no more line */
};

/* Reads a line; false where it is not ended by a line feed, or there is none. */
static bool read_line(struct text_reader *reader)
{
	reader->length = getline(&reader->line, &reader->room, reader->file);
	if (reader->length <= 0 || reader->line[reader->length - 1] != '\n')
		return false;
	reader->line[--reader->length] = '\0';
	return true;
}

static const char *read_counts(struct text_reader *reader, struct counts *counts, size_t *line)
{
	const char *wrong = NULL;
	for (;;) {
		++*line;
		if (!read_line(reader))
			return "is missing: the end was cut off";
		if (strncmp(reader->line, "end\t", 4) == 0)
			break;
		wrong = take_count(counts, reader->line, (size_t)reader->length);
		if (wrong != NULL)
			return wrong;
	}
	wrong = take_end(counts, reader->line, (size_t)reader->length);
	if (wrong != NULL)
		return wrong;
	++*line;
	return getc(reader->file) == EOF ? NULL : "stands behind the end";
}

const char *hits_text_read(FILE *file, struct counts *counts, size_t *line)
{
	struct text_reader reader = {.file = file};
	const char *wrong = "is not \"mayfly-hits 1\": this is no export";
	*line = 1;
	if (read_line(&reader) && strncmp(reader.line, FORMAT, strlen(FORMAT) - 1) == 0 &&
	    (size_t)reader.length == strlen(FORMAT) - 1)
		wrong = read_counts(&reader, counts, line);
	free(reader.line);
	return wrong;
}
