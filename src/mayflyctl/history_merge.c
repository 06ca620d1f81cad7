/* Merging histories; see history_merge.h. */
#include "history_merge.h"
#include "base/parse.h"
#include <errno.h>

static const char *fail(struct history_merge *merge, const char *problem)
{
	if (problem == NULL)
		return NULL;
	(void)snprintf(merge->problem, sizeof merge->problem, "%s", problem);
	return merge->problem;
}

bool history_exists(const char *counter_file)
{
	struct history history;
	const char *problem = history_open(&history, counter_file, HISTORY_READ);
	bool exists = problem != NULL || history.count > 0;
	history_close(&history);
	return exists;
}

/* --- Entry by entry. --- */

/* Writes each entry of a history to a file. */
struct copier {
	FILE *file;
	size_t count;
	bool without_times; /* of snapshots: they are those of another history */
	struct counts hits, dropped;
	struct history_base *base; /* what the entries add up to; may be NULL */
	const char *problem;
};

static void copy_hits(void *context, const char *path, size_t path_length, uint64_t count)
{
	struct copier *copier = context;
	counts_add(&copier->hits, path, path_length, count);
	if (copier->base != NULL)
		history_base_add_hits(copier->base, path, path_length, count);
}

static void copy_dropped(void *context, const char *path, size_t path_length, uint64_t count)
{
	struct copier *copier = context;
	counts_add(&copier->dropped, path, path_length, count);
	if (copier->base != NULL)
		history_base_add_dropped(copier->base, path, path_length, count);
}

static void copy_entry(void *context, const struct history_entry *entry)
{
	struct copier *copier = context;
	struct history_entry copy = *entry;
	if (copier->base != NULL)
		history_base_add_entry(copier->base, entry);
	copy.folded = 0; /* these are days of the other history */
	if (copier->without_times)
		copy.period.taken = 0;
	const char *problem = counts_combine(&copier->hits);
	if (problem == NULL)
		problem = counts_combine(&copier->dropped);
	if (problem == NULL)
		history_entry_write(copier->file, &copy, &copier->hits, &copier->dropped);
	if (problem == NULL && ferror(copier->file))
		problem = strerror(errno);
	if (copier->problem == NULL)
		copier->problem = problem;
	copier->count++;
	counts_free(&copier->hits);
	counts_free(&copier->dropped);
}

static struct history_visitor visitor_of(struct copier *copier)
{
	return (struct history_visitor){
	    .sink = {.hits = copy_hits,
	             .dropped = copy_dropped,
	             .hits_context = copier,
	             .dropped_context = copier,
	             .problem = &copier->problem},
	    .done = copy_entry,
	    .context = copier,
	};
}

const char *history_export(struct history *history, FILE *file)
{
	struct copier copier = {.file = file};
	const struct history_visitor visitor = visitor_of(&copier);
	const char *problem = history_read(history, &visitor);
	counts_free(&copier.hits);
	counts_free(&copier.dropped);
	if (problem == NULL)
		problem = copier.problem;
	if (problem == NULL)
		(void)fprintf(file, "history\t%zu\n", copier.count);
	return problem;
}

/* --- The sources. --- */

static const char *open_file(struct history_merge *merge)
{
	if (merge->file == NULL)
		merge->file = counts_temporary_file();
	if (merge->file == NULL)
		return "cannot create a temporary file in TMPDIR or /var/tmp";
	return NULL;
}

/* Adds what the entries of a source lack for the sum to be `totals`. */
static const char *add_rest(struct history_merge *merge, struct history_base *base,
                            struct counts *totals)
{
	struct history_difference difference;
	const char *problem = history_compare(base, totals, &difference);
	difference.entry.period.taken = 0;
	if (problem == NULL)
		history_entry_write(merge->file, &difference.entry, &difference.hits,
		                    &difference.dropped);
	if (problem == NULL && ferror(merge->file))
		problem = strerror(errno);
	merge->count++;
	merge->has_history = merge->has_history || base->has_entries;
	history_difference_free(&difference);
	return problem;
}

