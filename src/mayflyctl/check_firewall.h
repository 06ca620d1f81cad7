/* The check that nftables lets clients connect to a port. */
#ifndef MAYFLY_MAYFLYCTL_CHECK_FIREWALL_H
#define MAYFLY_MAYFLYCTL_CHECK_FIREWALL_H

#include "command_check.h"

/*
 * Reports rules of nftables (nft(8)) that keep clients on other machines from connecting to this TCP
 * port, as far as they are about ports. Notes rules that it cannot see or understand. Does nothing if
 * this process is not root.
 */
void check_firewall(unsigned port, struct findings *findings);

#endif
