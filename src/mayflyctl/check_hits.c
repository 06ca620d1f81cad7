/* Checking the counter file; see checks.h. */
#include "checks.h"
#include "counter/verify.h"
#include "hits_file.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* They are counted; `mayflyctl hits verify` tells of each. */
static void ignore(void *context, const struct counter_fault *fault)
{
	(void)context;
	(void)fault;
}

static void read_whole(int file, const char *name, struct findings *findings)
{
	char remedy[REMEDY_SIZE];
	struct counter_verify_result result;
	const char *error = counter_verify(file, ignore, NULL, &result);
	if (error != NULL && strcmp(error, "hits-locked") == 0)
		(void)snprintf(remedy, sizeof remedy, "lslocks shows who has locked it");
	else if (error != NULL)
		(void)snprintf(remedy, sizeof remedy,
		               "move it away, and the next hit makes a new one: mv -n %s{,.old}",
		               quoted_name(name));
	else
		(void)snprintf(remedy, sizeof remedy, "mayflyctl hits verify --repair --hits %s",
		               quoted_name(name));
	if (error != NULL)
		found(findings, remedy, "the counter file %s: %s", shown_name(name),
		      hits_file_problem(error));
	else if (result.faults > 0)
		found(findings, remedy, "the counter file %s is damaged in %" PRIu64 " place%s",
		      shown_name(name), result.faults, result.faults == 1 ? "" : "s");
}

/* Whether the handler could make it, where it does not exist yet. */
static void check_folder(const struct installation *installation, struct findings *findings)
{
	char folder[PATH_MAX];
	char remedy[REMEDY_SIZE];
	(void)snprintf(folder, sizeof folder, "%s", installation->hits);
	char *slash = strrchr(folder, '/');
	if (slash == NULL)
		return;
	*(slash == folder ? slash + 1 : slash) = '\0';
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0)
		return;
	int error = errno;
	/*
	 * Commands that follow no link: install -d would also give away a directory that exists, or
	 * that a link leads to.
	 */
	if (error == ENOENT)
		(void)snprintf(remedy, sizeof remedy, "mkdir -m 750 %s && chown -h %s \"$_\"",
		               quoted_name(folder), installation->user);
	else
		(void)snprintf(remedy, sizeof remedy,
		               "give --hits a directory of its own; if this one is: chown -h %s %s",
		               installation->user, quoted_name(folder));
	found(findings, remedy, "%s cannot make the counter file in %s: %s", installation->user,
	      shown_name(folder), strerror(error));
}

void check_hits(const struct installation *installation, struct findings *findings)
{
	char remedy[REMEDY_SIZE];
	const char *name = installation->hits;
	if (*name == '\0' || !user_become(installation->user))
		return;
	int file = open(name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (file >= 0) {
		read_whole(file, name, findings);
		close(file);
	} else if (errno == ENOENT) {
		check_folder(installation, findings);
	} else {
		/* -h: the user may put a link to another file there before root types this */
		(void)snprintf(remedy, sizeof remedy, "chown -h %s %s", installation->user,
		               quoted_name(name));
		found(findings, remedy, "%s cannot write the counter file %s: %s",
		      installation->user, shown_name(name), strerror(errno));
	}
	user_return();
}
