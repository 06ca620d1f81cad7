/* The check that clients on other machines can reach a socket, as far as this machine can see. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_REACH_H
#define MAYFLY_MAYFLYCTL_CHECK_REACH_H

#include "bus.h"
#include "command_check.h"
#include "unit_config.h"

/*
 * Reports a socket that clients with IPv4 cannot reach although it listens for IPv6, an IPAddressDeny=
 * that keeps all clients out, and rules of nftables that do. Notes a socket for this machine only.
 */
void check_reach(const struct bus_unit *socket, const struct unit_config *config,
                 struct findings *findings);

#endif
