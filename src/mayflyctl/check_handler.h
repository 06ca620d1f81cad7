/* The checks of the handler's command line. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_HANDLER_H
#define MAYFLY_MAYFLYCTL_CHECK_HANDLER_H

#include "command_check.h"
#include "unit_config.h"

/*
 * Runs `mayfly --check-config` with the command line of the unit, as its user. If is_reported says
 * that the root or the counter file has a finding already, only a wrong command line is one.
 */
void check_handler(const struct unit_config *config, bool is_reported, struct findings *findings);

#endif
