/* The checks of what systemd is to do. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_UNITS_H
#define MAYFLY_MAYFLYCTL_CHECK_UNITS_H

#include "command_check.h"
#include "unit_config.h"
#include <stdbool.h>

/*
 * The units: installed, listening, with limits not below those that are shipped, with their
 * protections, and a systemd that is new enough for them.
 */
void check_units(sd_bus *bus, struct findings *findings);

/*
 * Runs `mayfly --check-config` with the command line of the unit, as its user. If is_reported says
 * that the root or the counter file has a finding already, only a wrong command line is one.
 */
void check_handler(const struct unit_config *config, bool is_reported, struct findings *findings);

#endif