const char *history_merge_file(struct history_merge *merge, const char *counter_file,
                               struct counts *totals)
{
	struct history_base base = {.now = merge->now};
	struct history history;
	const char *problem = open_file(merge);
	if (problem != NULL)
		return problem;
	struct copier copier = {.file = merge->file, .without_times = true, .base = &base};
	const struct history_visitor visitor = visitor_of(&copier);
	problem = history_open(&history, counter_file, HISTORY_READ);
	if (problem == NULL)
		problem = history_read(&history, &visitor);
	if (problem == NULL)
		problem = copier.problem;
	merge->count += copier.count;
	if (problem == NULL)
		problem = add_rest(merge, &base, totals);
	problem = fail(merge, problem);
	history_close(&history);
	counts_free(&copier.hits);
	counts_free(&copier.dropped);
	history_base_free(&base);
	return problem;
}

/* Whether the line that ends a history comes next. */
static bool is_at_end(FILE *file)
{
	int byte = getc(file);
	(void)ungetc(byte, file);
	return byte != 'm'; /* of "mayfly-hits 1" */
}

/* Reads the line that ends a history. */
static const char *read_end(FILE *file, size_t count)
{
	char text[64] = "";
	struct view rest, word;
	uint64_t number;
	if (fgets(text, sizeof text, file) == NULL)
		text[0] = '\0';
	struct view line = view_of(text);
	if (!parse_cut(&line, '\n', &rest) || !parse_cut(&rest, '\t', &word) ||
	    !view_equal(word, VIEW("history")))
		return "no line \"history\" at the end; the text was cut off";
	if (!parse_number(rest, count, count, &number))
		return "the last line counts other entries than there are; some are missing";
	return getc(file) == EOF ? NULL : "data after the end marker";
}

static const char *read_entries(struct copier *copier, FILE *file, size_t *line)
{
	const struct history_visitor visitor = visitor_of(copier);
	while (!is_at_end(file)) {
		struct history_entry entry = {.name = ""};
		const char *problem = history_entry_read(file, &entry, &visitor.sink, line);
		if (problem == NULL) {
			copy_entry(copier, &entry);
			problem = copier->problem;
		}
		if (problem != NULL)
			return problem;
	}
	++*line;
	return read_end(file, copier->count);
}

const char *history_merge_text(struct history_merge *merge, FILE *file, struct counts *totals,
                               size_t *line)
{
	struct history_base base = {.now = merge->now};
	const char *problem = open_file(merge);
	if (problem != NULL)
		return problem;
	struct copier copier = {.file = merge->file, .without_times = true, .base = &base};
	if (file != NULL)
		problem = read_entries(&copier, file, line);
	merge->count += copier.count;
	if (problem == NULL)
		problem = add_rest(merge, &base, totals);
	counts_free(&copier.hits);
	counts_free(&copier.dropped);
	history_base_free(&base);
	return problem;
}

/* --- Adding them. --- */

const char *history_merge_apply(struct history_merge *merge, struct history *history)
{
	const char *problem = NULL;
	if (merge->file == NULL)
		return NULL;
	if (fflush(merge->file) != 0 || fseek(merge->file, 0, SEEK_SET) != 0)
		return fail(merge, strerror(errno));
	for (size_t i = 0; i < merge->count && problem == NULL; i++) {
		struct counts hits = {0}, dropped = {0};
		struct history_entry entry = {.name = ""};
		size_t line = 0;
		const struct history_sink sink = {.hits = counts_add,
		                                  .hits_context = &hits,
		                                  .dropped = counts_add,
		                                  .dropped_context = &dropped,
		                                  .problem = &hits.problem};
		problem = history_entry_read(merge->file, &entry, &sink, &line);
		if (problem == NULL)
			problem = history_add(history, &entry, &hits, &dropped);
		counts_free(&hits);
		counts_free(&dropped);
	}
	return problem == NULL ? history_fold(history) : fail(merge, problem);
}

void history_merge_free(struct history_merge *merge)
{
	if (merge->file != NULL)
		(void)fclose(merge->file);
	merge->file = NULL;
}
