/* The checks of the handler's files, as its user. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_SITE_H
#define MAYFLY_MAYFLYCTL_CHECK_SITE_H

#include "command_check.h"
#include "unit_config.h"

/* The root directory: whether the user can enter it and read its files; where its links lead. */
void check_site(const struct unit_config *config, struct findings *findings);

/* The counter file: whether the user can read and write it, and whether it is damaged. */
void check_hits_file(const struct unit_config *config, struct findings *findings);

#endif
