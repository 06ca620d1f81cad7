/* The forms of `mayflyctl hits`, a file each; command_hits.c lists them. */
#ifndef MAYFLY_MAYFLYCTL_HITS_FORMS_H
#define MAYFLY_MAYFLYCTL_HITS_FORMS_H

#include "hits_options.h"

enum exit_status hits_list(const struct hits_options *options);
enum exit_status hits_export(const struct hits_options *options);
enum exit_status hits_import(const struct hits_options *options);
enum exit_status hits_merge(const struct hits_options *options);
enum exit_status hits_set_to_nought(const struct hits_options *options);
enum exit_status hits_look_for_damage(const struct hits_options *options);

#endif
