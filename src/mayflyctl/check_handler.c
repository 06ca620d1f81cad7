/*
 * Checking the handler's command line; see checks.h. Whether it is right, the handler itself says:
 * it is run with it, and with --version behind it, before which it has looked at all the rest.
 */
#include "base/journald.h"
#include "base/parse.h"
#include "checks.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATIENCE = 5,        /* seconds that it may take */
	EXIT_USAGE = 100,    /* the handler's, of a wrong command line */
	EXIT_NO_START = 127, /* ours, where it cannot be started */
	COMPLAINT_SIZE = 1024,
};

static const char *word_of(struct json_object *words, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(words, i));
}

/* Where its own words begin: behind those of mayfly-accept, where that starts it. */
static size_t find_program(struct json_object *words)
{
	size_t i = 0;
	for (; i < json_object_array_length(words); i++) {
		const char *slash = strrchr(word_of(words, i), '/');
		if (slash != NULL && strcmp(slash, "/mayfly") == 0)
			break;
	}
	return i;
}

/* The namespace of a value of --log, "journal:NAMESPACE"; empty for any other value. */
static struct view namespace_of(const char *target)
{
	struct view name_space = view_of(target), word;
	bool has_namespace = parse_cut(&name_space, ':', &word);
	return has_namespace && view_equal(word, VIEW("journal")) ? name_space : VIEW("");
}

static bool is_journal(const char *target)
{
	return strcmp(target, "journal") == 0 || journald_is_namespace(namespace_of(target));
}

/* The handler's error is for this program, not for the journal. */
static const char *to_stderr(const char *word, const char *before)
{
	static const char LOG[] = "--log=";
	if (strncmp(word, LOG, sizeof LOG - 1) == 0 && is_journal(word + sizeof LOG - 1))
		return "--log=stderr";
	return strcmp(before, "--log") == 0 && is_journal(word) ? "stderr" : word;
}

/* To be freed; NULL where it is not known, or starts something else. */
static const char **make_arguments(struct json_object *words)
{
	size_t count = json_object_array_length(words), first = find_program(words);
	const char **arguments = calloc(count + 3, sizeof *arguments);
	size_t to = 0;
	if (arguments == NULL || first >= count) {
		free(arguments);
		return NULL;
	}
	for (size_t i = first; i < count; i++)
		arguments[to++] = to_stderr(word_of(words, i), i > 0 ? word_of(words, i - 1) : "");
	/* Twice: where a last option lacks its value, the first is taken for that. */
	arguments[to++] = "--version";
	arguments[to] = "--version";
	return arguments;
}

/* In the child: becomes the handler, which sees nothing of us but where to complain. */
static void start(const char *user, const char **arguments, int complaints)
{
	static char *const NO_ENVIRONMENT[] = {NULL};
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 ||
	    dup2(complaints, STDERR_FILENO) < 0 || !user_stay(user))
		_exit(EXIT_NO_START);
	(void)alarm(PATIENCE);
	(void)execve(arguments[0], (char *const *)arguments, NO_ENVIRONMENT);
	_exit(EXIT_NO_START);
}

static void read_line(int file, char line[static COMPLAINT_SIZE])
{
	size_t length = 0;
	ssize_t more;
	while ((more = read(file, line + length, COMPLAINT_SIZE - 1 - length)) > 0)
		length += (size_t)more;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* Runs it. Returns its exit status, or -1 where it has none. */
static int run(const char *user, const char **arguments, char complaint[static COMPLAINT_SIZE])
{
	int ends[2], status = 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0)
		start(user, arguments, ends[1]);
	(void)close(ends[1]);
	read_line(ends[0], complaint);
	(void)close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void check_words(const struct installation *installation, const char *remedy,
                        struct findings *findings)
{
	char complaint[COMPLAINT_SIZE];
	const char **arguments = make_arguments(installation->words);
	if (arguments == NULL)
		return;
	int status = run(installation->user, arguments, complaint);
	if (status == EXIT_USAGE)
		found(findings, remedy, "no handler takes its command line: %s",
		      shown_name(complaint));
	else if (status == EXIT_NO_START)
		found(findings, INSTALL_AGAIN, "user %s cannot start %s", installation->user,
		      shown_name(arguments[0]));
	free(arguments);
}

/* Without the socket of the namespace, handlers log to the machine's journal. */
static void check_namespace(const struct installation *installation, struct findings *findings)
{
	char remedy[REMEDY_SIZE];
	const char *socket = installation->socket;
	struct view name = namespace_of(installation->log);
	if (!journald_is_namespace(name))
		return;
	int journal = journald_connect(name);
	if (journal >= 0) {
		(void)close(journal);
		return;
	}
	(void)snprintf(remedy, sizeof remedy,
	               "systemctl add-wants %s systemd-journald@%.*s.socket && "
	               "systemctl start systemd-journald@%.*s.socket",
	               socket, (int)name.length, name.data, (int)name.length, name.data);
	found(findings, remedy,
	      "--log %s: this journal namespace does not exist, so handlers log to the machine's "
	      "journal",
	      installation->log);
}

void check_handler(const struct installation *installation, struct findings *findings)
{
	char remedy[REMEDY_SIZE];
	(void)snprintf(remedy, sizeof remedy,
	               "mend MAYFLY_OPTIONS in /etc/default/mayfly, or what systemctl cat %s shows",
	               installation->service);
	if (strcmp(installation->sandbox, "off") == 0)
		found(findings, remedy, "--sandbox off: handlers are not confined");
	check_words(installation, remedy, findings);
	check_namespace(installation, findings);
}
