/* Which address holds most of the connections. Pure. */
#ifndef MAYFLY_MAYFLYCTL_SOURCE_H
#define MAYFLY_MAYFLYCTL_SOURCE_H

#include "address.h"
#include <stdbool.h>

/*
 * The client's address in the name of an instance that systemd made for a connection,
 * "mayfly@7-127.0.0.1:8080-192.0.2.7:51034.service". False for a name that has none.
 */
bool source_of_instance(const char *name, char address[static ADDRESS_SIZE]);

#endif
