/* The checks of the handler's command line; see check_handler.h. */
#include "check_handler.h"
#include "base/journald.h"
#include "base/parse.h"
#include "output.h"
#include "program.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	HANDLER_WRONG_USAGE = 100, /* its exit status (mayfly(8)) */
	HANDLER_ERROR_SIZE = 1024,
};

/* The caller frees the result; NULL if the command line is unknown or starts another program. */
static const char **make_arguments(const struct unit_config *config)
{
	size_t first = unit_config_find_handler(config), count = 0;
	const char **arguments = calloc(config->word_count + 2, sizeof *arguments);
	if (arguments == NULL || first == config->word_count) {
		free(arguments);
		return NULL;
	}
	arguments[count++] = config->words[first];
	arguments[count++] = "--check-config";
	for (size_t i = first + 1; i < config->word_count; i++)
		arguments[count++] = config->words[i];
	return arguments;
}

/*
 * Runs the handler with no environment, and copies the first line of its error messages. Returns its
 * exit status, or -1 if a signal ended it.
 */
static int run_handler(const struct unit_config *config, const char **arguments,
                       char error[static HANDLER_ERROR_SIZE])
{
	static const char *const NO_ENVIRONMENT[] = {NULL};
	const struct program program = {arguments, NO_ENVIRONMENT, config, STDERR_FILENO};
	int status = program_run(&program, error, HANDLER_ERROR_SIZE);
	error[strcspn(error, "\n")] = '\0';
	return status;
}

static void add_handler_problem(const struct unit_config *config, struct findings *findings,
                                const char *problem)
{
	char command[CHECK_COMMAND_SIZE];
	(void)snprintf(command, sizeof command, "systemctl cat %s",
	               unit_config_service_file(config));
	findings_add(findings,
	             "correct MAYFLY_OPTIONS in /etc/default/mayfly, or the unit, which this shows",
	             command, "%s", problem);
}

/* The namespace of a value of --log, "journal:NAMESPACE"; empty for any other value. */
static struct view namespace_of(const char *target)
{
	struct view name = view_of(target), word;
	bool has_name = parse_cut(&name, ':', &word);
	return has_name && view_equal(word, VIEW("journal")) ? name : VIEW("");
}

/* Without the socket of the namespace, handlers log to the machine's journal. */
static void check_namespace(const struct unit_config *config, struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	struct view name = namespace_of(config->log);
	if (!journald_is_namespace(name))
		return;
	int journal = journald_connect(name);
	if (journal >= 0) {
		(void)close(journal);
		return;
	}
	(void)snprintf(command, sizeof command,
	               "systemctl add-wants %s systemd-journald@%.*s.socket && "
	               "systemctl start systemd-journald@%.*s.socket",
	               config->socket, (int)name.length, name.data, (int)name.length, name.data);
	findings_add(findings, NULL, command,
	             "--log %s: this journal namespace does not exist, so handlers log to the "
	             "machine's journal",
	             config->log);
}

/* Without journald, handlers serve but log nothing. */
static void check_journald(const struct unit_config *config, struct findings *findings)
{
	if (strcmp(config->log, "journal") != 0)
		return;
	int journal = journald_connect(VIEW(""));
	if (journal >= 0)
		(void)close(journal);
	else
		findings_add(findings, NULL,
		             "systemctl start systemd-journald.socket systemd-journald.service",
		             "systemd-journald does not run: requests are not logged");
}

void check_handler(const struct unit_config *config, bool is_reported, struct findings *findings)
{
	char error[HANDLER_ERROR_SIZE], problem[5 * HANDLER_ERROR_SIZE];
	const char **arguments = make_arguments(config);
	if (strcmp(config->sandbox, "off") == 0)
		add_handler_problem(config, findings, "--sandbox off: handlers are not confined");
	check_namespace(config, findings);
	check_journald(config, findings);
	if (arguments == NULL)
		return;
	int status = run_handler(config, arguments, error);
	(void)snprintf(problem, sizeof problem, "%s: %s",
	               status == HANDLER_WRONG_USAGE ? "the handler rejects its command line"
	                                             : "the handler cannot serve",
	               output_escaped(error));
	if (status == PROGRAM_NOT_EXECUTED)
		findings_add_reinstall(findings, "user %s cannot execute %s", config->user,
		                       output_escaped(arguments[0]));
	else if (status == HANDLER_WRONG_USAGE || (status > 0 && !is_reported))
		add_handler_problem(config, findings, problem);
	if (status == PROGRAM_NOT_EXECUTED || status == HANDLER_WRONG_USAGE)
		findings_mark_critical(findings);
	free(arguments);
}
