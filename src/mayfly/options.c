/*
 * Parsing the command line; see options.h. To add an option, add it to struct options, and here to
 * enum option_code, to ROWS, from which --help and its tests derive, and to options_set. The compiler
 * reports a missing row or case; tests/bats/options.bats an option that mayfly(8) does not describe.
 */
#include "options.h"
#include "base/journald.h"
#include "base/parse.h"
#include "http/target.h"
#include <limits.h>

/* In the order of the rows below; options_set() has one case for each. */
enum option_code {
	OPTION_ROOT = OPTION_CODE_MIN,
	OPTION_HITS,
	OPTION_ROBOTS,
	OPTION_ROBOTS_LIST,
	OPTION_INDEX,
	OPTION_VHOSTS,
	OPTION_EXTENSION,
	OPTION_NO_RULES,
	OPTION_LIST,
	OPTION_LIST_HITS,
	OPTION_COUNTER_PATH,
	OPTION_CACHE_CONTROL,
	OPTION_HEADER,
	OPTION_LOG,
	OPTION_HEADER_TIMEOUT,
	OPTION_SEND_TIMEOUT,
	OPTION_MIN_RATE,
	OPTION_KEEP_ALIVE,
	OPTION_KEEP_ALIVE_REQUESTS,
	OPTION_KEEP_ALIVE_TIME,
	OPTION_PROXY_PROTOCOL,
	OPTION_PROXY_FROM,
	OPTION_HEALTH_PATH,
	OPTION_HTTPS,
	OPTION_HTTPS_REDIRECT,
	OPTION_SANDBOX,
	OPTION_CHECK_CONFIG,
	OPTION_VERSION,
	OPTION_HELP,
	OPTION_CODES_END,
};

static const struct option_row ROWS[] = {
    {OPTION_ROOT, "root", "DIR", "serve the files in DIR (required)"},
    {OPTION_HITS, "hits", "FILE", "count hits in FILE (default: count nothing)"},
    {OPTION_ROBOTS, "robots", "FILE",
     "count the hits of robots separately, in FILE (default: with the others)"},
    {OPTION_ROBOTS_LIST, "robots-list", "FILE",
     "read more names of robots, and exceptions, from FILE (default: none)"},
    {OPTION_INDEX, "index", "NAME", "serve NAME for a directory; repeatable (default index.html)"},
    {OPTION_VHOSTS, "vhosts", "",
     "serve the subdirectory of DIR that has the name of the host, or default"},
    {OPTION_EXTENSION, "extension", "NAME",
     "serve x.NAME if x is not a file; repeatable (default: none)"},
    {OPTION_NO_RULES, "no-rules", "", "ignore the files _redirects and _headers of the site"},
    {OPTION_LIST, "list", "", "list a directory that has no index file"},
    {OPTION_LIST_HITS, "list-hits", "",
     "list directories as --list does, with the hits of each file"},
    {OPTION_COUNTER_PATH, "counter-path", "PATH",
     "show the hits of /x at PATH/x.json, PATH/x.svg and PATH/x.txt"},
    {OPTION_CACHE_CONTROL, "cache-control", "VALUE", "send this Cache-Control with every file"},
    {OPTION_HEADER, "header", "FIELD",
     "send this field, 'Name: value', with every response; repeatable"},
    {OPTION_LOG, "log", "TARGET",
     "log to journal, journal:NAMESPACE, stderr, off or auto (default auto)"},
    {OPTION_HEADER_TIMEOUT, "header-timeout", "S",
     "time limit for the request header, in seconds (default 10)"},
    {OPTION_SEND_TIMEOUT, "send-timeout", "S",
     "measure the rate of a client over S seconds (default 60)"},
    {OPTION_MIN_RATE, "min-rate", "BYTES",
     "drop a client that receives fewer than BYTES per second (default 1000)"},
    {OPTION_KEEP_ALIVE, "keep-alive", "S",
     "wait S seconds for the next request; 0 closes at once (default 0)"},
    {OPTION_KEEP_ALIVE_REQUESTS, "keep-alive-requests", "N",
     "close a connection after N requests (default 1000)"},
    {OPTION_KEEP_ALIVE_TIME, "keep-alive-time", "S",
     "after its next request, close a connection that is S seconds old (default 300)"},
    {OPTION_PROXY_PROTOCOL, "proxy-protocol", "", "expect a PROXY protocol header, version 1 or 2"},
    {OPTION_PROXY_FROM, "proxy-from", "NETWORK",
     "accept PROXY headers only from NETWORK, or unix for Unix sockets; repeatable"},
    {OPTION_HEALTH_PATH, "health-path", "PATH",
     "answer health checks at PATH without counting them"},
    {OPTION_HTTPS, "https", "", "log requests as HTTPS; a TLS wrapper decrypts the connection"},
    {OPTION_HTTPS_REDIRECT, "https-redirect", "",
     "redirect to https, except to files below /.well-known/"},
    {OPTION_SANDBOX, "sandbox", "MODE",
     "confine the process: auto, require (or serve nothing) or off (default auto)"},
    {OPTION_CHECK_CONFIG, "check-config", "",
     "check the options, the root and the counter file, then exit"},
    {OPTION_VERSION, "version", "", "print the version"},
    {OPTION_HELP, "help", "", "print this help"},
};

