/* The Host field and the authority of a target (RFC 9110 7.2, RFC 3986 3.2). Pure. */
#ifndef MAYFLY_HTTP_HOST_H
#define MAYFLY_HTTP_HOST_H

#include "base/buffer.h"
#include "base/view.h"

/* Whether it is uri-host [ ":" port ]: a name, an IPv4 address or an IP literal in brackets, or
 * empty. */
bool host_is_valid(struct view host);

/*
 * Appends the name of the host as a site's folder is called: in lower case, without port and
 * without the dot that may end a name. Returns false where no folder can have that name: an empty
 * one, an IP literal, one with a percent sign, one that begins with a dot.
 */
bool host_folder(struct view host, struct buffer *folder);

#endif
