/* The figures of `mayflyctl report`: what the counter file and the journal hold of a period. */
#ifndef MAYFLY_MAYFLYCTL_REPORT_H
#define MAYFLY_MAYFLYCTL_REPORT_H

#include "hits_counts.h"
#include "journal.h"
#include "report_history.h"
#include "report_sources.h"
#include <time.h>

enum {
	REPORT_ROWS = 20,         /* at most, in each table */
	REPORT_BUCKETS_MAX = 400, /* bars of the chart */
	REPORT_STATUS_MIN = 100,
	REPORT_STATUS_MAX = 599,
};

/* A part of the period: one bar of the chart. */
struct report_bucket {
	time_t start;
	uint64_t requests, bytes;
};

/* Targets and referers are escaped as in the log: printable ASCII. */
struct report_slow {
	time_t time;
	char *target;
	uint64_t status, duration_us;
};

struct report_missing {
	char *target;
	char *referer; /* of the first request that had one; else empty */
	uint64_t count;
};

struct report {
	time_t since, until;
	const char *site; /* NULL: requests of all sites */
	/* Paths and targets follow the name of their site: "blog/index.html" (report_split). */
	bool has_several_sites;

	/* Of the counter file. */
	const char
	    *hits_file; /* one of them, if there are several sites; empty: nothing is counted */
	const char *hits_error; /* why it cannot be read; else NULL */
	uint64_t resources, hits, damaged;
	struct counts top; /* the resources with the most hits */
	struct report_history history;
	uint64_t robots_hits; /* of the counter files for robots, next to the others */
	bool has_robots;      /* there is one */
	const char *robots_file, *robots_error; /* one that cannot be read, and why; else NULL */

	/* Of the journal, in the period. */
	const char *journal_error; /* why it cannot be read; else NULL */
	uint64_t requests, bytes;
	uint64_t statuses[REPORT_STATUS_MAX + 1]; /* requests by status code */
	time_t bucket_seconds;
	struct report_bucket buckets[REPORT_BUCKETS_MAX];
	size_t bucket_count;
	struct report_slow slowest[REPORT_ROWS]; /* slowest first */
	size_t slowest_count;
	struct report_missing *missing; /* most often requested first */
	size_t missing_count;
	size_t missing_total; /* those that are not shown, too */
	struct report_sources sources;
};

/*
 * Gathers the counts of the counter file `file`, or sets report->hits_error. A missing file has no
 * counts if `may_be_missing`.
 */
void report_gather_hits(struct report *report, const char *file, bool may_be_missing);

/* The same for the counter files of all sites that count. */
void report_gather_hits_of_sites(struct report *report, const struct site_list *sites, sd_bus *bus);

/*
 * Splits a path or a target that follows the name of its site. Returns the path; *site_length is
 * that of the name. Pure.
 */
const char *report_split(const char *text, int *site_length);

/*
 * Gathers the requests from report->since to report->until, or sets report->journal_error. Reads
 * entries of handlers, and of the users in `others` (journal.h).
 */
void report_gather_requests(struct report *report, const struct journal_users *others);

#endif
