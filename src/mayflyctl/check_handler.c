/* The checks of the handler's command line; see check_handler.h. */
#include "check_handler.h"
#include "base/journald.h"
#include "base/parse.h"
#include "bus.h"
#include "memory.h"
#include "output.h"
#include "program.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HANDLER_WRONG_USAGE = 100, /* its exit status (mayfly(8)) */
	HANDLER_ERROR_SIZE = 1024,
};

/* A program of the command line that checks its own options with --check-config. */
struct checked_program {
	size_t first; /* the index of its word */
	const char *name, *variable;
};

/* The caller frees the result. */
static const char **make_arguments(const struct unit_config *config,
                                   const struct checked_program *checked)
{
	size_t count = 0;
	const char **arguments =
	    memory_allocate(config->word_count - checked->first + 2, sizeof *arguments);
	arguments[count++] = config->words[checked->first];
	arguments[count++] = "--check-config";
	for (size_t i = checked->first + 1; i < config->word_count; i++)
		arguments[count++] = config->words[i];
	return arguments;
}

/* Runs the program with no environment. Returns its exit status, or -1 if a signal ended it. */
static int run_program(const struct unit_config *config, const char **arguments,
                       char errors[static HANDLER_ERROR_SIZE])
{
	static const char *const NO_ENVIRONMENT[] = {NULL};
	const struct program program = {arguments, NO_ENVIRONMENT, config, STDERR_FILENO};
	return program_run(&program, errors, HANDLER_ERROR_SIZE);
}

static void add_problem(const struct unit_config *config, const char *variable,
                        struct findings *findings, const char *problem)
{
	char advice[128], command[CHECK_COMMAND_SIZE];
	(void)snprintf(advice, sizeof advice,
	               "correct %s in /etc/default/mayfly, or the unit, which this shows",
	               variable);
	(void)snprintf(command, sizeof command, "systemctl cat %s",
	               unit_config_service_file(config));
	findings_add(findings, advice, command, "%s", problem);
}

/* Adds each warning of valid options: "mayfly: --proxy-from ...". The program may print other lines. */
static void add_warnings(const struct unit_config *config, const struct checked_program *checked,
                         char *errors, struct findings *findings)
{
	char start[64];
	size_t length = (size_t)snprintf(start, sizeof start, "%s: --", checked->name);
	for (char *line; (line = strsep(&errors, "\n")) != NULL;)
		if (strncmp(line, start, length) == 0)
			add_problem(config, checked->variable, findings, output_escaped(line));
}

static void add_error(const struct unit_config *config, const struct checked_program *checked,
                      int status, char *errors, struct findings *findings)
{
	char problem[5 * HANDLER_ERROR_SIZE];
	bool is_handler = strcmp(checked->name, "mayfly") == 0;
	errors[strcspn(errors, "\n")] = '\0';
	(void)snprintf(problem, sizeof problem, "%s %s: %s",
	               is_handler ? "the handler" : checked->name,
	               status == HANDLER_WRONG_USAGE ? "rejects its command line" : "cannot serve",
	               output_escaped(errors));
	add_problem(config, checked->variable, findings, problem);
}

/* If is_reported, only a wrong command line is a finding. */
static void check_program(const struct unit_config *config, const struct checked_program *checked,
                          bool is_reported, struct findings *findings)
{
	char errors[HANDLER_ERROR_SIZE];
	const char **arguments = make_arguments(config, checked);
	int status = run_program(config, arguments, errors);
	if (status == 0)
		add_warnings(config, checked, errors, findings);
	else if (status == PROGRAM_NOT_EXECUTED)
		findings_add_reinstall(findings, "user %s cannot execute %s", config->user,
		                       output_escaped(arguments[0]));
	else if (status == HANDLER_WRONG_USAGE || (status > 0 && !is_reported))
		add_error(config, checked, status, errors, findings);
	else if (status < 0)
		findings_add_unchecked(findings,
		                       "the options of %s are not checked: it could not be run, or "
		                       "did not end by itself",
		                       checked->name);
	if (status == PROGRAM_NOT_EXECUTED || status == HANDLER_WRONG_USAGE)
		findings_mark_critical(findings);
	free(arguments);
}

/* The namespace of a value of --log, "journal:NAMESPACE"; empty for any other value. */
static struct view namespace_of(const char *target)
{
	struct view name = view_of(target), word;
	bool has_name = parse_cut(&name, ':', &word);
	return has_name && view_equal(word, VIEW("journal")) ? name : VIEW("");
}

/* Whether journald of this namespace runs. If the system does not let this be found out, adds that as a finding. */
static bool check_journal(struct view name, struct findings *findings)
{
	int journal = journald_connect(name);
	if (journal >= 0)
		(void)close(journal);
	else if (errno != ECONNREFUSED && error_is_of_system(errno))
		findings_add_unchecked(findings,
		                       "the journal that handlers log to is not checked: %s",
		                       strerror(errno));
	else
		return false;
	return true;
}

/* Without the socket of the namespace, handlers log to the machine's journal. */
static void check_namespace(const struct unit_config *config, struct findings *findings)
{
	char command[CHECK_COMMAND_SIZE];
	struct view name = namespace_of(config->log);
	if (!journald_is_namespace(name))
		return;
	if (check_journal(name, findings))
		return;
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
	if (!check_journal(VIEW(""), findings))
		findings_add(findings, NULL,
		             "systemctl start systemd-journald.socket systemd-journald.service",
		             "systemd-journald does not run: requests are not logged");
}

static void check_options(sd_bus *bus, const struct unit_config *config, struct findings *findings)
{
	if (strcmp(config->sandbox, "off") == 0)
		add_problem(config, "MAYFLY_OPTIONS", findings,
		            "--sandbox off: handlers are not confined");
	if (strcmp(config->log, "stderr") == 0 &&
	    bus_property_is(bus, config->service, "StandardError", "null"))
		add_problem(config, "MAYFLY_OPTIONS", findings,
		            "--log stderr: the unit has StandardError=null, so requests are not "
		            "logged");
}

void check_handler(sd_bus *bus, const struct unit_config *config, bool is_reported,
                   struct findings *findings)
{
	const struct checked_program accept = {0, "mayfly-accept", "MAYFLY_ACCEPT_OPTIONS"};
	const struct checked_program handler = {unit_config_find_handler(config), "mayfly",
	                                        "MAYFLY_OPTIONS"};
	check_options(bus, config, findings);
	check_namespace(config, findings);
	check_journald(config, findings);
	if (config->word_count > 0 && unit_config_word_is(config, 0, accept.name))
		check_program(config, &accept, is_reported, findings);
	if (handler.first < config->word_count)
		check_program(config, &handler, is_reported, findings);
}
