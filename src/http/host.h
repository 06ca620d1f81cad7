/* The Host field and the authority of a target (RFC 9110 7.2, RFC 3986 3.2). Pure. */
#ifndef MAYFLY_HTTP_HOST_H
#define MAYFLY_HTTP_HOST_H

#include "base/buffer.h"
#include "base/view.h"

/* Whether it matches uri-host [ ":" port ]: a name, an IPv4 address, an IP literal in brackets, or
 * an empty string. */
/*@ requires readable(host) && host.length < INT64_MAX;
    assigns \nothing; */
bool host_is_valid(struct view host);

/* The valid host without its port. */
/*@ requires readable(host) && host.length < INT64_MAX;
    assigns \nothing;
    ensures readable(\result) && is_within(\result, host) && \result.length <= host.length; */
struct view host_without_port(struct view host);

/*
 * Appends the name of the directory that holds the host's site: the host in lower case, without
 * port and without a final dot. Returns false if there can be no such directory: the host is empty,
 * an IP literal, contains a percent sign, or begins with a dot.
 */
/*@ requires readable(host) && buffer_is_valid(directory) && is_apart(directory, host);
    assigns directory->length, directory->truncated, directory->data[0 .. directory->capacity - 1];
    ensures buffer_is_valid(directory); */
bool host_add_directory(struct view host, struct buffer *directory);

#endif
