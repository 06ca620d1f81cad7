/* The checks of the units. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_UNITS_H
#define MAYFLY_MAYFLYCTL_CHECK_UNITS_H

#include "command_check.h"
#include <systemd/sd-bus.h>

/*
 * The units: installed, listening, with limits not below those that are shipped, with their
 * protections, and a systemd that is new enough for them.
 */
void check_units(sd_bus *bus, struct findings *findings);

#endif
