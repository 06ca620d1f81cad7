/*
 * `mayflyctl hits --watch`: the table on a screen of its own, drawn again as the file changes. The
 * file may be removed and made anew, as an owner does who begins at nought.
 */
#include "hits_file.h"
#include "hits_list.h"
#include "terminal.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SCREEN_BEGIN "\033[?1049h\033[?25l" /* the other screen; no cursor */
#define SCREEN_END "\033[?1049l\033[?25h"
#define SCREEN_CLEAR "\033[H\033[2J"

enum {
	ROWS_AROUND = 5,   /* the file's name, an empty line, two of the table, the cursor's */
	PAUSE_MS = 200,    /* between two drawings, at least */
	MISSING_MS = 1000, /* until a file that is not there is looked for again */
};

struct watch {
	const struct hits_options *options;
	const char *file;
	int signals, changes; /* descriptors */
	bool is_there;
	const char *wrong; /* with the file, as hits_words.h has it; or NULL */
};

/* As many rows as there are. One that is not there now has no counts. False: to end. */
static bool draw(struct watch *watch)
{
	struct hits_listing listing = {.file = watch->file};
	struct hits_options options = *watch->options;
	size_t columns = 0, rows = 0;
	(void)terminal_size(&columns, &rows);
	size_t room = rows > ROWS_AROUND ? rows - ROWS_AROUND : 1;
	options.top = options.top < room ? options.top : room;
	if (watch->is_there)
		watch->wrong = hits_list_load(&options, &listing);
	if (watch->wrong == NULL) {
		printf(SCREEN_CLEAR "%s (Ctrl-C ends this)\n\n", watch->file);
		if (listing.counts.size > 0)
			hits_show_table(&listing, columns);
		else
			puts("Nothing was counted yet.");
	}
	counts_free(&listing.counts);
	return fflush(stdout) == 0 && watch->wrong == NULL;
}

/* Watches what the name leads to now; before it is read, so that no change goes unnoticed. */
static void watch_file(struct watch *watch)
{
	watch->is_there = inotify_add_watch(watch->changes, watch->file,
	                                    IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF) >= 0;
}

/* Waits for a signal, and for a change too where there is a descriptor for it. False: to end. */
static bool wait_for_signal_or(const struct watch *watch, int changes, int milliseconds)
{
	struct pollfd files[] = {{watch->signals, POLLIN, 0}, {changes, POLLIN, 0}};
	struct signalfd_siginfo signal;
	if (poll(files, 2, milliseconds) < 0)
		return errno == EINTR;
	if (files[0].revents == 0)
		return true;
	return read(watch->signals, &signal, sizeof signal) == sizeof signal &&
	       signal.ssi_signo == SIGWINCH;
}

static bool wait_for_change(const struct watch *watch)
{
	char events[4096];
	if (!wait_for_signal_or(watch, watch->changes, watch->is_there ? -1 : MISSING_MS) ||
	    !wait_for_signal_or(watch, -1, PAUSE_MS))
		return false;
	while (read(watch->changes, events, sizeof events) > 0)
		continue; /* what they say does not matter */
	return true;
}

static void run(struct watch *watch)
{
	do
		watch_file(watch);
	while (draw(watch) && wait_for_change(watch));
}

enum exit_status hits_watch(const struct hits_options *options, const char *file)
{
	size_t columns, rows;
	sigset_t ends;
	if (!terminal_size(&columns, &rows))
		return fail("--watch draws on a terminal, and standard output is none");
	struct hits_listing first = {.file = file};
	const char *wrong = hits_list_load(options, &first);
	counts_free(&first.counts);
	if (wrong != NULL)
		return fail("%s %s", file, wrong);
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	(void)sigaddset(&ends, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	struct watch watch = {options,
	                      file,
	                      signalfd(-1, &ends, SFD_CLOEXEC),
	                      inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
	                      true,
	                      NULL};
	if (watch.signals < 0 || watch.changes < 0)
		return fail("the file cannot be watched: %s", strerror(errno));
	(void)fputs(SCREEN_BEGIN, stdout);
	run(&watch);
	(void)fputs(SCREEN_END, stdout);
	(void)fflush(stdout); /* before a complaint, which the owner is to see */
	(void)close(watch.signals);
	(void)close(watch.changes);
	return watch.wrong == NULL ? EXIT_DONE : fail("%s %s", file, watch.wrong);
}
