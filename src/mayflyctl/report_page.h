/* The page of `mayflyctl report`. */
#ifndef MAYFLY_MAYFLYCTL_REPORT_PAGE_H
#define MAYFLY_MAYFLYCTL_REPORT_PAGE_H

#include "report.h"

/*
 * Prints one HTML page to standard output. The page is complete: it loads no script, font or
 * picture.
 */
void report_page_print(const struct report *report);

#endif
