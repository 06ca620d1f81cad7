/* The check of a site's rules: the lines of _redirects and _headers that have no effect. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_RULES_H
#define MAYFLY_MAYFLYCTL_CHECK_RULES_H

#include "command_check.h"
#include "unit_config.h"

/*
 * Checks both files in the root directory; with --vhosts, in each of its directories. `root`:
 * descriptor of the root directory. Files that the process may not read have no finding here.
 */
void check_rules(int root, const struct unit_config *config, struct findings *findings);

#endif
