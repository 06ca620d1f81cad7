/* The checks of the units. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_UNITS_H
#define MAYFLY_MAYFLYCTL_CHECK_UNITS_H

#include "command_check.h"
#include <systemd/sd-bus.h>

/*
 * Checks that the units are installed and that systemd accepts them, that no limit is below the
 * shipped one, that no protection is off, and that systemd is new enough.
 */
void check_units(sd_bus *bus, struct findings *findings);

#endif
