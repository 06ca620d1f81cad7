/* Parsing the command line; see accept_options.h. */
#include "accept_options.h"
#include "base/option_table.h"
#include "base/parse.h"
#include "handler_table.h"

enum { SECONDS_MAX = 365 * 24 * 3600 };

/* In the order of the rows below; accept_options_set() has one case for each. */
enum accept_option_code {
	OPTION_MAX_CONNECTIONS = OPTION_CODE_MIN,
	OPTION_MAX_PER_SOURCE,
	OPTION_IDLE_EXIT,
	OPTION_HANDLER_LIFETIME,
	OPTION_CHECK_CONFIG,
	OPTION_VERSION,
	OPTION_HELP,
	OPTION_CODES_END,
};

static const struct option_row ROWS[] = {
    {OPTION_MAX_CONNECTIONS, "max-connections", "N", "run at most N handlers (default 1024)"},
    {OPTION_MAX_PER_SOURCE, "max-per-source", "N",
     "run at most N handlers per IPv4 address or IPv6 /64 (default 64)"},
    {OPTION_IDLE_EXIT, "idle-exit", "S", "exit if no handler has run for S seconds (default 30)"},
    {OPTION_HANDLER_LIFETIME, "handler-lifetime", "S",
     "end a handler that has run for S seconds (default 86400)"},
    {OPTION_CHECK_CONFIG, "check-config", "", "check the options, then exit"},
    {OPTION_VERSION, "version", "", "print the version"},
    {OPTION_HELP, "help", "", "print this help"},
};

enum { ROW_COUNT = sizeof ROWS / sizeof ROWS[0] };
_Static_assert((int)ROW_COUNT == (int)OPTION_CODES_END - (int)OPTION_CODE_MIN, "one row per code");

void accept_options_add_help(struct buffer *help)
{
	buffer_add(help, VIEW("Usage: mayfly-accept [OPTION]... -- HANDLER [ARGUMENT]...\n"
	                      "Accept connections on the sockets that systemd passes, and start\n"
	                      "HANDLER, the absolute path of mayfly, for each connection.\n"
	                      "\n"));
	option_table_add_help(ROWS, ROW_COUNT, help);
	buffer_add(help, VIEW("\nSee mayfly-accept(8).\n"));
}

/*
 * Where the number that follows an option belongs, and the largest that it may be; NULL if no
 * number follows. No default case: the compiler reports a code without its case.
 */
static uint64_t *accept_options_number(struct accept_options *options, enum accept_option_code code,
                                       uint64_t *max)
{
	*max = HANDLERS_MAX;
	switch (code) {
	case OPTION_MAX_CONNECTIONS:
		return &options->max_connections;
	case OPTION_MAX_PER_SOURCE:
		return &options->max_per_source;
	case OPTION_IDLE_EXIT:
		*max = SECONDS_MAX;
		return &options->idle_exit;
	case OPTION_HANDLER_LIFETIME:
		*max = SECONDS_MAX;
		return &options->handler_lifetime;
	case OPTION_CHECK_CONFIG:
	case OPTION_VERSION:
	case OPTION_HELP:
	case OPTION_CODES_END:
		break;
	}
	return NULL;
}

static bool add_range_error(struct buffer *error, const char *name, const char *value, uint64_t max)
{
	option_table_add_error(error, "--", name, ": ");
	option_table_add_error(error, "", value, " is not in 1-");
	buffer_add_number(error, max);
	return false;
}

/* Rejects a second action: --check-config reports one in the options of a service that it checks. */
static bool set_action(struct accept_options *options, enum accept_option_code code,
                       struct buffer *error)
{
	if (options->action != ACCEPT_SERVE)
		return option_table_add_error(error, "--", option_table_name(ROWS, ROW_COUNT, code),
		                              code == OPTION_CHECK_CONFIG
		                                  ? " is given twice"
		                                  : " cannot be combined with --check-config");
	options->action = code == OPTION_HELP      ? ACCEPT_HELP
	                  : code == OPTION_VERSION ? ACCEPT_VERSION
	                                           : ACCEPT_CHECK_CONFIG;
	return true;
}

/* Applies one option and its value, `optarg`. */
static bool accept_options_set(struct accept_options *options, enum accept_option_code code,
                               struct buffer *error)
{
	uint64_t max;
	uint64_t *number = accept_options_number(options, code, &max);
	if (number != NULL && !parse_number(view_of(optarg), 1, max, number))
		return add_range_error(error, option_table_name(ROWS, ROW_COUNT, code), optarg,
		                       max);
	return number != NULL || set_action(options, code, error);
}

bool accept_options_parse(int argc, char **argv, struct accept_options *options,
                          struct buffer *error)
{
	struct option table[ROW_COUNT + 1];
	*options = (struct accept_options){.max_connections = 1024,
	                                   .max_per_source = 64,
	                                   .idle_exit = 30,
	                                   .handler_lifetime = 86400};
	option_table_for_getopt(ROWS, ROW_COUNT, table);
	int code;
	while ((code = getopt_long(argc, argv, "+:", table, NULL)) != -1) {
		if (code == ':')
			return option_table_add_error(error, "", argv[optind - 1],
			                              " requires a value");
		if (code == '?')
			return option_table_add_rejected(ROWS, ROW_COUNT, argv[optind - 1], error);
		if (!accept_options_set(options, (enum accept_option_code)code, error))
			return false;
		if (options->action == ACCEPT_HELP || options->action == ACCEPT_VERSION)
			return true;
	}
	options->command = argv + optind;
	if (optind == argc)
		return option_table_add_error(
		    error, "the path of the handler is required; see --help", "", "");
	if (argv[optind][0] != '/')
		return option_table_add_error(error, "", argv[optind], " is not an absolute path");
	return true;
}
