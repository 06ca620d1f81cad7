/* The media type of a file by the extension of its name (RFC 9110 8.3). */
#ifndef MAYFLY_HTTP_MEDIA_TYPE_H
#define MAYFLY_HTTP_MEDIA_TYPE_H

#include "base/view.h"

/*
 * The value of Content-Type for a path, by the extension of its last segment (case-insensitive) in
 * the /etc/mime.types of the machine that built Mayfly; application/octet-stream for a missing or
 * unknown extension. Text types get charset=utf-8. Other types get no charset: JSON is always UTF-8
 * (RFC 8259 8.1), and a charset would override the one that an XML file declares (RFC 7303 3).
 */
struct view media_type_of(struct view path);

#endif
