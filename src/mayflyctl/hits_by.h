/* `mayflyctl hits --by`: printing the hits of each period. */
#ifndef MAYFLY_MAYFLYCTL_HITS_BY_H
#define MAYFLY_MAYFLYCTL_HITS_BY_H

#include "history_rows.h"

/* `site` is NULL if it is unknown, or need not be shown. */
void hits_by_print_table(const struct history_rows *rows, const char *site);
void hits_by_print_json(const struct history_rows *rows, const char *site, const char *file);

/* A line per period. The first line names the columns, for all sites. */
void hits_by_print_tsv(const struct history_rows *rows, const char *site);
void hits_by_print_tsv_names(bool has_site);

#endif
