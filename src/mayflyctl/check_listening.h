/* The check that the socket listens. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_LISTENING_H
#define MAYFLY_MAYFLYCTL_CHECK_LISTENING_H

#include "command_check.h"
#include "unit_config.h"

/*
 * If the socket is not active, reports what prevents its start, and then that it must be started. The
 * caller reports problems of the files first, because a start may fail until they are solved.
 */
void check_listening(sd_bus *bus, const struct unit_config *config, struct findings *findings);

#endif
