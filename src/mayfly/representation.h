/*
 * The representation of a resource: the file itself, or a precompressed sibling of it (RFC 9110 3.2,
 * 12), and its validators.
 */
#ifndef MAYFLY_REPRESENTATION_H
#define MAYFLY_REPRESENTATION_H

#include "http/conditions.h"
#include "http/entity_tag.h"
#include "http/request.h"
#include "resource.h"

struct representation {
	int file;               /* descriptor: the resource's, or the sibling's */
	uint64_t size;          /* bytes */
	struct view coding;     /* for Content-Encoding; empty for the file itself */
	struct view media_type; /* for Content-Type; empty until representation_find_media_type */
	bool varies;            /* Accept-Encoding selects it: respond with Vary */
	struct validators validators;
	char tag[ENTITY_TAG_MAX];
};

/*
 * Chooses the representation by the request's Accept-Encoding. `now`: the current time, which limits
 * Last-Modified. The caller calls representation_close.
 */
void representation_choose(const struct resource *resource, const struct request *request,
                           struct timespec now, struct representation *representation);

/*
 * Sets the media type: by the name of the resource, or if that says nothing by its first bytes, which costs
 * a system call. It is that of the resource, whatever the representation's coding.
 */
void representation_find_media_type(const struct resource *resource,
                                    struct representation *representation);

/* Closes the sibling, if one was chosen; the resource's own file stays open. */
void representation_close(const struct resource *resource, struct representation *representation);

#endif
