/* Reading the command line of `mayflyctl hits`; see hits_options.h. */
#include "hits_options.h"
#include "options.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 9 };

static bool take_top(struct hits_options *options, const char *value)
{
	size_t length = strlen(value);
	options->top = strtoul(value, NULL, 10);
	return length > 0 && length <= MOST_DIGITS && strspn(value, "0123456789") == length &&
	       options->top > 0;
}

static bool take_sort(struct hits_options *options, const char *value)
{
	options->by_path = strcmp(value, "path") == 0;
	return options->by_path || strcmp(value, "hits") == 0;
}

static bool take_format(struct hits_options *options, const char *value)
{
	static const char FORMATS[][12] = {[HITS_TABLE_FORMAT] = "table",
	                                   [HITS_JSON] = "json",
	                                   [HITS_TSV] = "tsv",
	                                   [HITS_OPENMETRICS] = "openmetrics"};
	for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
		if (strcmp(value, FORMATS[i]) == 0) {
			options->format = (enum hits_format)i;
			return true;
		}
	}
	return false;
}

/* options_read's; the context is the struct hits_options. */
static const char *take(void *context, int code, const char *value)
{
	struct hits_options *options = context;
	options->given |= (unsigned)code;
	switch ((enum hits_option)code) {
	case HITS_OPTION_FILE:
		options->file = value;
		return *value != '\0' ? NULL : "the name of a file";
	case HITS_OPTION_OUTPUT:
		options->output = value;
		return *value != '\0' ? NULL : "the name of a file";
	case HITS_OPTION_TOP:
		return take_top(options, value) ? NULL : "a number of resources";
	case HITS_OPTION_SORT:
		return take_sort(options, value) ? NULL : "hits or path";
	case HITS_OPTION_FORMAT:
		return take_format(options, value) ? NULL : "table, json, tsv or openmetrics";
	case HITS_OPTION_JSON:
		options->format = HITS_JSON;
		return NULL;
	case HITS_OPTION_WATCH:
	case HITS_OPTION_YES:
	case HITS_OPTION_REPAIR:
		break;
	}
	return NULL;
}

static const struct option OPTIONS[] = {
    {"hits", required_argument, NULL, HITS_OPTION_FILE},
    {"top", required_argument, NULL, HITS_OPTION_TOP},
    {"sort", required_argument, NULL, HITS_OPTION_SORT},
    {"output", required_argument, NULL, HITS_OPTION_OUTPUT},
    {"watch", no_argument, NULL, HITS_OPTION_WATCH},
    {"format", required_argument, NULL, HITS_OPTION_FORMAT},
    {"json", no_argument, NULL, HITS_OPTION_JSON},
    {"yes", no_argument, NULL, HITS_OPTION_YES},
    {"repair", no_argument, NULL, HITS_OPTION_REPAIR},
    {NULL, 0, NULL, 0},
};

static const char *name_of(unsigned options)
{
	size_t i = 0;
	while (OPTIONS[i].name != NULL && (options & (unsigned)OPTIONS[i].val) == 0)
		i++;
	return OPTIONS[i].name;
}

static const struct hits_form *find_form(const struct hits_form *forms, const char *word)
{
	for (size_t i = 1; forms[i].name != NULL; i++)
		if (strcmp(forms[i].name, word) == 0)
			return &forms[i];
	return NULL;
}

/* Paths begin with a slash. What cannot match one is a misspelt form: "verfy", say. */
static bool can_match_paths(const char *glob)
{
	return *glob != '\0' && strchr("/*?[\\", *glob) != NULL;
}

/* Whether this form takes all that was given. */
static enum exit_status check(const struct hits_form *form, const struct hits_options *options)
{
	const char *space = *form->name != '\0' ? " " : "";
	if ((options->given & ~form->takes) != 0)
		return misuse("hits%s%s has no option --%s", space, form->name,
		              name_of(options->given & ~form->takes));
	if (options->operand_count < form->operands_least)
		return misuse("hits%s%s: %s is missing", space, form->name, form->operand);
	if (options->operand_count > form->operands_most)
		return misuse("hits%s%s: %s is one operand too many", space, form->name,
		              options->operands[form->operands_most]);
	if (form->operand == NULL && options->operand_count > 0 &&
	    !can_match_paths(options->operands[0]))
		return misuse(
		    "hits%s%s: %s is no word of it, and matches no path: they begin with /", space,
		    form->name, options->operands[0]);
	if ((options->given & HITS_OPTION_WATCH) != 0 && options->format != HITS_TABLE_FORMAT)
		return misuse("hits --watch shows a table and nothing else");
	if ((options->given & HITS_OPTION_WATCH) != 0 && options->output != NULL)
		return misuse("hits --watch is for a terminal, not for a file");
	return EXIT_DONE;
}

enum exit_status hits_options_parse(int argc, char **argv, const struct hits_form *forms,
                                    const struct hits_form **form, struct hits_options *options)
{
	*options = (struct hits_options){.top = SIZE_MAX};
	enum exit_status status = options_read(argc, argv, "", OPTIONS, take, options);
	if (status != EXIT_DONE)
		return status;
	options->operand_count = argc - optind;
	options->operands = argv + optind;
	*form = options->operand_count > 0 ? find_form(forms, options->operands[0]) : NULL;
	if (*form == NULL) {
		*form = &forms[0];
	} else {
		options->operand_count--;
		options->operands++;
	}
	return check(*form, options);
}
