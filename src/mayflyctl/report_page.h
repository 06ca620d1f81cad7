/* The page of `mayflyctl report`. */
#ifndef MAYFLY_MAYFLYCTL_REPORT_PAGE_H
#define MAYFLY_MAYFLYCTL_REPORT_PAGE_H

#include "report.h"

/*
 * Prints one HTML page to standard output. It needs nothing but itself: no script, font or picture
 * from elsewhere.
 */
void report_page_print(const struct report *report);

#endif
