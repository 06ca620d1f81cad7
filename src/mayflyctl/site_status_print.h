/* Printing the state of a site, for people and as JSON. */
#ifndef MAYFLY_MAYFLYCTL_SITE_STATUS_PRINT_H
#define MAYFLY_MAYFLYCTL_SITE_STATUS_PRINT_H

#include "site_status.h"

struct json_object;

/* Prints one line per aspect, after one with the name of the site if `has_heading`. */
void site_status_print(const struct site_status *status, bool has_heading);

/* Returns the state as an object, which the caller releases. */
struct json_object *site_status_to_json(const struct site_status *status);

#endif
