/* The media type of a file, by the extension of its name (RFC 9110 8.3). */
#ifndef MAYFLY_HTTP_MEDIA_TYPE_H
#define MAYFLY_HTTP_MEDIA_TYPE_H

#include "base/view.h"

/*
 * The value of Content-Type for a path: decided by what stands behind the last dot of its last
 * segment, in any case, as /etc/mime.types of the machine that built Mayfly has it.
 * application/octet-stream for an extension that is not there or not known. Every text type says
 * charset=utf-8, and nothing else does: JSON is always UTF-8 (RFC 8259 8.1), XML and its kin say it
 * themselves, and a charset here would overrule them (RFC 7303 3).
 */
struct view media_type_of(struct view path);

#endif