enum { ROW_COUNT = sizeof ROWS / sizeof ROWS[0] };
_Static_assert((int)ROW_COUNT == (int)OPTION_CODES_END - (int)OPTION_CODE_MIN, "one row per code");

void options_add_help(struct buffer *help)
{
	buffer_add(help,
	           VIEW("Usage: mayfly --root DIR [OPTION]...\n"
	                "Read HTTP requests from standard input, serve the files in DIR, and\n"
	                "write the responses to standard output.\n"
	                "\n"));
	option_table_add_help(ROWS, ROW_COUNT, help);
	buffer_add(help, VIEW("\nSee mayfly(8).\n"));
}

enum {
	TIMEOUT_MAX = 86400,       /* seconds */
	QUANTITY_MAX = 1000000000, /* bytes per second, or requests */
	KEEP_ALIVE_REQUESTS = 1000,
	KEEP_ALIVE_TIME = 300, /* seconds */
};

/* Sets *result to a number from min to max. Returns NULL, or `problem` if the value is not one. */
static const char *set_number(const char *value, unsigned min, unsigned max, unsigned *result,
                              const char *problem)
{
	uint64_t number;
	if (!parse_number(view_of(value), min, max, &number))
		return problem;
	*result = (unsigned)number;
	return NULL;
}

static const char *set_seconds(const char *value, unsigned *seconds)
{
	return set_number(value, 1, TIMEOUT_MAX, seconds, "is not in 1-86400 (seconds)");
}

/* Zero is allowed: it turns the limit or the waiting off. */
static const char *set_rate(const char *value, unsigned *bytes)
{
	return set_number(value, 0, QUANTITY_MAX, bytes,
	                  "is not in 0-1000000000 (bytes per second)");
}

static const char *set_wait(const char *value, unsigned *seconds)
{
	return set_number(value, 0, TIMEOUT_MAX, seconds, "is not in 0-86400 (seconds)");
}

static const char *set_requests(const char *value, unsigned *requests)
{
	return set_number(value, 1, QUANTITY_MAX, requests, "is not in 1-1000000000 (requests)");
}

/* The codes from OPTION_ROOT to OPTION_ROBOTS_LIST: names of files. */
static const char *set_name(struct options *options, enum option_code code, const char *value)
{
	const char **const names[] = {&options->root, &options->hits, &options->robots,
	                              &options->robots_list};
	*names[(int)code - OPTION_ROOT] = value;
	if (*value != '\0')
		return NULL;
	return code == OPTION_ROOT ? "is not the name of a directory" : "is not the name of a file";
}

static const char *set_log(struct options *options, const char *value)
{
	struct view name_space = view_of(value), target;
	bool has_namespace = parse_cut(&name_space, ':', &target);
	int choice = parse_choice(target, VIEW("auto|journal|stderr|off"));
	if (choice < 0 || (has_namespace && choice != LOG_JOURNAL))
		return "is not journal, journal:NAMESPACE, stderr, off or auto";
	if (has_namespace && !journald_is_namespace(name_space))
		return "does not end with the name of a journal namespace";
	options->log = (struct log_destination){(enum log_target)choice, name_space};
	return NULL;
}

