/*
 * Counts for Prometheus and the like; see hits_show.h. There is no TYPE: OpenMetrics says that of
 * the family, mayfly_hits, and the text format that `promtool check metrics` and node_exporter read
 * says it of the sample, mayfly_hits_total; each takes the other's for an error. Without it, both
 * read the counts. Paths are shown as in a URL, so that a label needs no escapes and is ASCII
 * whatever bytes a path has.
 */
#include "hits_show.h"
#include <inttypes.h>
#include <stdio.h>

void hits_show_openmetrics(const struct hits_listing *listing)
{
	puts("# HELP mayfly_hits_total How often a resource was served.");
	for (size_t i = 0; i < listing->counts.size; i++)
		printf(
		    "mayfly_hits_total{path=\"%s\"} %" PRIu64 "\n",
		    counts_shown(listing->counts.all[i].path, listing->counts.all[i].path_length),
		    listing->counts.all[i].count);
	puts("# EOF");
}
