/* Writing and reading exports; see hits_text.h. */
#include "hits_text.h"
#include "base/parse.h"
#include "counter/layout.h"
#include <inttypes.h>

static const char FORMAT[] = "mayfly-hits 1";

void hits_text_write_format(FILE *file)
{
	(void)fprintf(file, "%s\n", FORMAT);
}

void hits_text_write_lines(FILE *file, struct counts *counts, const char *prefix)
{
	struct count count;
	counts_rewind(counts);
	while (counts_next(counts, &count))
		(void)fprintf(file, "%s%" PRIu64 "\t%s\n", prefix, count.count,
		              counts_shown(count.path, count.path_length));
}

void hits_text_write_counts(FILE *file, struct counts *counts)
{
	hits_text_write_lines(file, counts, "");
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

static const char TOO_LONG[] = "the path is longer than 4064 bytes";

struct text_line {
	struct view text; /* without its line feed */
	bool is_cut;      /* it is longer than LINE_MAX_LENGTH */
	char buffer[LINE_MAX_LENGTH];
};

/* Returns false if there is no further line, or it does not end with a line feed. */
static bool read_line(FILE *file, struct text_line *line)
{
	size_t length = 0;
	line->is_cut = false;
	for (int byte; (byte = getc_unlocked(file)) != '\n';) {
		if (byte == EOF)
			return false;
		if (length == sizeof line->buffer) {
			line->is_cut = true;
			break;
		}
		line->buffer[length++] = (char)byte;
	}
	line->text = (struct view){line->buffer, length};
	return true;
}

const char *hits_text_parse_count(struct view line, hits_text_each *each, void *context)
{
	static char path[LINE_MAX_LENGTH];
	uint64_t count;
	bool fits;
	size_t length;
	if (!parse_digits(&line, &count, &fits) || !fits)
		return "no 64-bit number at the start";
	if (line.length == 0 || line.data[0] != '\t')
		return "no tab after the number";
	line = view_from(line, 1);
	if (line.length > sizeof path) /* GCOVR_EXCL_BR_LINE: callers read no longer lines */
		return TOO_LONG;
	if (!decode_path(line, path, &length))
		return "the path is not percent-encoded";
	if (length > COUNTER_PATH_MAX)
		return TOO_LONG;
	each(context, path, length, count);
	return NULL;
}

/* Reads the comments. Returns NULL when `line` is the first line after them, or the error. */
static const char *read_comments(FILE *file, const struct hits_text_reader *reader,
                                 struct text_line *line, size_t *number)
{
	const char *problem = NULL;
	do {
		++*number;
		if (!read_line(file, line))
			return "no end marker; the text was cut off";
		struct view rest = line->text;
		if (rest.length == 0 || rest.data[0] != '#')
			return NULL;
		rest = view_trim(view_from(rest, 1));
		if (line->is_cut)
			problem = "the comment is too long";
		else if (reader->comment != NULL)
			problem = reader->comment(reader->comment_context, rest);
	} while (problem == NULL);
	return problem;
}

static const char *read_counts(FILE *file, const struct hits_text_reader *reader,
                               struct text_line *line, size_t *number)
{
	size_t size = 0;
	for (;; size++) {
		struct view word, rest = line->text;
		uint64_t end;
		bool is_end = parse_cut(&rest, '\t', &word) && view_equal(word, VIEW("end"));
		if (is_end && !parse_number(rest, size, size, &end))
			return "the end marker counts other lines than there are; some are missing";
		if (is_end)
			return NULL;
		const char *problem =
		    hits_text_parse_count(line->text, reader->each, reader->context);
		if (problem == NULL && line->is_cut)
			problem = TOO_LONG;
		if (problem == NULL && reader->problem != NULL)
			problem = *reader->problem;
		if (problem != NULL)
			return problem;
		++*number;
		if (!read_line(file, line))
			return "no end marker; the text was cut off";
	}
}

const char *hits_text_read_part(FILE *file, const struct hits_text_reader *reader, size_t *line)
{
	static struct text_line text;
	++*line;
	if (!read_line(file, &text) || !view_equal(text.text, view_of(FORMAT)))
		return "not \"mayfly-hits 1\"; this is not an export";
	const char *problem = read_comments(file, reader, &text, line);
	return problem == NULL ? read_counts(file, reader, &text, line) : problem;
}