static const char *set_sandbox(struct options *options, const char *value)
{
	int choice = parse_choice(view_of(value), VIEW("auto|require|off"));
	if (choice < 0)
		return "is not auto, require or off";
	options->sandbox = (enum sandbox_mode)choice;
	return NULL;
}

/* Whether the value is a single file name that may be served: not hidden. */
static bool is_index_name(const char *value)
{
	size_t length = strlen(value);
	return length > 0 && length <= NAME_MAX && value[0] != '.' && strchr(value, '/') == NULL;
}

static const char *add_index(struct options *options, const char *value)
{
	if (!is_index_name(value))
		return "is not a file name without a slash or leading dot";
	if (options->index_name_count == INDEX_NAMES_MAX)
		return "exceeds the limit of 8 names";
	options->index_names[options->index_name_count++] = value;
	return NULL;
}

/* Counts the bytes of the owner's fields: the head of a response must have room for them. */
static bool has_room(struct options *options, struct view field)
{
	options->extra_bytes += field.length;
	return options->extra_bytes <= EXTRA_BYTES_MAX;
}

/* Letters, digits and - . _, as in "html" or "xhtml.xml". */
static bool is_extension(struct view value)
{
	for (size_t i = 0; i < value.length; i++)
		if (!ascii_is_letter(value.data[i]) && !ascii_is_digit(value.data[i]) &&
		    strchr("-._", value.data[i]) == NULL)
			return false;
	return value.length > 0 && value.length <= EXTENSION_LENGTH_MAX && value.data[0] != '.';
}

static const char *add_extension(struct options *options, const char *value)
{
	if (!is_extension(view_of(value)))
		return "is not an extension without its dot, such as html";
	if (options->extension_count == EXTENSIONS_MAX)
		return "exceeds the limit of 4 extensions";
	options->extensions[options->extension_count++] = value;
	return NULL;
}

static const char *set_cache_control(struct options *options, const char *value)
{
	options->cache_control = view_trim(view_of(value));
	if (options->cache_control.length == 0 || !field_value_is_valid(options->cache_control))
		return "is not a field value";
	return has_room(options, options->cache_control) ? NULL
	                                                 : "exceeds the limit of 16 KiB of fields";
}

static const char *add_header(struct options *options, const char *value)
{
	struct field field;
	if (field_parse(view_of(value), &field) != NULL)
		return "is not a field (Name: value)";
	if (field_is_reserved(field.name))
		return "is a field that only the server may send";
	if (options->extra_field_count == EXTRA_FIELDS_MAX)
		return "exceeds the limit of 16 fields";
	if (!has_room(options, view_of(value)))
		return "exceeds the limit of 16 KiB of fields";
	options->extra_fields[options->extra_field_count++] = field;
	return NULL;
}

static const char *add_trusted_proxy(struct options *options, const char *value)
{
	if (strcmp(value, "unix") == 0) {
		options->trusts_unix_peers = true;
		return NULL;
	}
	if (options->trusted_proxy_count == TRUSTED_PROXIES_MAX)
		return "exceeds the limit of 16 networks";
	if (!ip_network_parse(view_of(value),
	                      &options->trusted_proxies[options->trusted_proxy_count]))
		return "is not unix, or an address or network such as 192.0.2.0/24 or "
		       "2001:db8::/32";
	options->trusted_proxy_count++;
	return NULL;
}

static bool is_canonical(struct view path)
{
	static struct target target;
	return target_parse(path, &target).status == 0 && view_equal(target_path(&target), path);
}

/* The path must be canonical: it is compared with targets as they are sent, and clients send "/a/../b" as "/b". */
static const char *set_health_path(struct options *options, const char *value)
{
	options->health_path = view_of(value);
	return is_canonical(options->health_path) ? NULL
	                                          : "is not a canonical path such as /healthz";
}

