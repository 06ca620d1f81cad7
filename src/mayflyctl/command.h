/*
 * What every command of mayflyctl is to main, and what all of them share: exit statuses, and how
 * they complain. Each command has a file of its own, command_NAME.c, which exports one struct
 * command.
 */
#ifndef MAYFLY_MAYFLYCTL_COMMAND_H
#define MAYFLY_MAYFLYCTL_COMMAND_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* it could not be done, or what was looked at is not in order */
	EXIT_USAGE = 100,
};

struct command {
	const char *name;
	const char *summary; /* one line of `mayflyctl --help` */
	const char *help;    /* the whole answer to `mayflyctl NAME --help` */
	/* argv[0] is the command's name, so that getopt_long works as in a main. Returns the exit
	 * status. --help has been answered already. */
	enum exit_status (*run)(int argc, char **argv);
};

/* The commands, in the order in which --help lists them; the last one's name is NULL. */
extern const struct command *const commands[];

/* Where `make install` puts things, with the prefix left out: an owner's site and counts. */
#define DEFAULT_HITS "/var/lib/mayfly/hits"
#define DEFAULT_ROOT "/srv/mayfly"

/*
 * One line on standard error, `mayflyctl: ...`; they return EXIT_FAILED, and EXIT_USAGE with a hint
 * at --help. Bytes of others are to be escaped before (http/text.h).
 */
enum exit_status fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum exit_status misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
