/* `mayflyctl hits`: lists the counts. */
#include "hits_list.h"
#include "hits_file.h"
#include "hits_forms.h"
#include "output.h"
#include "terminal.h"
#include <inttypes.h>
#include <stdio.h>

const char *hits_list_load(const struct hits_options *options, struct hits_listing *listing)
{
	listing->counts = (struct counts){0};
	const char *wrong = hits_file_load(listing->file, &listing->counts, &listing->damaged);
	listing->total = counts_total(&listing->counts);
	listing->resources = listing->counts.size;
	if (options->operand_count > 0)
		counts_keep_matching(&listing->counts, options->operands[0]);
	if (!options->by_path)
		counts_sort_by_hits(&listing->counts);
	counts_keep_first(&listing->counts, options->top);
	return wrong;
}

static void show(enum hits_format format, const struct hits_listing *listing)
{
	size_t columns, rows;
	switch (format) {
	case HITS_JSON:
		hits_show_json(listing);
		return;
	case HITS_TSV:
		hits_show_tsv(listing);
		return;
	case HITS_OPENMETRICS:
		hits_show_openmetrics(listing);
		return;
	case HITS_TABLE_FORMAT:
		if (!terminal_size(&columns, &rows))
			columns = 0;
		if (listing->counts.size > 0)
			hits_show_table(listing, columns);
	}
}

static enum exit_status show_in(const char *name, enum hits_format format,
                                const struct hits_listing *listing)
{
	struct output output;
	enum exit_status status = output_begin(&output, name, listing->file);
	if (status != EXIT_DONE)
		return status;
	show(format, listing);
	return output_end(&output);
}

/* Not to standard output, where other programs read. */
static void say_that_it_is_empty(const struct hits_listing *listing)
{
	if (listing->resources > 0)
		(void)fputs("No resource that was hit matches this.\n", stderr);
	else
		(void)fputs("Nothing was counted yet.\n", stderr);
}

enum exit_status hits_list(const struct hits_options *options)
{
	char file[PATH_MAX];
	struct hits_listing listing = {.file = file};
	enum exit_status status = hits_file_find(options->file, file);
	if (status != EXIT_DONE)
		return status;
	if ((options->given & HITS_OPTION_WATCH) != 0)
		return hits_watch(options, file);
	const char *wrong = hits_list_load(options, &listing);
	if (wrong != NULL) {
		counts_free(&listing.counts);
		return fail("%s %s", file, wrong);
	}
	if (options->output != NULL)
		status = show_in(options->output, options->format, &listing);
	else
		show(options->format, &listing);
	if (listing.counts.size == 0 && options->output == NULL)
		say_that_it_is_empty(&listing);
	if (listing.damaged > 0)
		status = fail("%s is damaged: counts may be missing; `mayflyctl hits verify` says "
		              "where",
		              file);
	counts_free(&listing.counts);
	return status;
}
