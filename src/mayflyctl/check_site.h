/* The checks of the handler's files, with the rights of its user. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_SITE_H
#define MAYFLY_MAYFLYCTL_CHECK_SITE_H

#include "command_check.h"
#include "unit_config.h"

/*
 * Checks that the user can enter the root directory. Returns a descriptor of it, which the caller
 * closes, or -1 after a finding.
 */
int check_root(const struct unit_config *config, struct findings *findings);

/* Checks that the user can read the files in the root directory, and where links lead. */
void check_files(int root, const struct unit_config *config, struct findings *findings);

/* Checks that the user can read and write the counter file, and that it is not damaged. */
void check_hits_file(const struct unit_config *config, struct findings *findings);

#endif
