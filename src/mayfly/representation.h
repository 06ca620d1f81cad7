/*
 * The representation of a resource that a client gets: the file as it is, or a precompressed
 * sibling of it (RFC 9110 3.2, 12), with its validators.
 */
#ifndef MAYFLY_REPRESENTATION_H
#define MAYFLY_REPRESENTATION_H

#include "http/conditions.h"
#include "http/entity_tag.h"
#include "http/request.h"
#include "resource.h"

struct representation {
	int file;           /* descriptor: the resource's, or the sibling's */
	uint64_t size;      /* bytes */
	struct view coding; /* for Content-Encoding; empty for the file as it is */
	bool varies;        /* another Accept-Encoding might get another one */
	struct validators validators;
	char tag[ENTITY_TAG_MAX];
};

/* Chooses by the request's Accept-Encoding. */
void representation_choose(const struct resource *resource, const struct request *request,
                           struct timespec now, struct representation *representation);

/* To be called once in any case; the resource's own file stays open. */
void representation_close(const struct resource *resource, struct representation *representation);

#endif