static const char *set_counter_path(struct options *options, const char *value)
{
	struct view path = view_of(value);
	options->counter_path = path;
	bool is_valid = is_canonical(path) && path.data[path.length - 1] != '/';
	return is_valid ? NULL : "is not a canonical path such as /counter";
}

static const char *set_flag(bool *flag)
{
	*flag = true;
	return NULL;
}

/* Rejects a second action: --check-config reports one in the options of a service that it checks. */
static const char *set_action(struct options *options, enum option_code code)
{
	if (options->action != ACTION_SERVE)
		return code == OPTION_CHECK_CONFIG ? "is given twice"
		                                   : "cannot be combined with --check-config";
	options->action = ACTION_CHECK_CONFIG;
	if (code != OPTION_CHECK_CONFIG)
		options->action = code == OPTION_HELP ? ACTION_HELP : ACTION_VERSION;
	return NULL;
}

/*
 * Sets an option. Returns NULL, or the problem with its value. No default case: the compiler reports
 * a code without its case.
 */
static const char *options_set(struct options *options, enum option_code code, const char *value)
{
	switch (code) {
	case OPTION_ROOT:
	case OPTION_HITS:
	case OPTION_ROBOTS:
	case OPTION_ROBOTS_LIST:
		return set_name(options, code, value);
	case OPTION_INDEX:
		return add_index(options, value);
	case OPTION_VHOSTS:
		return set_flag(&options->vhosts);
	case OPTION_EXTENSION:
		return add_extension(options, value);
	case OPTION_NO_RULES:
		return set_flag(&options->no_rules);
	case OPTION_LIST:
		return set_flag(&options->list);
	case OPTION_LIST_HITS:
		options->list = true;
		return set_flag(&options->list_hits);
	case OPTION_COUNTER_PATH:
		return set_counter_path(options, value);
	case OPTION_CACHE_CONTROL:
		return set_cache_control(options, value);
	case OPTION_HEADER:
		return add_header(options, value);
	case OPTION_LOG:
		return set_log(options, value);
	case OPTION_SANDBOX:
		return set_sandbox(options, value);
	case OPTION_HEADER_TIMEOUT:
		return set_seconds(value, &options->header_timeout);
	case OPTION_SEND_TIMEOUT:
		return set_seconds(value, &options->send_timeout);
	case OPTION_MIN_RATE:
		return set_rate(value, &options->min_rate);
	case OPTION_KEEP_ALIVE:
		return set_wait(value, &options->keep_alive);
	case OPTION_KEEP_ALIVE_REQUESTS:
		return set_requests(value, &options->keep_alive_requests);
	case OPTION_KEEP_ALIVE_TIME:
		return set_seconds(value, &options->keep_alive_time);
	case OPTION_PROXY_PROTOCOL:
		return set_flag(&options->proxy_protocol);
	case OPTION_PROXY_FROM:
		return add_trusted_proxy(options, value);
	case OPTION_HEALTH_PATH:
		return set_health_path(options, value);
	case OPTION_HTTPS:
		return set_flag(&options->https);
	case OPTION_HTTPS_REDIRECT:
		return set_flag(&options->https_redirect);
	case OPTION_CHECK_CONFIG:
	case OPTION_VERSION:
	case OPTION_HELP:
		return set_action(options, code);
	case OPTION_CODES_END:
		break;
	}
	return "belongs to no option";
}

/* `value`: NULL if the option takes none. Returns false. */
static bool add_problem(struct buffer *error, int code, const char *value, const char *problem)
{
	const char *name = option_table_name(ROWS, ROW_COUNT, code);
	option_table_add_error(error, "--", name, value != NULL ? ": \"" : " ");
	if (value != NULL)
		option_table_add_error(error, "", value, "\" ");
	return option_table_add_error(error, problem, "", "");
}

