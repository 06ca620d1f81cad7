/* The checks of the handler's files, with the rights of its user. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_SITE_H
#define MAYFLY_MAYFLYCTL_CHECK_SITE_H

#include "base/real_path.h"
#include "command_check.h"
#include "unit_config.h"

/*
 * Whether the handler's user exists. Returns false after a finding, also if that cannot be found out.
 */
bool check_user(const struct unit_config *config, struct findings *findings);

/*
 * Becomes the handler's user (unit_config_become_user). Returns false after the finding that `unchecked`, "the
 * counter file", is not checked.
 */
bool check_become_user(const struct unit_config *config, const char *unchecked,
                       struct findings *findings);

/*
 * Checks that the user can enter the root directory. Returns a descriptor of it, which the caller
 * closes, or -1 after a finding.
 */
int check_root(const struct unit_config *config, struct findings *findings);

/*
 * Opens a name relative to the root directory as a handler of this unit does, with --vhosts below the
 * directory of its host. Returns a descriptor, or -1 with errno set as real_path_open does.
 */
int check_open(int root, const struct unit_config *config, const char *name, enum opening opening);

/* Checks that the user can read the files in the root directory, and where links lead. */
void check_files(int root, const struct unit_config *config, struct findings *findings);

/* Checks that the user can read and write the counter file, and that it is not damaged. */
void check_hits_file(const struct unit_config *config, struct findings *findings);

#endif
