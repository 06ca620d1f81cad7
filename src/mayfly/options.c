/* Reading the command line; see options.h. */
#include "options.h"
#include "http/target.h"
#include <getopt.h>
#include <limits.h>

const char options_help[] =
    "Usage: mayfly --root DIR [OPTION]...\n"
    "Reads one HTTP request from standard input, answers it on standard output from the files in "
    "DIR.\n"
    "\n"
    "  --root DIR            the directory of the site\n"
    "  --hits FILE           count hits in FILE; without it nothing is counted\n"
    "  --index NAME          a file that answers for a directory (index.html); may be repeated\n"
    "  --vhosts              the site is the folder of DIR named after the Host, or default\n"
    "  --list                list what is in a directory without such a file\n"
    "  --list-hits           the same, with the hits of each file\n"
    "  --cache-control VALUE send this Cache-Control with every file\n"
    "  --header FIELD        send this field, 'Name: value'; may be repeated\n"
    "  --log TARGET          journal, stderr, off or auto (auto)\n"
    "  --header-timeout S    seconds until the whole request head must be there (10)\n"
    "  --send-timeout S      seconds in which the client must take something (30)\n"
    "  --keep-alive S        carry further requests while each arrives within S seconds (0: off)\n"
    "  --proxy-protocol      a front end says first whose connection it is: PROXY, version 1 or "
    "2\n"
    "  --proxy-from NETWORK  front ends to believe, 192.0.2.0/24 say; may be repeated\n"
    "  --health-path PATH    answer there, uncounted, whether the site can be served\n"
    "  --sandbox MODE        auto, require (no service where the kernel lacks a part) or off "
    "(auto)\n"
    "  --version             print the version\n"
    "  --help                print this\n"
    "\n"
    "mayfly(8) tells the rest.\n";

enum { LONGEST_TIMEOUT = 86400 };

enum option_code {
	OPTION_ROOT = 256,
	OPTION_HITS,
	OPTION_INDEX,
	OPTION_VHOSTS,
	OPTION_LIST,
	OPTION_LIST_HITS,
	OPTION_CACHE_CONTROL,
	OPTION_HEADER,
	OPTION_LOG,
	OPTION_HEADER_TIMEOUT,
	OPTION_SEND_TIMEOUT,
	OPTION_KEEP_ALIVE,
	OPTION_PROXY_PROTOCOL,
	OPTION_PROXY_FROM,
	OPTION_HEALTH_PATH,
	OPTION_SANDBOX,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option OPTIONS[] = {
    {"root", required_argument, NULL, OPTION_ROOT},
    {"hits", required_argument, NULL, OPTION_HITS},
    {"index", required_argument, NULL, OPTION_INDEX},
    {"vhosts", no_argument, NULL, OPTION_VHOSTS},
    {"list", no_argument, NULL, OPTION_LIST},
    {"list-hits", no_argument, NULL, OPTION_LIST_HITS},
    {"cache-control", required_argument, NULL, OPTION_CACHE_CONTROL},
    {"header", required_argument, NULL, OPTION_HEADER},
    {"log", required_argument, NULL, OPTION_LOG},
    {"header-timeout", required_argument, NULL, OPTION_HEADER_TIMEOUT},
    {"send-timeout", required_argument, NULL, OPTION_SEND_TIMEOUT},
    {"keep-alive", required_argument, NULL, OPTION_KEEP_ALIVE},
    {"proxy-protocol", no_argument, NULL, OPTION_PROXY_PROTOCOL},
    {"proxy-from", required_argument, NULL, OPTION_PROXY_FROM},
    {"health-path", required_argument, NULL, OPTION_HEALTH_PATH},
    {"sandbox", required_argument, NULL, OPTION_SANDBOX},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* Seconds as digits only, from `least` to a day. */
static bool parse_seconds(const char *value, unsigned least, unsigned *seconds)
{
	unsigned number = 0;
	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++) {
		if (!ascii_is_digit(*value))
			return false;
		number = number * 10 + (unsigned)(*value - '0');
		if (number > LONGEST_TIMEOUT)
			return false;
	}
	*seconds = number;
	return number >= least;
}

enum { CHOICE_SIZE = 8 };

/* Which of some words the value is: its place among them, or -1. */
static int parse_choice(const char *value, const char (*words)[CHOICE_SIZE], int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(value, words[i]) == 0)
			return i;
	return -1;
}

