/* The owner's tool: finds the command that is asked for and runs it. */
#include "command.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void complain(const char *format, va_list arguments)
{
	(void)fputs("mayflyctl: ", stderr);
	(void)vfprintf(stderr, format, arguments);
}

enum exit_status fail(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	(void)fputs("\n", stderr);
	return EXIT_FAILED;
}

enum exit_status misuse(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	(void)fputs("; try --help\n", stderr);
	return EXIT_USAGE;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

static void print_help(void)
{
	puts("Usage: mayflyctl COMMAND [OPTION]...\n"
	     "Shows and looks after what Mayfly serves and counts.\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n`mayflyctl COMMAND --help` tells of one; mayflyctl(1) of all.");
}

/* What could not be written was not done. */
static enum exit_status flushed(enum exit_status status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return fail("cannot write to standard output");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return misuse("a command is missing");
	if (strcmp(argv[1], "--help") == 0) {
		print_help();
		return flushed(EXIT_DONE);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("mayflyctl " MAYFLY_VERSION);
		return flushed(EXIT_DONE);
	}
	const struct command *command = find(argv[1]);
	if (command == NULL)
		return misuse("there is no command %s", argv[1]);
	if (!asks_for_help(argc - 1, argv + 1))
		return flushed(command->run(argc - 1, argv + 1));
	(void)fputs(command->help, stdout);
	return flushed(EXIT_DONE);
}
