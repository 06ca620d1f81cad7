/* Parsing command lines, printing help, reporting errors; see command.h. */
#include "command.h"
#include "base/parse.h"
#include "nearest_word.h"
#include "output.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPTIONS_MAX = 24, HELP_SIZE = 8192 };

/* The command that runs: usage errors name it. */
static const struct command *running;

static void print_error(const char *format, va_list arguments)
{
	(void)fputs("mayflyctl: ", stderr);
	(void)vfprintf(stderr, format, arguments);
}

enum exit_status command_error(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_error(format, arguments);
	va_end(arguments);
	(void)fputs("\n", stderr);
	return EXIT_FAILED;
}

enum exit_status command_usage_error(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_error(format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "; see \"mayflyctl%s%s --help\"\n", running != NULL ? " " : "",
	              running != NULL ? running->name : "");
	return EXIT_USAGE;
}

const char *option_flag(const struct command_option *option, const char *value)
{
	(void)value;
	*(bool *)option->destination = true;
	return NULL;
}

const char *option_set(const struct command_option *option, const char *value)
{
	(void)value;
	*(int *)option->destination = option->value;
	return NULL;
}

const char *option_text(const struct command_option *option, const char *value)
{
	*(const char **)option->destination = value;
	return NULL;
}

const char *option_file(const struct command_option *option, const char *value)
{
	*(const char **)option->destination = value;
	return *value != '\0' ? NULL : "is not the name of a file";
}

const char *option_number(const struct command_option *option, const char *value)
{
	static char error[48];
	if (parse_number(view_of(value), 1, option->max, option->destination))
		return NULL;
	(void)snprintf(error, sizeof error, "is not in 1-%ju", (uintmax_t)option->max);
	return error;
}

/* Appends "table, json or tsv" for "table|json|tsv". */
static void add_choices(struct buffer *text, const char *choices)
{
	struct view rest = view_of(choices), choice;
	bool more = parse_cut(&rest, '|', &choice);
	buffer_add(text, choice);
	while (more) {
		more = parse_cut(&rest, '|', &choice);
		buffer_add(text, more ? VIEW(", ") : VIEW(" or "));
		buffer_add(text, choice);
	}
}

const char *option_choice(const struct command_option *option, const char *value)
{
	static char array[96];
	int choice = parse_choice(view_of(value), view_of(option->choices));
	if (choice >= 0) {
		*(int *)option->destination = choice;
		return NULL;
	}
	struct buffer error = {array, sizeof array - 1, 0, false};
	buffer_add(&error, VIEW("is not "));
	add_choices(&error, option->choices);
	array[error.length] = '\0';
	return array;
}

/* --- Looking up words. --- */

static const char *last_word(const struct command *command)
{
	const char *space = strrchr(command->name, ' ');
	return space != NULL ? space + 1 : command->name;
}

static const struct command *find_command(const struct command *const *commands, const char *word)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(last_word(commands[i]), word) == 0)
			return commands[i];
	return NULL;
}

static const char *nearest_command(const struct command *const *commands, const char *word)
{
	struct nearest_word nearest = {.word = word};
	for (size_t i = 0; commands != NULL && commands[i] != NULL; i++)
		nearest_word_try(&nearest, last_word(commands[i]));
	return nearest.found;
}

static enum exit_status unknown_command(const struct command *const *commands, const char *kind,
                                        const char *word)
{
	const char *nearest = nearest_command(commands, word);
	if (nearest == NULL)
		return command_usage_error("unknown %s \"%s\"", kind, output_escaped(word));
	(void)command_error("unknown %s \"%s\"; did you mean \"%s\"?", kind, output_escaped(word),
	                    nearest);
	return EXIT_USAGE;
}

enum exit_status command_unknown_subcommand(const char *word)
{
	return unknown_command(running->subcommands, "subcommand", word);
}

/* --- The options in the form of getopt_long. --- */

static const struct option_row HELP_ROW = {'h', "help", "", "print this help"};

struct option_set {
	struct option_row rows[OPTIONS_MAX + 1];
	const struct command_option *options[OPTIONS_MAX]; /* of each row except --help */
	size_t count;                                      /* of rows */
	struct option longs[OPTIONS_MAX + 2];
	char letters[2 * OPTIONS_MAX + 4];
};

/* Adds the options of a command; one that several subcommands share is added once. */
static void option_set_add(struct option_set *set, const struct command *command)
{
	for (const struct command_option *option = command->options; option->row.name[0] != '\0';
	     option++) {
		size_t i = 0;
		while (i < set->count && strcmp(set->rows[i].name, option->row.name) != 0)
			i++;
		if (i < set->count || i == OPTIONS_MAX)
			continue;
		set->rows[i] = option->row;
		set->options[i] = option;
		if (option->row.code == 0)
			set->rows[i].code = OPTION_CODE_MIN + (int)i;
		set->count++;
	}
}

