/* What `mayflyctl log` was asked for. */
#ifndef MAYFLY_MAYFLYCTL_LOG_OPTIONS_H
#define MAYFLY_MAYFLYCTL_LOG_OPTIONS_H

#include "address.h"
#include "command.h"
#include "journal_users.h"
#include <stdbool.h>
#include <stdint.h>

enum log_format { LOG_LINE, LOG_COMBINED, LOG_JSON };

enum { LOG_VALUES_MAX = 16 };

struct log_options {
	bool follow;
	bool anonymize;
	enum log_format format;
	int64_t lines; /* the last so many; -1: all */
	bool lines_given;
	uint64_t since_us, until_us;          /* since 1970, both included */
	const char *path;                     /* a pattern, or NULL */
	const char *statuses[LOG_VALUES_MAX]; /* any of these; none: whatever it is */
	size_t status_count;
	char addresses[LOG_VALUES_MAX][ADDRESS_SIZE];
	size_t address_count;
	struct journal_users users; /* whose entries are shown besides the installed units' */
};

/* Reads the command line. EXIT_DONE, or EXIT_USAGE after a complaint. */
enum exit_status log_options_parse(int argc, char **argv, struct log_options *options);

#endif
