/*
 * Sending the response of an exchange: its head, a file, a built-in page. What respond.c and
 * respond_listing.c have in common. The number of body bytes sent, and an error, are noted in the
 * exchange's log entry.
 */
#ifndef MAYFLY_EXCHANGE_SEND_H
#define MAYFLY_EXCHANGE_SEND_H

#include "exchange.h"

/* Begins the head: the status line, the fields that every response has, and the owner's. */
void exchange_begin_head(struct exchange *exchange, int status);

/*
 * Sends the bytes in exchange->head, and empties it. `more`: further bytes follow at once. Returns
 * NULL, or an error of connection_send.
 */
const char *exchange_send_head(struct exchange *exchange, bool more);

/* Sends `length` bytes of a file, from `offset` on. Returns NULL, or an error of connection_send_file. */
const char *exchange_send_part(struct exchange *exchange, int file, uint64_t offset,
                               uint64_t length);

/*
 * Adds Content-Type with the server's own media type of a file. If that is HTML in UTF-8,
 * exchange_send_file takes the charset out of the head if the file declares another one. It looks at
 * bytes that it reads anyway, if it does.
 */
void exchange_add_media_type(struct exchange *exchange, struct view media_type, int file);

/* Whether a file with this media type is HTML that declares a charset other than UTF-8; reads the file. */
bool exchange_charset_differs(struct view media_type, int file);

/*
 * Ends the head and sends it; then, unless the request is a HEAD, `length` bytes of a file, from
 * `offset` on. Content-Type, Content-Length and the like must be in the head already.
 */
void exchange_send_file(struct exchange *exchange, int file, uint64_t offset, uint64_t length);

/*
 * Sends the head, and the built-in page of the status as the body. Adds Content-Type and
 * Content-Length itself.
 */
void exchange_send_page(struct exchange *exchange);

/*
 * Notes that the response was not sent completely: the connection closes, and the error is logged
 * unless a reason is set already. `error`: a reason code; NULL if all was sent.
 */
void exchange_note_error(struct exchange *exchange, const char *error);

#endif
