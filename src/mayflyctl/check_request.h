/* The check that each site answers a request. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_REQUEST_H
#define MAYFLY_MAYFLYCTL_CHECK_REQUEST_H

#include "command_check.h"
#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * Sends a request as a client would to each address of each active mayfly*.socket whose service
 * starts Mayfly, and reports those that get no response or an error of the server. If is_explained, a
 * critical finding explains already why `socket`, one of them, does not answer. Sends no request if
 * systemd would block on an EnvironmentFile=. Also reports sockets of further sites that are enabled
 * but not active. The request is a HEAD, which is not counted. Sockets of HTTPS get no request here
 * (check_https.h), but it is checked that clients can reach them. `site`: only sockets of this site.
 */
void check_requests(sd_bus *bus, const char *socket, const char *site, bool is_explained,
                    struct findings *findings);

#endif
