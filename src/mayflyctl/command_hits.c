/* `mayflyctl hits`: what was counted, and all that is done with the counts; a file for each form.
 */
#include "command.h"
#include "hits_forms.h"
#include <limits.h>

static const char HELP[] =
    "Usage: mayflyctl hits [OPTION]... [GLOB]\n"
    "       mayflyctl hits export FILE\n"
    "       mayflyctl hits import FILE\n"
    "       mayflyctl hits merge FILE...\n"
    "       mayflyctl hits reset [--yes] [GLOB]\n"
    "       mayflyctl hits verify [--repair] [--json]\n"
    "Shows how often each resource was served, the most hit first, or only those whose path "
    "matches\n"
    "a pattern, '/downloads/*' say. All of it may be done while the site is served.\n"
    "\n"
    "  export FILE      write all counts as text, to standard output where FILE is -\n"
    "  import FILE      add the counts of such a text, from standard input where FILE is -\n"
    "  merge FILE...    add the counts of other counter files\n"
    "  reset            set the counts to nought; asks before\n"
    "  verify           read the whole file, and say what of it is damaged\n"
    "\n"
    "      --hits FILE  the counter file; by default that of the installed site\n"
    "      --top N      only the first N\n"
    "      --sort KEY   by hits or by path\n"
    "      --watch      draw the table again as the counts change, until Ctrl-C\n"
    "      --format FORMAT  table, json, tsv or openmetrics\n"
    "      --output FILE  write to FILE: whoever reads that sees the old counts or the new ones\n"
    "      --json       the same as --format json\n"
    "      --yes        reset: do not ask\n"
    "      --repair     verify: keep a copy of a damaged file, and rescue every good record\n"
    "      --help       print this\n"
    "\n"
    "Exits with 1 where the file cannot be read whole, or is damaged.\n";

static const struct hits_form FORMS[] = {
    {"",
     HITS_OPTION_FILE | HITS_OPTION_TOP | HITS_OPTION_SORT | HITS_OPTION_WATCH |
         HITS_OPTION_FORMAT | HITS_OPTION_JSON | HITS_OPTION_OUTPUT,
     0, 1, NULL, hits_list},
    {"export", HITS_OPTION_FILE, 1, 1, "the file to write", hits_export},
    {"import", HITS_OPTION_FILE, 1, 1, "the file to read", hits_import},
    {"merge", HITS_OPTION_FILE, 1, INT_MAX, "a counter file", hits_merge},
    {"reset", HITS_OPTION_FILE | HITS_OPTION_YES, 0, 1, NULL, hits_set_to_nought},
    {"verify", HITS_OPTION_FILE | HITS_OPTION_REPAIR | HITS_OPTION_JSON, 0, 0, NULL,
     hits_look_for_damage},
    {NULL, 0, 0, 0, NULL, NULL},
};

static enum exit_status run(int argc, char **argv)
{
	struct hits_options options;
	const struct hits_form *form;
	enum exit_status status = hits_options_parse(argc, argv, FORMS, &form, &options);
	return status == EXIT_DONE ? form->run(&options) : status;
}

const struct command command_hits = {
    "hits", "show how often each resource was served, and look after the counts", HELP, run};
