/* Reading the command line of `mayflyctl log`; see log_options.h. */
#include "log_options.h"
#include "options.h"
#include "when.h"
#include <stdlib.h>
#include <string.h>

enum { FOLLOWED_LINES = 10, MOST_DIGITS = 9, SECOND_US = 1000000 };

enum option_code {
	OPTION_SINCE = 256,
	OPTION_UNTIL,
	OPTION_STATUS,
	OPTION_PATH,
	OPTION_ADDRESS,
	OPTION_USER,
	OPTION_ANONYMIZE,
	OPTION_FORMAT,
	OPTION_JSON,
};

static bool is_number(const char *value, size_t most_digits)
{
	size_t length = strlen(value);
	return length > 0 && length <= most_digits && strspn(value, "0123456789") == length;
}

static bool take_lines(struct log_options *options, const char *value)
{
	bool all = strcmp(value, "all") == 0;
	options->lines = all ? -1 : strtol(value, NULL, 10);
	return all || is_number(value, MOST_DIGITS);
}

static bool take_time(const char *value, uint64_t *time_us)
{
	time_t when;
	if (!when_parse(value, time(NULL), &when) || when < 0)
		return false;
	*time_us = (uint64_t)when * SECOND_US;
	return true;
}

static bool take_status(struct log_options *options, const char *value)
{
	if (options->status_count == LOG_VALUES_MAX || !is_number(value, 3) || strlen(value) < 3)
		return false;
	options->statuses[options->status_count++] = value;
	return true;
}

static bool take_address(struct log_options *options, const char *value)
{
	return options->address_count < LOG_VALUES_MAX &&
	       address_normalize(value, options->addresses[options->address_count++]);
}

static bool take_format(struct log_options *options, const char *value)
{
	static const char FORMATS[][12] = {
	    [LOG_LINE] = "line", [LOG_COMBINED] = "combined", [LOG_JSON] = "json"};
	for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
		if (strcmp(value, FORMATS[i]) == 0) {
			options->format = (enum log_format)i;
			return true;
		}
	}
	return false;
}

/* options_read's; the context is the struct log_options. */
static const char *take(void *context, int code, const char *value)
{
	static const char TIME[] = "a time, '2026-11-23 08:00:00', yesterday or -1h say";
	struct log_options *options = context;
	switch (code) {
	case 'f':
		options->follow = true;
		return NULL;
	case 'n':
		options->lines_given = true;
		return take_lines(options, value) ? NULL : "a number of lines, or all";
	case OPTION_SINCE:
		return take_time(value, &options->since_us) ? NULL : TIME;
	case OPTION_UNTIL:
		return take_time(value, &options->until_us) ? NULL : TIME;
	case OPTION_STATUS:
		return take_status(options, value) ? NULL : "a status code, 16 of them at most";
	case OPTION_PATH:
		options->path = value;
		return NULL;
	case OPTION_ADDRESS:
		return take_address(options, value) ? NULL : "an IP address, 16 of them at most";
	case OPTION_USER:
		return journal_users_add(&options->users, value) ? NULL : "a user";
	case OPTION_ANONYMIZE:
		options->anonymize = true;
		return NULL;
	case OPTION_FORMAT:
		return take_format(options, value) ? NULL : "line, combined or json";
	default:
		options->format = LOG_JSON;
		return NULL;
	}
}

static enum exit_status check(int operands, char *const *operand, struct log_options *options)
{
	if (operands > 0)
		return misuse("log takes no operand: %s", operand[0]);
	if (options->follow && options->until_us != UINT64_MAX)
		return misuse("--follow does not end, so that --until makes no sense with it");
	if (options->since_us > options->until_us)
		return misuse("--since is later than --until");
	if (options->follow && !options->lines_given && options->since_us == 0)
		options->lines = FOLLOWED_LINES;
	return EXIT_DONE;
}

enum exit_status log_options_parse(int argc, char **argv, struct log_options *options)
{
	static const struct option OPTIONS[] = {
	    {"follow", no_argument, NULL, 'f'},
	    {"lines", required_argument, NULL, 'n'},
	    {"since", required_argument, NULL, OPTION_SINCE},
	    {"until", required_argument, NULL, OPTION_UNTIL},
	    {"status", required_argument, NULL, OPTION_STATUS},
	    {"path", required_argument, NULL, OPTION_PATH},
	    {"address", required_argument, NULL, OPTION_ADDRESS},
	    {"user", required_argument, NULL, OPTION_USER},
	    {"anonymize", no_argument, NULL, OPTION_ANONYMIZE},
	    {"format", required_argument, NULL, OPTION_FORMAT},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {NULL, 0, NULL, 0},
	};
	*options = (struct log_options){.lines = -1, .until_us = UINT64_MAX};
	enum exit_status status = options_read(argc, argv, "fn:", OPTIONS, take, options);
	return status == EXIT_DONE ? check(argc - optind, argv + optind, options) : status;
}
