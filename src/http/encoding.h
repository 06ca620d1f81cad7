/*
 * Content codings (RFC 9110 8.4.1, 12.5.3): selects a representation of the resource by
 * Accept-Encoding. The caller knows which representations exist, and sends Vary. Pure.
 */
#ifndef MAYFLY_HTTP_ENCODING_H
#define MAYFLY_HTTP_ENCODING_H

#include "request.h"

/* Of two codings with equal weight, the later one is preferred. */
enum coding {
	CODING_IDENTITY, /* the unencoded file */
	CODING_GZIP,     /* RFC 1952 */
	CODING_ZSTD,     /* RFC 8878, 9659 */
	CODING_BR,       /* RFC 7932 */
	CODING_COUNT,
};

/* The name for Content-Encoding, for example "br"; empty for identity, which is never sent. */
/*@ assigns \nothing;
    ensures readable(\result) && \result.length <= 4; */
struct view coding_name(enum coding coding);

/* The extension of the precompressed file, for example ".br"; empty for identity. */
/*@ assigns \nothing;
    ensures readable(\result) && \result.length <= 4; */
struct view coding_suffix(enum coding coding);

/*
 * Selects a coding for the request from those whose bit, 1 << coding, is set in `available`: the
 * one with the highest weight in all Accept-Encoding lines, and of equal weights the later one in
 * the enumeration. A coding that is neither listed nor matched by "*" is not selected. Identity is
 * always possible: unlisted, it comes last, and it is selected even if refused when nothing else
 * is acceptable (RFC 9110 12.5.3). Malformed members are ignored; the last member for a coding
 * counts.
 */
/*@ requires \valid_read(request) && fields_are_readable(request);
    assigns \nothing;
    ensures 0 <= \result < CODING_COUNT;
    ensures \result != CODING_IDENTITY ==> (available & (1u << \result)) != 0; */
enum coding coding_choose(const struct request *request, unsigned available);

#endif
