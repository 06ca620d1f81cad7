/* Printing the state of the site. */
#ifndef MAYFLY_MAYFLYCTL_SITE_STATUS_PRINT_H
#define MAYFLY_MAYFLYCTL_SITE_STATUS_PRINT_H

#include "site_status.h"

/* Prints lines for people, "Socket         active: listening on [::]:8080 (enabled)". */
void site_status_print(const struct site_status *status);

/* Prints one JSON object. */
void site_status_print_json(const struct site_status *status);

#endif
