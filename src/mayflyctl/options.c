/* Reading options; see options.h. */
#include "options.h"
#include "findings.h"
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum exit_status misuse(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)fputs("mayflyctl: ", stderr);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputs("; try --help\n", stderr);
	return EXIT_USAGE;
}

static const char *name_of(const struct option *options, int code)
{
	size_t i = 0;
	while (options[i].name != NULL && options[i].val != code)
		i++;
	return options[i].name;
}

/*
 * What getopt_long does not know: a letter, which may stand among others in a word that it has not
 * left yet; a word; or a value where none belongs.
 */
static enum exit_status complain(char **argv, const struct option *options)
{
	const char letter[] = {(char)optopt, '\0'};
	const char *name = optopt != 0 ? name_of(options, optopt) : NULL;
	if (name != NULL)
		return misuse("%s: --%s takes no value", argv[0], name);
	if (optopt != 0)
		return misuse("%s has no option -%s", argv[0], shown_name(letter));
	return misuse("%s has no option %s", argv[0], argv[optind - 1]);
}

enum exit_status options_read(int argc, char **argv, const char *letters,
                              const struct option *options, option_taker *take, void *context)
{
	char known[16];
	int code;
	(void)snprintf(known, sizeof known, ":%s", letters);
	opterr = 0;
	while ((code = getopt_long(argc, argv, known, options, NULL)) != -1) {
		if (code == ':')
			return misuse("%s: a value is missing behind %s", argv[0],
			              argv[optind - 1]);
		if (code == '?')
			return complain(argv, options);
		const char *wanted = take(context, code, optarg);
		if (wanted != NULL)
			return misuse("%s: %s is not %s", argv[0], optarg, wanted);
	}
	return EXIT_DONE;
}

static const char *take_json(void *json, int code, const char *value)
{
	(void)code;
	(void)value;
	*(bool *)json = true;
	return NULL;
}

enum exit_status options_read_json(int argc, char **argv, bool *json)
{
	static const struct option OPTIONS[] = {{"json", no_argument, NULL, CHAR_MAX + 1},
	                                        {NULL, 0, NULL, 0}};
	*json = false;
	enum exit_status status = options_read(argc, argv, "", OPTIONS, take_json, json);
	if (status == EXIT_DONE && optind < argc)
		return misuse("%s takes no operand: %s", argv[0], argv[optind]);
	return status;
}
