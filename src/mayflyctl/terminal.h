/* Colours, and a place for them, where there is somebody to see them. */
#ifndef MAYFLY_MAYFLYCTL_TERMINAL_H
#define MAYFLY_MAYFLYCTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_RED "\033[31m"
#define TERMINAL_GREEN "\033[32m"
#define TERMINAL_YELLOW "\033[33m"
#define TERMINAL_PLAIN "\033[0m"

/* Whether standard output is a terminal that shows colours, and NO_COLOR (no-color.org) allows
 * them. */
bool terminal_has_colour(void);

/* False where standard output is no terminal; 80 columns and 24 rows where it does not tell. */
bool terminal_size(size_t *columns, size_t *rows);

/* Whether what is shown may hold UTF-8, as the locale says (LC_ALL, LC_CTYPE, LANG). */
bool terminal_has_utf8(void);

#endif
