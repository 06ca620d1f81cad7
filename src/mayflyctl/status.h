/*
 * What `mayflyctl status` knows. It is gathered as JSON, under systemd's own names where it is
 * systemd's to say, and shown from that, so that both answers are one. Its members:
 *
 * - socket: Id, ActiveState, SubState, Result, UnitFileState, Listen, NAccepted, NConnections,
 *   NRefused, MaxConnections, MaxConnectionsPerSource, BusiestSource (address, NConnections);
 *
 * - service: ActiveState, StatusText, of mayfly-busy.service; null where that has not the port;
 *
 * - slice: MemoryCurrent, MemoryMax, TasksCurrent, TasksMax; null where there is none;
 *
 * - root: path, user; enterable (null: not tried), error;
 *
 * - hits: path, resources, total, damaged; or error, in words that go behind the path; null where
 *   nothing is counted;
 *
 * - journal: troubles (as `log --json` shows entries), or error.
 */
#ifndef MAYFLY_MAYFLYCTL_STATUS_H
#define MAYFLY_MAYFLYCTL_STATUS_H

#include "bus.h"
#include "installation.h"
#include "journal.h"
#include <json-c/json.h>

/* Each gathers one part; the object is the caller's. NULL where the unit is not installed. */
struct json_object *status_socket(sd_bus *bus, const struct installation *installation);
struct json_object *status_service(sd_bus *bus, const struct installation *installation);
struct json_object *status_slice(sd_bus *bus);
struct json_object *status_root(const struct installation *installation);
struct json_object *status_hits(const struct installation *installation);
struct json_object *status_journal(const struct journal_users *others);

/* Prints all of it for people. */
void status_print(struct json_object *status);

/* Whether all is in order: the socket listens, the root can be entered, the counter file read. */
bool status_is_good(struct json_object *status);

#endif
