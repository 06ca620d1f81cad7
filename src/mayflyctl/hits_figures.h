/*
 * Figures of a site as a whole, in addition to the counts of its resources: all its hits, those of
 * robots, and those that were lost. `mayflyctl hits` shows them.
 */
#ifndef MAYFLY_MAYFLYCTL_HITS_FIGURES_H
#define MAYFLY_MAYFLYCTL_HITS_FIGURES_H

#include "site_list.h"

struct hits_figures {
	char site[SITE_NAME_SIZE]; /* empty: unknown */
	uint64_t hits;             /* in the counter file */
	uint64_t robots;           /* in that of robots */
	uint64_t lost;             /* in the last 24 hours */
	bool has_robots, has_lost; /* whether the figure is known */
};

/*
 * Sets the figure of robots. `file`: that of --hits, or NULL; `site`: NULL for the main one. Not known
 * if there is no counter file of robots, or this user may not read it. Returns EXIT_DONE, or EXIT_FAILED
 * after an error message.
 */
enum exit_status hits_figures_read_robots(struct hits_figures *figures, const char *file,
                                          const char *site);

/*
 * Sets the figure of lost hits, by the journal. `site`: NULL for all. Not known if the journal cannot
 * be read.
 */
void hits_figures_read_lost(struct hits_figures *figures, const char *site);

/*
 * Prints a family of OpenMetrics for each figure, with the label `site` unless it is unknown: the
 * families mayfly_site_hits_total, mayfly_robot_hits_total and mayfly_lost_hits. There is no TYPE
 * line, as in command_hits.c.
 */
void hits_figures_print_openmetrics(const struct hits_figures *figures, size_t count);

#endif
