/* The command line of the handler. To add an option, see options.c. */
#ifndef MAYFLY_OPTIONS_H
#define MAYFLY_OPTIONS_H

#include "access_log.h"
#include "base/ip_address.h"
#include "base/option_table.h"
#include "http/field.h"

enum {
	INDEX_NAMES_MAX = 8,
	EXTENSIONS_MAX = 4,
	EXTENSION_LENGTH_MAX = 16, /* bytes */
	EXTRA_FIELDS_MAX = 16,
	EXTRA_BYTES_MAX = 16384, /* of all fields and of Cache-Control together */
	TRUSTED_PROXIES_MAX = 16,
};

enum action { ACTION_SERVE, ACTION_CHECK_CONFIG, ACTION_HELP, ACTION_VERSION };

enum sandbox_mode {
	SANDBOX_AUTO,    /* all that the kernel has; log what it lacks */
	SANDBOX_REQUIRE, /* respond 503 if the kernel lacks a part */
	SANDBOX_OFF,     /* for debugging */
};

struct options {
	enum action action;
	const char *root;        /* directory of the site */
	const char *hits;        /* counter file; NULL: count nothing */
	const char *robots;      /* counter file of robots; NULL: count them like others */
	const char *robots_list; /* file of words in the User-Agent of robots; NULL: none */
	/* The first of these files that exists is served for a directory. */
	const char *index_names[INDEX_NAMES_MAX];
	size_t index_name_count;
	/* Extensions that a request may leave out, without their dot; the first that exists is served. */
	const char *extensions[EXTENSIONS_MAX];
	size_t extension_count;
	bool vhosts;               /* the root holds one directory per host */
	bool no_rules;             /* ignore _redirects and _headers of the site */
	bool list;                 /* list a directory that has no index file */
	bool list_hits;            /* show the hits of each file in listings */
	struct view cache_control; /* value of the field; empty: send none */
	/* Sent with every response; with a 304 only those that field_is_in_not_modified allows. */
	struct field extra_fields[EXTRA_FIELDS_MAX];
	size_t extra_field_count;
	size_t extra_bytes;
	struct log_destination log;
	enum sandbox_mode sandbox;
	unsigned header_timeout;      /* seconds until the request header must be complete */
	unsigned send_timeout;        /* seconds over which the rate of a client is measured */
	unsigned min_rate;            /* bytes per second that a client must receive */
	unsigned keep_alive;          /* seconds to wait for the next request; 0: close */
	unsigned keep_alive_requests; /* requests per connection */
	unsigned keep_alive_time;     /* seconds after which the next request is the last */
	bool proxy_protocol;          /* the connection must begin with a PROXY header */
	/* Networks whose PROXY headers and health checks are accepted. */
	struct ip_network trusted_proxies[TRUSTED_PROXIES_MAX];
	size_t trusted_proxy_count;
	bool trusts_unix_peers;   /* the same for connections on a Unix socket */
	struct view health_path;  /* target of health checks; empty: none */
	struct view counter_path; /* counters are shown below it; empty: nowhere */
	bool https;               /* a TLS wrapper decrypts the connection */
	bool https_redirect;      /* redirect to https, except to files below /.well-known/ */
};

/*
 * Parses the command line. *options must be zero before. Returns false, with one line for the log in *error, if an option is
 * unknown, its value missing or invalid, or an option that another requires is missing. If
 * --check-config is an argument, options->action is ACTION_CHECK_CONFIG even then.
 */
bool options_parse(int argc, char **argv, struct options *options, struct buffer *error);

/*
 * Returns the problem with this number, from 0, of options that are valid but have no effect with the
 * others or allow more than they seem to; NULL after the last.
 */
const char *options_warning(const struct options *options, size_t number);

/* Whether --proxy-from names the peer's network or, if it is on a Unix socket, unix. */
bool options_trust(const struct options *options, const struct peer *peer);

/* Appends the text of --help, at most OPTIONS_HELP_MAX bytes. */
void options_add_help(struct buffer *help);

enum { OPTIONS_HELP_MAX = 4096 };

#endif
