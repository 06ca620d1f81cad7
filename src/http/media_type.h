/* The media type of a file, by its name or by its bytes (RFC 9110 8.3). */
#ifndef MAYFLY_HTTP_MEDIA_TYPE_H
#define MAYFLY_HTTP_MEDIA_TYPE_H

#include "base/view.h"

/*
 * The value of Content-Type for a path, by its last segment, case-insensitive: by its extension or, if it
 * has none, by the whole name ("README"). Below "/.well-known/" the whole path comes first. The types are
 * those of the file media_types, then those in the /etc/mime.types of the machine that built Mayfly.
 * Empty for an unknown name. Text types get charset=utf-8. Other types get no charset: JSON is always
 * UTF-8 (RFC 8259 8.1), and a charset would override the one that an XML file declares (RFC 7303 3).
 */
struct view media_type_of(struct view path);

/*
 * Whether the media type of a path is that of the decoded form of a file that is compressed with gzip:
 * .svgz, .x3dz and .x3dvz. Such a file is sent with Content-Encoding: gzip. Archives (.gz, .tgz) are not
 * among them: their type is application/gzip, and decoding is up to their user.
 */
bool media_type_is_of_gzip(struct view path);

enum { MEDIA_TYPE_BYTES = 1024 }; /* are enough for media_type_of_bytes */

/*
 * The value of Content-Type for a file whose name says nothing, by its first bytes: text/plain if they are
 * UTF-8 without control characters that no text has, else application/octet-stream. No other type is
 * derived from bytes, so that no upload becomes a page or a script.
 */
struct view media_type_of_bytes(struct view start);

/* Whether media_type_of_bytes is text/plain for these bytes. */
bool media_type_is_text(struct view start);

#endif
