/*
 * Writes entries to systemd-journald in its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL):
 * one datagram per entry, one line "FIELD=value" per field. Stands in for sd_journal_send(3), which
 * the handler does not link, and which blocks while the journal's queue is full. What the entries
 * say is the programs' own; reading them is mayflyctl's.
 */
#ifndef MAYFLY_BASE_JOURNALD_H
#define MAYFLY_BASE_JOURNALD_H

#include "buffer.h"
#include <sys/stat.h>

/*
 * MESSAGE_ID= of Mayfly's entries (systemd.journal-fields(7)): of a request or a refused
 * connection, and of an error of one of Mayfly's programs. mayflyctl finds entries by them, so they
 * never change. They do not prove who wrote an entry: any process can send any MESSAGE_ID.
 */
#define MESSAGE_ID_REQUEST "a953feb0b6e6401aa442ff005fa26bbf"
#define MESSAGE_ID_ERROR "f6aa8d4055ca453aaa89000f7370d71c"

/* PRIORITY= of an entry: levels of syslog (RFC 5424 6.2.1). */
enum priority { PRIORITY_ERROR = 3, PRIORITY_WARNING = 4, PRIORITY_NOTICE = 5 };

enum { JOURNALD_NAMESPACE_MAX = 64 }; /* bytes of a namespace's name */

/* Whether this can be the name of a journal namespace: 1 to 64 letters, digits, '-', '_' and '.'. */
bool journald_is_namespace(struct view name);

/*
 * Connects to the journald of a namespace (systemd.exec(5), LogNamespace=), or to the machine's if
 * the name is empty. Returns a datagram socket, or -1.
 */
int journald_connect(struct view name_space);

/* Whether JOURNAL_STREAM says that systemd has connected this descriptor to the journal. */
bool journald_has(int descriptor);

/* Whether a value of JOURNAL_STREAM, "device:inode" (systemd.exec(5)), names this file. Pure. */
bool journald_names(struct view journal_stream, const struct stat *file);

/*
 * Begin an entry with the fields that each entry of Mayfly's has, and append a field. A name ends
 * with its "=", which spares each entry some 15 more pieces. A value must hold no newline, which
 * would begin another field; journald_add_escaped takes any bytes, and appends at most `max`
 * (buffer_add_escaped_max). An empty value appends nothing. Pure.
 */
void journald_begin(struct buffer *entry, const char *message_id, enum priority priority);
void journald_add(struct buffer *entry, struct view name, struct view value);
void journald_add_number(struct buffer *entry, struct view name, uint64_t number);
void journald_add_escaped(struct buffer *entry, struct view name, struct view value, size_t max);

/*
 * Sends an entry without waiting. Returns false if the journal's queue is full, so that it can be
 * sent again once the socket is writable. An entry that journald will never take is dropped.
 */
bool journald_send(int journal, struct view entry);

#endif
