/* Showing counts: for people, and in the formats that other programs read. */
#ifndef MAYFLY_MAYFLYCTL_HITS_SHOW_H
#define MAYFLY_MAYFLYCTL_HITS_SHOW_H

#include "hits_counts.h"

/* What is shown: some of a file's counts, in their order. */
struct hits_listing {
	const char *file;
	struct counts counts;
	uint64_t total;     /* all hits of the file, of which shares are */
	uint64_t resources; /* all resources of the file */
	uint64_t damaged;   /* stretches of the file that were left out */
};

/* A count's share of all hits, 0 to 1. */
double hits_share(const struct hits_listing *listing, const struct count *count);

/*
 * A table of so many columns, aligned and with bars; 0 columns: not for a terminal, a line for each
 * with tabs.
 */
void hits_show_table(const struct hits_listing *listing, size_t columns);

/* One object, as mayflyctl(1) describes it. */
void hits_show_json(const struct hits_listing *listing);

/* text/tab-separated-values, whose first line names the columns. */
void hits_show_tsv(const struct hits_listing *listing);

/* OpenMetrics 1.0, which is also the text format of Prometheus as far as it is used here. */
void hits_show_openmetrics(const struct hits_listing *listing);

#endif
