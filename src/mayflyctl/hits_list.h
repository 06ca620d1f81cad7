/* Gathering what `mayflyctl hits` lists. */
#ifndef MAYFLY_MAYFLYCTL_HITS_LIST_H
#define MAYFLY_MAYFLYCTL_HITS_LIST_H

#include "hits_options.h"
#include "hits_show.h"

/*
 * Reads the file and chooses from it what the options ask for. *listing, whose file is set before,
 * is to be given to counts_free. NULL, or what is wrong, as hits_words.h has it.
 */
const char *hits_list_load(const struct hits_options *options, struct hits_listing *listing);

/* Shows the table again and again, as the file changes, until Ctrl-C is typed. */
enum exit_status hits_watch(const struct hits_options *options, const char *file);

#endif