static const char *take_log(struct options *options, const char *value)
{
	static const char WORDS[][CHOICE_SIZE] = {[LOG_AUTO] = "auto",
	                                          [LOG_JOURNAL] = "journal",
	                                          [LOG_STDERR] = "stderr",
	                                          [LOG_OFF] = "off"};
	int choice = parse_choice(value, WORDS, sizeof WORDS / sizeof WORDS[0]);
	if (choice < 0)
		return "journal, stderr, off or auto";
	options->log = (enum log_target)choice;
	return NULL;
}

static const char *take_sandbox(struct options *options, const char *value)
{
	static const char WORDS[][CHOICE_SIZE] = {
	    [SANDBOX_AUTO] = "auto", [SANDBOX_REQUIRE] = "require", [SANDBOX_OFF] = "off"};
	int choice = parse_choice(value, WORDS, sizeof WORDS / sizeof WORDS[0]);
	if (choice < 0)
		return "auto, require or off";
	options->sandbox = (enum sandbox_mode)choice;
	return NULL;
}

/* One name in a directory that may be served: not hidden, no path. */
static bool is_index_name(const char *value)
{
	size_t length = strlen(value);
	return length > 0 && length <= NAME_MAX && value[0] != '.' && strchr(value, '/') == NULL;
}

static const char *take_index(struct options *options, const char *value)
{
	if (!is_index_name(value))
		return "a file name without a slash or a leading dot";
	if (options->index_name_count == INDEX_NAMES_MAX)
		return "at most 8 names";
	options->index_names[options->index_name_count++] = value;
	return NULL;
}

/* A head has to hold the owner's fields and all that the server says. */
static bool has_room(struct options *options, struct view field)
{
	options->extra_bytes += field.length;
	return options->extra_bytes <= EXTRA_BYTES_MAX;
}

static const char *take_cache_control(struct options *options, const char *value)
{
	options->cache_control = view_trim(view_of(value));
	if (options->cache_control.length == 0 || !field_value_is_valid(options->cache_control))
		return "a field value";
	return has_room(options, options->cache_control) ? NULL : "at most 16 KiB of fields";
}

static const char *take_header(struct options *options, const char *value)
{
	struct field field;
	if (field_parse(view_of(value), &field) != NULL)
		return "a field: 'Name: value'";
	if (field_is_reserved(field.name))
		return "only fields that the server does not send itself";
	if (options->extra_field_count == EXTRA_FIELDS_MAX)
		return "at most 16 fields";
	if (!has_room(options, view_of(value)))
		return "at most 16 KiB of fields";
	options->extra_fields[options->extra_field_count++] = field;
	return NULL;
}

static const char *take_proxy_from(struct options *options, const char *value)
{
	if (options->front_end_count == FRONT_ENDS_MAX)
		return "at most 16 networks";
	if (!ip_network_parse(view_of(value), &options->front_ends[options->front_end_count]))
		return "a network, 192.0.2.0/24 or 2001:db8::/32 say, or an address";
	options->front_end_count++;
	return NULL;
}

/* It is compared with targets as they are spelt, and clients spell "/a/../b" as "/b". */
static const char *take_health_path(struct options *options, const char *value)
{
	static struct target target;
	options->health_path = view_of(value);
	bool canonical = target_parse(options->health_path, &target).status == 0 &&
	                 view_equal(target_path(&target), options->health_path);
	return canonical ? NULL : "a canonical path, /healthz say";
}

