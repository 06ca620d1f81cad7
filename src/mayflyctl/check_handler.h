/* The checks of the handler's command line. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_HANDLER_H
#define MAYFLY_MAYFLYCTL_CHECK_HANDLER_H

#include "command_check.h"
#include "unit_config.h"

/*
 * Runs `mayfly --check-config` with the command line of the unit, as its user, and reports what the
 * handler reports; the same for a mayfly-accept that starts it. If is_reported, a problem of the root
 * directory or the counter file has been reported already: then only a wrong command line is a finding.
 */
void check_handler(sd_bus *bus, const struct unit_config *config, bool is_reported,
                   struct findings *findings);

#endif
