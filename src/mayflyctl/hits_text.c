/* Writing and reading exports; see hits_text.h. */
#include "hits_text.h"
#include "base/parse.h"
#include "counter/layout.h"
#include <inttypes.h>

static const char FORMAT[] = "mayfly-hits 1";

void hits_text_write(FILE *file, struct counts *counts)
{
	struct count count;
	(void)fprintf(file, "%s\n", FORMAT);
	counts_rewind(counts);
	while (counts_next(counts, &count))
		(void)fprintf(file, "%" PRIu64 "\t%s\n", count.count,
		              counts_shown(count.path, count.path_length));
	(void)fprintf(file, "end\t%zu\n", counts->size);
}

/* Decodes a path; `path` has room for `encoded`. Returns false if an escape is invalid. */
static bool decode_path(struct view encoded, char *path, size_t *length)
{
	for (*length = 0; encoded.length > 0; ++*length) {
		bool is_control = (unsigned char)encoded.data[0] < ' ' || encoded.data[0] == 0x7f;
		int byte = is_control ? -1 : parse_percent_byte(&encoded);
		if (byte < 0)
			return false;
		path[*length] = (char)byte;
	}
	return true;
}

/* Room for a number, a tab, and a path in which each byte is percent-encoded. */
enum { LINE_MAX_LENGTH = 64 + 1 + 3 * COUNTER_PATH_MAX };

struct text_reader {
	FILE *file;
	struct view line; /* without its line feed */
	bool is_cut;      /* the line is longer than LINE_MAX_LENGTH */
	char buffer[LINE_MAX_LENGTH];
};

/* Returns false if there is no further line, or it does not end with a line feed. */
static bool read_line(struct text_reader *reader)
{
	size_t length = 0;
	reader->is_cut = false;
	for (int byte; (byte = getc_unlocked(reader->file)) != '\n';) {
		if (byte == EOF)
			return false;
		if (length == sizeof reader->buffer) {
			reader->is_cut = true;
			break;
		}
		reader->buffer[length++] = (char)byte;
	}
	reader->line = (struct view){reader->buffer, length};
	return true;
}

/* Decodes the path in place: decoding never makes it longer. */
static const char *read_count(struct text_reader *reader, struct counts *counts)
{
	struct view rest = reader->line;
	uint64_t count;
	bool fits;
	size_t length;
	if (!parse_digits(&rest, &count, &fits) || !fits)
		return "no 64-bit number at the start";
	if (rest.length == 0 || rest.data[0] != '\t')
		return "no tab after the number";
	if (!decode_path(view_from(rest, 1), reader->buffer, &length))
		return "the path is not percent-encoded";
	if (length > COUNTER_PATH_MAX || reader->is_cut)
		return "the path is longer than 4064 bytes";
	counts_add(counts, reader->buffer, length, count);
	return counts->problem;
}

static const char *read_counts(struct text_reader *reader, struct counts *counts, size_t *line)
{
	uint64_t number;
	for (;;) {
		struct view word, rest;
		++*line;
		if (!read_line(reader))
			return "no end marker; the text was cut off";
		rest = reader->line;
		bool is_end = parse_cut(&rest, '\t', &word) && view_equal(word, VIEW("end"));
		if (is_end && !parse_number(rest, counts->size, counts->size, &number))
			return "the end marker counts other lines than there are; some are missing";
		if (is_end)
			break;
		const char *problem = read_count(reader, counts);
		if (problem != NULL)
			return problem;
	}
	++*line;
	return getc(reader->file) == EOF ? NULL : "data after the end marker";
}

const char *hits_text_read(FILE *file, struct counts *counts, size_t *line)
{
	struct text_reader reader = {.file = file};
	const char *problem = "not \"mayfly-hits 1\"; this is not an export";
	*line = 1;
	if (read_line(&reader) && view_equal(reader.line, view_of(FORMAT)))
		problem = read_counts(&reader, counts, line);
	return problem;
}
