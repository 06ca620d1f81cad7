/* The forms of `mayflyctl hits`, a file each; command_hits.c lists them. */
#ifndef MAYFLY_MAYFLYCTL_HITS_FORMS_H
#define MAYFLY_MAYFLYCTL_HITS_FORMS_H

#include "hits_options.h"

/*
 * Each does what its form of the command line asks for, and says on standard error what it could
 * not do. EXIT_DONE, or EXIT_FAILED after a complaint.
 */

/* Shows the counts, in any format, or again and again. */
enum exit_status hits_list(const struct hits_options *options);

/* Writes them as text (hits_text.h); reads such a text, and adds what it says. */
enum exit_status hits_export(const struct hits_options *options);
enum exit_status hits_import(const struct hits_options *options);

/* Adds the counts of other counter files. */
enum exit_status hits_merge(const struct hits_options *options);

/* `reset`: sets counts to 0, once somebody has said yes; EXIT_USAGE where nobody can be asked. */
enum exit_status hits_set_to_nought(const struct hits_options *options);

/* `verify`: says what is damaged, and mends it; EXIT_FAILED also where damage is left. */
enum exit_status hits_look_for_damage(const struct hits_options *options);

#endif