static void option_set_finish(struct option_set *set)
{
	struct buffer letters = {set->letters, sizeof set->letters - 1, 0, false};
	set->rows[set->count++] = HELP_ROW;
	option_table_for_getopt(set->rows, set->count, set->longs);
	buffer_add_byte(&letters, ':');
	for (size_t i = 0; i < set->count; i++) {
		if (set->rows[i].code >= OPTION_CODE_MIN)
			continue;
		buffer_add_byte(&letters, (char)set->rows[i].code);
		buffer_add_string(&letters, set->rows[i].argument[0] != '\0' ? ":" : "");
	}
	optind = 0; /* glibc: start again */
}

/* --- Help. --- */

/* The options as --help shows them, their choices appended. */
static void add_options_help(struct buffer *help, const struct command *command)
{
	struct option_set set = {.count = 0};
	option_set_add(&set, command);
	for (size_t i = 0; i < set.count; i++) {
		const char *choices = set.options[i]->choices;
		struct option_row *row = &set.rows[i];
		if (choices == NULL)
			continue;
		size_t length = strlen(row->help);
		struct buffer text = {row->help, sizeof row->help - 1, length, false};
		buffer_add(&text, VIEW(": "));
		add_choices(&text, choices);
		if (!set.options[i]->has_no_default) {
			buffer_add(&text, VIEW(" (default "));
			buffer_add(&text, (struct view){choices, strcspn(choices, "|")});
			buffer_add(&text, VIEW(")"));
		}
		row->help[text.length] = '\0';
	}
	option_set_finish(&set);
	option_table_add_help(set.rows, set.count, help);
}

static void add_usage(struct buffer *help, const char *prefix, const struct command *command)
{
	buffer_add_string(help, prefix);
	buffer_add(help, VIEW("mayflyctl "));
	buffer_add_string(help, command->name);
	buffer_add(help, VIEW(" [OPTION]..."));
	buffer_add_string(help, *command->operands != '\0' ? " " : "");
	buffer_add_string(help, command->operands);
	buffer_add_byte(help, '\n');
}

static void add_commands(struct buffer *help, const struct command *const *commands)
{
	size_t column = strlen("status");
	for (size_t i = 0; commands[i] != NULL; i++)
		column = strlen(last_word(commands[i])) > column ? strlen(last_word(commands[i]))
		                                                 : column;
	for (size_t i = 0; commands[i] != NULL; i++) {
		const char *word = last_word(commands[i]);
		buffer_add(help, VIEW("  "));
		buffer_add_string(help, word);
		for (size_t width = strlen(word); width < column + 2; width++)
			buffer_add_byte(help, ' ');
		buffer_add_string(help, commands[i]->summary);
		buffer_add_byte(help, '\n');
	}
}

static enum exit_status print_help(const struct command *command)
{
	char array[HELP_SIZE];
	struct buffer help = BUFFER(array);
	add_usage(&help, "Usage: ", command);
	for (size_t i = 0; command->subcommands != NULL && command->subcommands[i] != NULL; i++)
		add_usage(&help, "       ", command->subcommands[i]);
	buffer_add_string(&help, command->description);
	if (command->subcommands != NULL) {
		buffer_add(&help, VIEW("\nSubcommands:\n"));
		add_commands(&help, command->subcommands);
	}
	buffer_add(&help, VIEW("\nOptions:\n"));
	add_options_help(&help, command);
	if (command->notes != NULL) {
		buffer_add_byte(&help, '\n');
		buffer_add_string(&help, command->notes);
	}
	buffer_add(&help, VIEW("\nSee mayflyctl(1).\n"));
	(void)fwrite(help.data, 1, help.length, stdout);
	return EXIT_DONE;
}

static void print_main_help(FILE *file, const struct command *const *commands)
{
	static const struct option_row ROWS[] = {
	    {'h', "help", "", "print this help, or after a command the help of that command"},
	    {OPTION_CODE_MIN, "version", "", "print the version"},
	};
	char array[HELP_SIZE];
	struct buffer help = BUFFER(array);
	buffer_add(&help, VIEW("Usage: mayflyctl COMMAND [OPTION]...\n"
	                       "Show and manage what Mayfly serves and counts.\n\nCommands:\n"));
	add_commands(&help, commands);
	buffer_add(&help, VIEW("\nOptions:\n"));
	option_table_add_help(ROWS, sizeof ROWS / sizeof ROWS[0], &help);
	buffer_add(&help, VIEW("\nSee mayflyctl(1).\n"));
	(void)fwrite(help.data, 1, help.length, file);
}

/* --- The command line. --- */

