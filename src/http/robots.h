/*
 * Which clients are robots by their own account: crawlers, bots, scripts and download tools name
 * themselves in User-Agent. The rule has generic words only, no names of products that come and go; the
 * owner's list adds some or excepts others. Pure.
 *
 * The list is text. A line is a substring of User-Agent that marks a robot; after "!" it is one that
 * marks no robot, which precedes all others. Case does not matter, nor do white space around the line,
 * empty lines and lines that begin with "#".
 */
#ifndef MAYFLY_HTTP_ROBOTS_H
#define MAYFLY_HTTP_ROBOTS_H

#include "base/view.h"

enum {
	ROBOTS_LIST_MAX = 16384, /* bytes of a list */
	ROBOTS_LINES_MAX = 1000, /* lines of a list; further ones are ignored */
	ROBOTS_AGENT_MAX =
	    512, /* bytes of User-Agent that are searched: as many as the log keeps */
};

/*
 * Whether the client with this User-Agent is a robot: the field is empty, or has one of the words bot,
 * crawl, spider, headless, "://", curl/, wget/, python-, go-http-client and java/, or one of the list,
 * unless it has an exception of the list. `list`: empty if there is none.
 */
bool robots_match(struct view user_agent, struct view list);

/* Returns the number of the first line that is invalid ("!" alone) or ignored; 0 if there is none. */
size_t robots_list_check(struct view list);

#endif