/* Checks which options require others. */
static bool options_are_complete(const struct options *options, struct buffer *error)
{
	if (options->root == NULL)
		return option_table_add_error(error, "--root DIR is required; see --help", "", "");
	bool trusts_any = options->trusts_unix_peers || options->trusted_proxy_count > 0;
	if (options->proxy_protocol && !trusts_any)
		return option_table_add_error(error, "--proxy-protocol requires --proxy-from", "",
		                              "");
	if (!options->proxy_protocol && options->health_path.length == 0 && trusts_any)
		return option_table_add_error(
		    error, "--proxy-from requires --proxy-protocol or --health-path", "", "");
	if (options->robots != NULL && options->hits == NULL)
		return option_table_add_error(error, "--robots requires --hits", "", "");
	if (options->robots != NULL && strcmp(options->robots, options->hits) == 0)
		return option_table_add_error(error, "--robots and --hits name the same file", "",
		                              "");
	if (options->robots_list != NULL && options->robots == NULL)
		return option_table_add_error(error, "--robots-list requires --robots", "", "");
	if (options->list_hits && options->hits == NULL)
		return option_table_add_error(error, "--list-hits requires --hits", "", "");
	if (options->counter_path.length > 0 && options->hits == NULL)
		return option_table_add_error(error, "--counter-path requires --hits", "", "");
	if (options->https && options->https_redirect)
		return option_table_add_error(
		    error, "--https-redirect cannot be combined with --https", "", "");
	return true;
}

/* Sets the defaults other than zero. */
static void options_set_defaults(struct options *options)
{
	options->log.target = LOG_AUTO;
	options->header_timeout = 10;
	options->send_timeout = 60;
	options->min_rate = 1000;
	options->keep_alive_requests = KEEP_ALIVE_REQUESTS;
	options->keep_alive_time = KEEP_ALIVE_TIME;
}

static bool options_read(int argc, char **argv, struct options *options, struct buffer *error)
{
	struct option table[ROW_COUNT + 1];
	options_set_defaults(options);
	option_table_for_getopt(ROWS, ROW_COUNT, table);
	int code;
	while ((code = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (code == ':')
			return option_table_add_error(error, "", argv[optind - 1],
			                              " requires a value");
		if (code == '?')
			return option_table_add_rejected(ROWS, ROW_COUNT, argv[optind - 1], error);
		const char *problem = options_set(options, (enum option_code)code, optarg);
		if (problem != NULL)
			return add_problem(error, code, optarg, problem);
		if (options->action == ACTION_HELP || options->action == ACTION_VERSION)
			return true;
	}
	if (optind < argc)
		return option_table_add_error(error, "unexpected argument: ", argv[optind],
		                              "; see --help");
	if (options->index_name_count == 0)
		options->index_names[options->index_name_count++] = "index.html";
	return options_are_complete(options, error);
}

bool options_parse(int argc, char **argv, struct options *options, struct buffer *error)
{
	if (options_read(argc, argv, options, error))
		return true;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--check-config") == 0)
			options->action = ACTION_CHECK_CONFIG;
	return false;
}

static bool trusts_everyone(const struct options *options)
{
	for (size_t i = 0; i < options->trusted_proxy_count; i++)
		if (options->trusted_proxies[i].prefix == 0)
			return true;
	return false;
}

const char *options_warning(const struct options *options, size_t number)
{
	const char *warnings[3];
	size_t count = 0;
	if (options->keep_alive == 0 && options->keep_alive_requests != KEEP_ALIVE_REQUESTS)
		warnings[count++] = "--keep-alive-requests has no effect without --keep-alive";
	if (options->keep_alive == 0 && options->keep_alive_time != KEEP_ALIVE_TIME)
		warnings[count++] = "--keep-alive-time has no effect without --keep-alive";
	if (trusts_everyone(options))
		warnings[count++] =
		    "--proxy-from has a network of all addresses: any client can claim another's";
	return number < count ? warnings[number] : NULL;
}

bool options_trust(const struct options *options, const struct peer *peer)
{
	struct ip_address parsed;
	if (peer->is_unix)
		return options->trusts_unix_peers;
	if (!ip_address_parse(peer->address, &parsed))
		return false;
	for (size_t i = 0; i < options->trusted_proxy_count; i++)
		if (ip_network_has(&options->trusted_proxies[i], &parsed))
			return true;
	return false;
}