/* Takes one option's value; returns what it should have been, or NULL. */
static const char *take(struct options *options, int code, const char *value)
{
	switch (code) {
	case OPTION_ROOT:
		options->root = value;
		return *value != '\0' ? NULL : "the name of a directory";
	case OPTION_HITS:
		options->hits = value;
		return *value != '\0' ? NULL : "the name of a file";
	case OPTION_INDEX:
		return take_index(options, value);
	case OPTION_VHOSTS:
		options->vhosts = true;
		return NULL;
	case OPTION_LIST:
		options->list = true;
		return NULL;
	case OPTION_LIST_HITS:
		options->list = options->list_hits = true;
		return NULL;
	case OPTION_CACHE_CONTROL:
		return take_cache_control(options, value);
	case OPTION_HEADER:
		return take_header(options, value);
	case OPTION_LOG:
		return take_log(options, value);
	case OPTION_SANDBOX:
		return take_sandbox(options, value);
	case OPTION_HEADER_TIMEOUT:
		return parse_seconds(value, 1, &options->header_timeout) ? NULL
		                                                         : "1 to 86400 seconds";
	case OPTION_SEND_TIMEOUT:
		return parse_seconds(value, 1, &options->send_timeout) ? NULL
		                                                       : "1 to 86400 seconds";
	case OPTION_KEEP_ALIVE:
		return parse_seconds(value, 0, &options->keep_alive) ? NULL : "0 to 86400 seconds";
	case OPTION_PROXY_PROTOCOL:
		options->proxy_protocol = true;
		return NULL;
	case OPTION_PROXY_FROM:
		return take_proxy_from(options, value);
	case OPTION_HEALTH_PATH:
		return take_health_path(options, value);
	case OPTION_VERSION:
		options->action = ACTION_VERSION;
		return NULL;
	default:
		options->action = ACTION_HELP;
		return NULL;
	}
}

/* The complaint, and in it the part of the command line that caused it, escaped. */
static bool complain(struct buffer *complaint, const char *before, const char *cause,
                     const char *after)
{
	buffer_add_string(complaint, before);
	buffer_add_escaped(complaint, view_of(cause), 80);
	buffer_add_string(complaint, after);
	return false;
}

static const char *option_name(int code)
{
	for (size_t i = 0; OPTIONS[i].name != NULL; i++)
		if (OPTIONS[i].val == code)
			return OPTIONS[i].name;
	return "";
}

/* The word on the command line that getopt_long does not know, or a value where none belongs. */
static bool complain_of_option(struct buffer *complaint, const char *word)
{
	const char letter[] = {'-', (char)optopt, '\0'};
	const char *name = option_name(optopt);
	if (*name != '\0')
		return complain(complaint, "--", name, " takes no value");
	return complain(complaint, "there is no option ", optopt != 0 ? letter : word,
	                "; try --help");
}

/* What options mean only together. */
static bool agree(const struct options *options, struct buffer *complaint)
{
	if (options->root == NULL)
		return complain(complaint, "--root DIR is missing; try --help", "", "");
	if (options->proxy_protocol && options->front_end_count == 0)
		return complain(complaint, "--proxy-protocol takes nobody's word without ",
		                "--proxy-from", "");
	if (!options->proxy_protocol && options->front_end_count > 0)
		return complain(complaint, "--proxy-from means nothing without ",
		                "--proxy-protocol", "");
	if (options->list_hits && options->hits == NULL)
		return complain(complaint, "--list-hits needs --hits FILE", "", "");
	return true;
}

bool options_parse(int argc, char **argv, struct options *options, struct buffer *complaint)
{
	*options = (struct options){.log = LOG_AUTO, .header_timeout = 10, .send_timeout = 30};
	opterr = 0;
	int code;
	while ((code = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
		if (code == ':')
			return complain(complaint, "a value is missing behind ", argv[optind - 1],
			                "");
		if (code == '?')
			return complain_of_option(complaint, argv[optind - 1]);
		const char *wanted = take(options, code, optarg);
		if (wanted != NULL) {
			complain(complaint, "--", option_name(code), " takes ");
			return complain(complaint, wanted, "", "");
		}
		if (options->action != ACTION_SERVE)
			return true;
	}
	if (optind < argc)
		return complain(complaint, "an operand is not expected: ", argv[optind],
		                "; try --help");
	if (options->index_name_count == 0)
		options->index_names[options->index_name_count++] = "index.html";
	return agree(options, complaint);
}
