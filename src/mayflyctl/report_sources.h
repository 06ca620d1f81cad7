/* Where the visitors of a report's period came from, as far as the journal shows it. */
#ifndef MAYFLY_MAYFLYCTL_REPORT_SOURCES_H
#define MAYFLY_MAYFLYCTL_REPORT_SOURCES_H

#include "entry.h"
#include "tally.h"

/* Initialize to {0}. After report_sources_finish, the first three are ranked. */
struct report_sources {
	struct tally referrers; /* hosts of other sites that link to what was found, by requests */
	struct tally entry_pages; /* targets that visitors came to from elsewhere, by requests */
	struct tally subscribers; /* of a feed, by target and reader; as the readers report them */
	struct tally arrivals;    /* host of the Referer, a space, target */
	struct tally own_hosts;   /* hosts of the Referer of style sheets, scripts and pictures */
};

/* Counts a request. `target` is what the report shows for it. */
void report_sources_add(struct report_sources *sources, const struct entry *entry,
                        struct view target);

/*
 * Ranks what was counted. A host is taken for one of the site itself if it is the Referer of a tenth
 * of the requests for style sheets, scripts and pictures that have one.
 */
void report_sources_finish(struct report_sources *sources);

/*
 * Returns the number N of "N subscribers" in a User-Agent, as feed readers send it, or 0. Sets *name
 * to the words before: "Feedly/1.0". Pure.
 */
uint64_t report_subscribers(struct view user_agent, struct view *name);

/* Returns the host of an http or https URL, without its port; empty if there is none. Pure. */
struct view report_host(struct view url);

#endif
