/* The check of the lines of unit files and their drop-ins. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_UNIT_FILES_H
#define MAYFLY_MAYFLYCTL_CHECK_UNIT_FILES_H

#include "command_check.h"
#include <systemd/sd-bus.h>

/*
 * Reports lines that systemd ignores in the files and drop-ins of all units whose names begin with
 * "mayfly", for example misspelt names, as systemd-analyze(1) prints them; files that have changed
 * since systemd read them; and drop-ins of a unit that does not exist.
 */
void check_unit_files(sd_bus *bus, struct findings *findings);

#endif