/*
 * Finds the subcommand and removes its name from the arguments. Options may precede the name, as in
 * "hits --hits FILE export -": the name is the first operand if the options of all subcommands are
 * allowed.
 */
static const struct command *choose_subcommand(const struct command *command, int *argc,
                                               char **argv)
{
	struct option_set set = {.count = 0};
	option_set_add(&set, command);
	for (size_t i = 0; command->subcommands[i] != NULL; i++)
		option_set_add(&set, command->subcommands[i]);
	option_set_finish(&set);
	while (getopt_long(*argc, argv, set.letters, set.longs, NULL) != -1)
		continue;
	const struct command *chosen =
	    optind < *argc ? find_command(command->subcommands, argv[optind]) : NULL;
	if (chosen == NULL)
		return command;
	for (int i = optind; i < *argc; i++)
		argv[i] = argv[i + 1]; /* and the NULL after the last */
	--*argc;
	return chosen;
}

static enum exit_status unknown_option(const struct option_set *set, const char *word)
{
	const char letter[] = {(char)optopt, '\0'};
	const char *name = option_table_name(set->rows, set->count, optopt);
	if (*name != '\0')
		return command_usage_error("--%s takes no value", name);
	if (optopt != 0)
		return command_usage_error("unknown option -%s", output_escaped(letter));
	char typed[NEAREST_WORD_MAX + 1];
	word += strspn(word, "-");
	(void)snprintf(typed, sizeof typed, "%.*s", (int)strcspn(word, "="), word);
	struct nearest_word nearest = {.word = typed};
	for (size_t i = 0; i < set->count; i++)
		nearest_word_try(&nearest, set->rows[i].name);
	if (nearest.found == NULL)
		return command_usage_error("unknown option --%s", output_escaped(word));
	(void)command_error("unknown option --%s; did you mean --%s?", output_escaped(word),
	                    nearest.found);
	return EXIT_USAGE;
}

static enum exit_status apply_option(const struct option_set *set, int code, char **argv)
{
	const char *name = option_table_name(set->rows, set->count, code);
	size_t i = 0;
	if (code == ':' && optopt < OPTION_CODE_MIN)
		return command_usage_error("-%c requires a value", optopt);
	if (code == ':')
		return command_usage_error("--%s requires a value",
		                           option_table_name(set->rows, set->count, optopt));
	if (code == '?')
		return unknown_option(set, argv[optind - 1]);
	while (set->rows[i].code != code)
		i++;
	const char *error = set->options[i]->parse(set->options[i], optarg);
	if (error != NULL)
		return command_usage_error("--%s: \"%s\" %s", name, output_escaped(optarg), error);
	return EXIT_DONE;
}

static enum exit_status check_operands(const struct command *command, char **operands, int count)
{
	if (count < command->operands_min)
		return command_usage_error("%s requires %s", command->name, command->operands);
	if (count > command->operands_max &&
	    nearest_command(command->subcommands, operands[0]) != NULL)
		return command_unknown_subcommand(operands[0]);
	if (count > command->operands_max)
		return command_usage_error("unexpected argument \"%s\"",
		                           output_escaped(operands[command->operands_max]));
	return EXIT_DONE;
}

static enum exit_status run_command(const struct command *command, int argc, char **argv)
{
	struct option_set set = {.count = 0};
	int code;
	if (command->subcommands != NULL)
		command = choose_subcommand(command, &argc, argv);
	running = command;
	option_set_add(&set, command);
	option_set_finish(&set);
	while ((code = getopt_long(argc, argv, set.letters, set.longs, NULL)) != -1) {
		if (code == HELP_ROW.code)
			return print_help(command);
		enum exit_status status = apply_option(&set, code, argv);
		if (status != EXIT_DONE)
			return status;
	}
	enum exit_status status = check_operands(command, argv + optind, argc - optind);
	return status == EXIT_DONE ? command->run(argv + optind, argc - optind) : status;
}

static enum exit_status run_arguments(const struct command *const *commands, int argc, char **argv)
{
	if (argc < 2) {
		print_main_help(stderr, commands);
		return EXIT_USAGE;
	}
	const struct command *command = find_command(commands, argv[1]);
	if (command != NULL)
		return run_command(command, argc - 1, argv + 1);
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
		print_main_help(stdout, commands);
	else if (strcmp(argv[1], "--version") == 0)
		puts("mayflyctl " MAYFLY_VERSION);
	else if (argv[1][0] == '-')
		return command_usage_error("unknown option %s", output_escaped(argv[1]));
	else
		return unknown_command(commands, "command", argv[1]);
	return EXIT_DONE;
}

/* A command whose output could not be written has failed. */
enum exit_status command_main(const struct command *const *commands, int argc, char **argv)
{
	enum exit_status status = run_arguments(commands, argc, argv);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return command_error("cannot write to standard output");
}
