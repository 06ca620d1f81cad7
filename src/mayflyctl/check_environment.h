/* The check of the files of variables for the handler's command line. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_ENVIRONMENT_H
#define MAYFLY_MAYFLYCTL_CHECK_ENVIRONMENT_H

#include "command_check.h"
#include "unit_config.h"

/*
 * Reports lines in each EnvironmentFile= of the service that have no effect: those that systemd
 * ignores, and misspelt names of MAYFLY_OPTIONS and MAYFLY_ACCEPT_OPTIONS.
 */
void check_environment(sd_bus *bus, const struct unit_config *config, struct findings *findings);

/*
 * Whether systemd would block when it starts a handler, with all its other services, because an
 * EnvironmentFile= is a FIFO. Reports it.
 */
bool check_environment_blocks(sd_bus *bus, const struct unit_config *config,
                              struct findings *findings);

#endif
