/*
 * Content codings (RFC 9110 8.4.1, 12.5.3): which of a resource's representations a client gets.
 * Which of them exist, and that the response says Vary, is the caller's business.
 */
#ifndef MAYFLY_HTTP_ENCODING_H
#define MAYFLY_HTTP_ENCODING_H

#include "request.h"

/* The later, the rather it is sent to a client that likes both as much. */
enum coding {
	CODING_IDENTITY, /* the file as it is */
	CODING_GZIP,     /* RFC 1952 */
	CODING_ZSTD,     /* RFC 8878, 9659 */
	CODING_BR,       /* RFC 7932 */
	CODING_COUNT,
};

/* The coding's name in Content-Encoding, "br"; empty for identity, which is not to be named. */
struct view coding_name(enum coding coding);

/* What the name of the sibling ends in that holds the coded bytes, ".br"; empty for identity. */
struct view coding_suffix(enum coding coding);

/*
 * The coding for a request, out of those whose bit, 1 << coding, is set in `available`: the one of
 * the highest weight in Accept-Encoding, in any of its lines, and the later in the enumeration of
 * equals. A coding that is neither listed nor met by "*" is never sent, identity always may be: it
 * comes last where it is not listed, and even when it is refused it is what is sent if nothing
 * else is acceptable (RFC 9110 12.5.3). Members that are malformed do not count; of two for the
 * same coding the later does.
 */
enum coding coding_choose(const struct request *request, unsigned available);

#endif
