/* The check that a running service has the present options. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_RUNNING_H
#define MAYFLY_MAYFLYCTL_CHECK_RUNNING_H

#include "command_check.h"
#include "unit_config.h"

/*
 * Reports a service that was started with another command line than its unit and its EnvironmentFile=
 * have now: mayfly-accept must be restarted.
 */
void check_running(sd_bus *bus, const struct unit_config *config, struct findings *findings);

#endif
