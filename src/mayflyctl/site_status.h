/* The state of the site for `mayflyctl status`: from systemd, the counter file and the journal. */
#ifndef MAYFLY_MAYFLYCTL_SITE_STATUS_H
#define MAYFLY_MAYFLYCTL_SITE_STATUS_H

#include "base/ip_address.h"
#include "bus.h"
#include "entry.h"
#include "https.h"
#include "journal.h"
#include "unit_config.h"
#include <stdbool.h>
#include <stdint.h>

enum { STATUS_LISTEN_MAX = 16, STATUS_PROBLEMS_MAX = 5 };

/* Strings from systemd are kept until the program exits. */
struct socket_status {
	const char *id, *active_state, *sub_state, *unit_file_state, *result;
	const char *listen[STATUS_LISTEN_MAX];
	size_t listen_count;
	uint32_t accepted, refused, connections, connections_max, connections_max_per_source;
	char busiest[IP_ADDRESS_SIZE]; /* the client with the most connections; empty: none */
	size_t busiest_connections;
};

/* UINT64_MAX is systemd's value for "unknown" and "no limit". */
struct slice_status {
	bool exists;
	uint64_t memory, memory_max, tasks, tasks_max;
};

struct root_status {
	bool tested;         /* this process could test whether the user can enter it */
	const char *problem; /* why the user cannot enter it; else NULL */
};

enum hits_state {
	HITS_OFF,     /* nothing is counted */
	HITS_READ,    /* resources, total and damaged are known */
	HITS_NONE,    /* the file is created with the first hit */
	HITS_DENIED,  /* this user may not read it */
	HITS_INVALID, /* problem says why */
};

struct hits_status {
	enum hits_state state;
	uint64_t resources, total, damaged;
	const char *problem;
};

struct journal_status {
	const char *problem;                    /* why it cannot be read; else NULL */
	struct entry last[STATUS_PROBLEMS_MAX]; /* refusals and errors, newest first */
	size_t count;
};

struct https_status {
	bool is_on, is_active; /* mayfly-https.socket is enabled or active; is active */
	enum certificate_result result;
	struct certificate certificate;
	struct named_certificate *named; /* further ones, of one host name each */
	size_t named_count;
};

struct site_status {
	const char *site;
	struct unit_config config;
	struct socket_status socket;
	const char *service_state, *service_text; /* of a busy site's service; else NULL */
	struct https_status https;
	struct slice_status slice;
	struct root_status root;
	struct hits_status hits;
	struct journal_status journal;
};

/*
 * Gathers the state of a site. From the journal it reads entries of handlers, and of the users in
 * `others` (journal.h): those of the site, or of all sites if `is_only`. Returns EXIT_DONE, or EXIT_FAILED after an error message: a unit is not installed or
 * cannot be queried. Other errors are part of the state.
 */
enum exit_status site_status_gather(struct site_status *status, sd_bus *bus,
                                    const struct site *site, bool is_only,
                                    const struct journal_users *others);

/* Whether systemd listens for clients. */
bool site_status_is_active(const struct site_status *status);

/* Whether the owner wants the site served: it listens, or is enabled. */
bool site_status_is_on(const struct site_status *status);

/* Whether the socket is active, the root directory can be entered and the counter file is sound. */
bool site_status_is_good(const struct site_status *status);

#endif
