/* The check of the services that timers start. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_TIMERS_H
#define MAYFLY_MAYFLYCTL_CHECK_TIMERS_H

#include "command_check.h"
#include <systemd/sd-bus.h>

/* Reports a service of the history, the report or the metrics that failed, or whose timer has no effect. */
void check_timers(sd_bus *bus, struct findings *findings);

/* The same for the instances of a further site, for example mayfly-report@NAME.service. */
void check_further_timers(sd_bus *bus, const char *site, struct findings *findings);

#endif
