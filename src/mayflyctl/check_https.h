/* The checks of HTTPS. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_HTTPS_H
#define MAYFLY_MAYFLYCTL_CHECK_HTTPS_H

#include "command_check.h"
#include <systemd/sd-bus.h>

/*
 * If mayfly-https.socket is enabled or active: reports missing programs, certificates that are
 * missing, wrong, readable by others, expired or not renewed, and names by which a request fails.
 * Only root can check certificates.
 */
void check_https(sd_bus *bus, struct findings *findings);

#endif
