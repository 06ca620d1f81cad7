/* The command line of the handler: what it may say, and what is wrong with it. */
#ifndef MAYFLY_OPTIONS_H
#define MAYFLY_OPTIONS_H

#include "access_log.h"
#include "base/ip_address.h"
#include "base/option_table.h"
#include "http/field.h"

enum {
	INDEX_NAMES_MAX = 8,
	EXTRA_FIELDS_MAX = 16,
	EXTRA_BYTES_MAX = 16384, /* of them, and of Cache-Control, together */
	TRUSTED_PROXIES_MAX = 16,
};

enum action { ACTION_SERVE, ACTION_CHECK_CONFIG, ACTION_HELP, ACTION_VERSION };

enum sandbox_mode {
	SANDBOX_AUTO,    /* as far as the kernel can; what it lacks is told */
	SANDBOX_REQUIRE, /* whole, or no service */
	SANDBOX_OFF,     /* for debugging */
};

struct options {
	enum action action;
	const char *root; /* directory of the site */
	const char *hits; /* counter file; NULL: nothing is counted */
	/* Names of files that answer for a directory; the first that is found does. */
	const char *index_names[INDEX_NAMES_MAX];
	size_t index_name_count;
	bool vhosts;               /* the root holds one directory a host */
	bool list;                 /* a folder without an index is answered with a listing */
	bool list_hits;            /* which shows the hits of each file */
	struct view cache_control; /* value of the field; empty: not sent */
	/* Sent with every response; with 304 only what belongs there. */
	struct field extra_fields[EXTRA_FIELDS_MAX];
	size_t extra_field_count;
	size_t extra_bytes;
	struct log_destination log;
	enum sandbox_mode sandbox;
	unsigned header_timeout;      /* seconds until the whole head must be there */
	unsigned send_timeout;        /* seconds of the window over which min_rate is the mean */
	unsigned min_rate;            /* bytes per second that a client must take of a response */
	unsigned keep_alive;          /* seconds until the next request; 0: one exchange only */
	unsigned keep_alive_requests; /* requests that a connection may carry */
	unsigned keep_alive_time;     /* seconds after which a connection takes no request */
	bool proxy_protocol;          /* a front end says first whose connection it passes on */
	/* Where front ends are whose word is taken for it. */
	struct ip_network trusted_proxies[TRUSTED_PROXIES_MAX];
	size_t trusted_proxy_count;
	struct view health_path; /* answered with whether the site can be served; empty: none */
};

/*
 * Reads the command line. Returns false, with one line about the error in *error, for an unknown
 * option, a missing or bad value, an operand, no --root, or an option without another that it
 * requires. options->action is ACTION_CHECK_CONFIG also if the error comes before that option.
 */
bool options_parse(int argc, char **argv, struct options *options, struct buffer *error);

/* Whether an address, written as by inet_ntop(3), is in a network of --proxy-from. */
bool options_trust(const struct options *options, struct view address);

/* Appends what --help prints, at most OPTIONS_HELP_MAX bytes. */
void options_add_help(struct buffer *help);

enum { OPTIONS_HELP_MAX = 4096 };

#endif
