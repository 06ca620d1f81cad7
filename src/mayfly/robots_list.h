/* Reading the owner's list of robots, which --robots-list names; http/robots.h interprets it. */
#ifndef MAYFLY_ROBOTS_LIST_H
#define MAYFLY_ROBOTS_LIST_H

#include "base/buffer.h"

/*
 * Reads the list. Returns true and sets *list, which is valid until the next call. Otherwise returns
 * false, with errno set if the file cannot be read (0 if it is too large), and with an empty *list.
 */
bool robots_list_read(const char *file_name, struct view *list);

/*
 * Appends what is wrong with the list of this name, as one line for the log: that robots_list_read
 * failed, or that a line of it is invalid. Appends nothing if nothing is wrong.
 */
void robots_list_add_error(struct buffer *error, const char *file_name, bool is_read,
                           struct view list);

#endif
