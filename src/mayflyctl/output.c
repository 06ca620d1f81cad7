/* Terminals, JSON, and files that are replaced at once; see output.h. */
#include "output.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ESCAPED_TEXTS = 4,
	ESCAPED_SIZE = 4 * (PATH_MAX + 2),
	QUOTED_TEXTS = 4,
	QUOTED_SIZE = 4 * PATH_MAX + 4,
};

bool output_has_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	return isatty(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0') &&
	       terminal != NULL && strcmp(terminal, "dumb") != 0;
}

size_t output_columns(void)
{
	struct winsize size;
	if (!isatty(STDOUT_FILENO))
		return 0;
	bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
	return known ? size.ws_col : 80;
}

bool output_has_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (locale == (locale_t)0)
		return false;
	bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	freelocale(locale);
	return utf8;
}

const char *output_escaped(const char *name)
{
	static char texts[ESCAPED_TEXTS][ESCAPED_SIZE];
	static unsigned next;
	struct buffer text = {texts[next++ % ESCAPED_TEXTS], ESCAPED_SIZE - 1, 0, false};
	buffer_add_escaped_max(&text, view_of(name), ESCAPED_SIZE - 1);
	text.data[text.length] = '\0';
	return text.data;
}

/* Uses $'...', in which \xHH stands for any byte. */
const char *output_quoted(const char *name)
{
	static const char PLAIN[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-@";
	static char texts[QUOTED_TEXTS][QUOTED_SIZE];
	static unsigned next;
	struct buffer text = {texts[next++ % QUOTED_TEXTS], QUOTED_SIZE - 1, 0, false};
	if (*name != '\0' && name[strspn(name, PLAIN)] == '\0')
		return name;
	buffer_add(&text, VIEW("$'"));
	for (; *name != '\0'; name++) {
		if (*name == '\'')
			buffer_add(&text, VIEW("\\'"));
		else
			buffer_add_escaped(&text, (struct view){name, 1});
	}
	buffer_add_byte(&text, '\'');
	text.data[text.length] = '\0';
	return text.data;
}

void output_json_add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value != NULL ? json_object_new_string(value) : NULL);
}

void output_json_add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void output_json(struct json_object *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
	                                               JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(value);
}

void output_json_compact(struct json_object *value)
{
	(void)fputs(json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE), stdout);
	json_object_put(value);
}

static void set_signals(int how)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(how, &signals, NULL);
}

void signals_block(void)
{
	set_signals(SIG_BLOCK);
}

void signals_unblock(void)
{
	set_signals(SIG_UNBLOCK);
}

/* The new file that output_end has not put in its place yet; or NULL. */
static struct output *unfinished;

/* Memory may run out, which ends the program. */
static void remove_unfinished(void)
{
	if (unfinished != NULL)
		(void)unlinkat(unfinished->path.directory, unfinished->temporary, 0);
}

/* Empties standard output, so that the error is not reported again at exit. */
enum exit_status output_discard(struct output *output, const char *problem)
{
	__fpurge(stdout);
	clearerr(stdout);
	if (output->temporary[0] != '\0')
		(void)unlinkat(output->path.directory, output->temporary, 0);
	unfinished = NULL;
	(void)close(output->path.directory);
	signals_unblock();
	return command_error("%s: cannot write: %s", output_escaped(output->name), problem);
}

static enum exit_status output_fail(struct output *output)
{
	return output_discard(output, strerror(errno));
}

/* Creates a file with a new name and default permissions. Returns -1 on failure (errno). */
static int create_temporary(struct output *output)
{
	uint64_t number;
	output->temporary[0] = '\0';
	while (getrandom(&number, sizeof number, 0) != sizeof number)
		if (errno != EINTR)
			return -1;
	(void)snprintf(output->temporary, sizeof output->temporary, "%.*s.%016" PRIx64,
	               NAME_MAX - 17, output->path.name, number);
	return openat(output->path.directory, output->temporary,
	              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)0666);
}

enum exit_status output_begin(struct output *output, const char *name, const char *counter_file)
{
	struct stat status;
	output->name = name;
	int comparison = file_compare(name, counter_file);
	if (comparison > 0)
		return command_error("%s: this is the counter file; choose another name",
		                     output_escaped(name));
	if (comparison < 0)
		return file_compare_error(name, counter_file);
	if (!safe_path_find(&output->path, name, SAFE_PATH_KEEP_LINK))
		return command_error("%s: cannot write: %s", output_escaped(name),
		                     safe_path_problem(errno));
	if (fstatat(output->path.directory, output->path.name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(status.st_mode)) {
		(void)close(output->path.directory);
		return command_error("%s: not a regular file", output_escaped(name));
	}
	signals_block();
	int descriptor = create_temporary(output);
	if (descriptor < 0 || dup2(descriptor, STDOUT_FILENO) < 0)
		return output_fail(output);
	(void)close(descriptor);
	unfinished = output;
	if (atexit(remove_unfinished) != 0) {
		errno = ENOMEM;
		return output_fail(output);
	}
	return EXIT_DONE;
}

enum exit_status output_end(struct output *output)
{
	if (fflush(stdout) != 0 || ferror(stdout) || fsync(STDOUT_FILENO) != 0 ||
	    renameat(output->path.directory, output->temporary, output->path.directory,
	             output->path.name) != 0)
		return output_fail(output);
	unfinished = NULL;
	(void)close(output->path.directory);
	signals_unblock();
	return EXIT_DONE;
}

/* Whether no file could be opened by a name that stat(2) fails for with this error. */
static bool leads_nowhere(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP ||
	       error == ENAMETOOLONG;
}

int file_compare(const char *name, const char *other)
{
	struct stat one, two;
	if (stat(name, &one) != 0 || stat(other, &two) != 0)
		return leads_nowhere(errno) ? 0 : -1;
	return one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

enum exit_status file_compare_error(const char *name, const char *other)
{
	return command_error("cannot compare %s with %s: %s", output_escaped(name),
	                     output_escaped(other), strerror(errno));
}

bool error_is_of_system(int error)
{
	switch (error) {
	case EACCES:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case ENODEV:
	case ENOENT:
	case ENOTDIR:
	case ENXIO:
	case EPERM:
	case EXDEV:
		return false;
	default:
		return true;
	}
}
