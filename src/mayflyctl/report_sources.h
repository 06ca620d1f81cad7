/* Where the visitors of a report's period came from, as far as the journal shows it. */
#ifndef MAYFLY_MAYFLYCTL_REPORT_SOURCES_H
#define MAYFLY_MAYFLYCTL_REPORT_SOURCES_H

#include "entry.h"
#include "tally.h"

/* Of the visitors' last pages; one that is overwritten is a link of an own host that is not noticed. */
enum { REPORT_PAGES_MAX = 65536 };

/* What a visitor was served, and when. */
struct report_page {
	uint64_t hash; /* of address, User-Agent and path */
	uint64_t time_us;
};

/* Initialize to {0}. After report_sources_finish, the first three are ranked. */
struct report_sources {
	struct tally referrers; /* hosts of other sites that link to what was found, by requests */
	struct tally entry_pages; /* targets that visitors came to from elsewhere, by requests */
	struct tally subscribers; /* of a feed, by target and reader; as the readers report them */
	struct tally arrivals;    /* host of the Referer, a space, target */
	struct tally linked;      /* hosts of Referers, by requests */
	struct tally followed;    /* the same, if the visitor had just been served that Referer */
	struct report_page pages[REPORT_PAGES_MAX]; /* by hash */
};

/*
 * Counts a request, in the order of time. `target` is what the report shows for it. Only GET counts,
 * and of robots (entry.h) only the subscribers that they report.
 */
void report_sources_add(struct report_sources *sources, const struct entry *entry,
                        struct view target);

/*
 * Ranks what was counted. A host is taken for one of the site itself if it is that of the request
 * (--vhosts), or the client was served the path of the Referer in the hour before, for more than half
 * of the requests with a Referer of this host. (Browsers send other sites only "/" as the path.)
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
