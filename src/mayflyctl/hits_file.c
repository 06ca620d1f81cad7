/* Finding, opening and reading the counter file; see hits_file.h. */
#include "hits_file.h"
#include "bus.h"
#include "counter/counter.h"
#include "hits_words.h"
#include "installation.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where systemd does not tell, the file is where `make install` puts it. */
static bool ask_systemd(struct installation *installation)
{
	sd_bus *bus = NULL;
	const char *why;
	if (bus_open(&bus, &why) < 0)
		return false;
	int error = installation_find(bus, installation);
	sd_bus_flush_close_unref(bus);
	if (error < 0)
		return false;
	installation_forget(installation);
	return true;
}

enum exit_status hits_file_find(const char *asked, char name[static PATH_MAX])
{
	static struct installation installation;
	const char *found = DEFAULT_HITS;
	if (asked != NULL)
		found = asked;
	else if (ask_systemd(&installation))
		found = installation.hits;
	if (*found == '\0')
		return fail("the installed site counts nothing: its handler has no --hits");
	if (strlen(found) >= PATH_MAX)
		return fail("the counter file: %s", strerror(ENAMETOOLONG));
	memcpy(name, found, strlen(found) + 1);
	return EXIT_DONE;
}

/* O_NONBLOCK, as a FIFO would keep us waiting. */
static int open_existing(const char *name, int flags)
{
	int file;
	do
		file = open(name, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (file < 0 && errno == EINTR);
	return file;
}

int hits_file_open(const char *name, int flags)
{
	int file = open_existing(name, flags);
	if (file < 0)
		(void)fail("%s %s", name, hits_words_of_opening(errno));
	return file;
}

/* Root makes it as the folder's owner: there is no moment at which the handler may not open it. */
static int make_as_owner_of(const char *folder, const char *name, const char **loss)
{
	struct stat status;
	if (geteuid() != 0 || stat(folder, &status) != 0)
		return counter_open(name, loss);
	if (setegid(status.st_gid) != 0 || seteuid(status.st_uid) != 0) {
		*loss = "hits-not-permitted";
		return -1;
	}
	int file = counter_open(name, loss);
	if (seteuid(0) == 0 && setegid(0) == 0)
		return file;
	*loss = "hits-not-permitted";
	return -1;
}

int hits_file_make(const char *name)
{
	char folder[PATH_MAX];
	const char *loss;
	int file = open_existing(name, O_RDWR);
	if (file >= 0)
		return file;
	if (errno != ENOENT) {
		(void)fail("%s %s", name, hits_words_of_opening(errno));
		return -1;
	}
	(void)snprintf(folder, sizeof folder, "%s", name);
	file = make_as_owner_of(dirname(folder), name, &loss);
	if (file < 0)
		(void)hits_file_fail(name, loss);
	return file;
}

static const char *read_counts(int file, struct counts *counts, uint64_t *damaged)
{
	const char *reason = counter_each(file, counts_add, counts, damaged);
	if (reason != NULL)
		return hits_words(reason);
	if (counts->out_of_memory)
		return "holds more than there is memory for";
	return counts_combine(counts) ? NULL : "holds a count that does not fit 64 bits";
}

const char *hits_file_load(const char *name, struct counts *counts, uint64_t *damaged)
{
	int file = open_existing(name, O_RDONLY);
	if (file < 0) {
		int error = errno;
		const char *wrong = hits_words_of_opening(error);
		errno = error;
		return wrong;
	}
	const char *wrong = read_counts(file, counts, damaged);
	(void)close(file);
	errno = 0;
	return wrong;
}

enum exit_status hits_file_read(const char *name, struct counts *counts, uint64_t *damaged)
{
	const char *wrong = hits_file_load(name, counts, damaged);
	return wrong == NULL ? EXIT_DONE : fail("%s %s", name, wrong);
}

enum exit_status hits_file_fail(const char *name, const char *reason)
{
	return fail("%s %s", name, hits_words(reason));
}
