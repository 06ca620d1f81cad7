/* Figures of a site; see hits_figures.h. */
#include "hits_figures.h"
#include "hits_file.h"
#include "journal.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { PERIOD = 86400 }; /* seconds */

enum exit_status hits_figures_read_robots(struct hits_figures *figures, const char *file,
                                          const char *site)
{
	struct counts counts = {0};
	enum exit_status status = hits_file_load_robots(file, site, &counts, &figures->has_robots);
	figures->robots = counts.total;
	counts_free(&counts);
	return status;
}

/* Counts the matched entries. Returns a negative errno if the journal cannot be read. */
static int count_lost(sd_journal *journal, const char *site, uint64_t *lost)
{
	static struct entry entry;
	uint64_t since_us = ((uint64_t)time(NULL) - PERIOD) * 1000000;
	int error = journal_match_lost_hits(journal);
	if (error >= 0)
		error = sd_journal_seek_realtime_usec(journal, since_us);
	while (error >= 0 && (error = sd_journal_next(journal)) > 0) {
		error = journal_read(journal, &entry);
		if (error >= 0 && entry_number(&entry, ENTRY_STATUS) < 400 &&
		    journal_is_of_site(&entry, site))
			++*lost;
	}
	return error;
}

void hits_figures_read_lost(struct hits_figures *figures, const char *site)
{
	static const struct journal_users no_others;
	sd_journal *journal;
	if (journal_open(&journal, &no_others, site) == NULL)
		figures->has_lost = count_lost(journal, site, &figures->lost) >= 0;
	sd_journal_close(journal);
}

static void print_sample(const char *name, const struct hits_figures *figures, uint64_t value)
{
	if (*figures->site != '\0')
		printf("%s{site=\"%s\"} %" PRIu64 "\n", name,
		       counts_shown(figures->site, strlen(figures->site)), value);
	else
		printf("%s %" PRIu64 "\n", name, value);
}

void hits_figures_print_openmetrics(const struct hits_figures *figures, size_t count)
{
	puts("# HELP mayfly_site_hits_total Hits of all resources.");
	for (size_t i = 0; i < count; i++)
		print_sample("mayfly_site_hits_total", &figures[i], figures[i].hits);
	puts("# HELP mayfly_robot_hits_total Hits of robots, counted apart.");
	for (size_t i = 0; i < count; i++)
		if (figures[i].has_robots)
			print_sample("mayfly_robot_hits_total", &figures[i], figures[i].robots);
	puts("# HELP mayfly_lost_hits Hits of the last 24 hours that could not be counted.");
	for (size_t i = 0; i < count; i++)
		if (figures[i].has_lost)
			print_sample("mayfly_lost_hits", &figures[i], figures[i].lost);
}
