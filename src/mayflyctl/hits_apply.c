/*
 * Adding many counts: see hits_apply.h. It goes through the counts twice: the first time each gets
 * its record and is seen to fit, with nothing counted yet; the second time only numbers change,
 * which nothing but a dying disk keeps from being done. The lock is taken for each by itself, so
 * that hits are not kept waiting.
 */
#include "hits_apply.h"
#include "counter/edit.h"
#include "hits_file.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 5000 };

static struct counter_result add(int file, const struct count *count, uint64_t amount)
{
	return counter_add_amount(file, count->path, count->path_length, amount, LOCK_WAIT_MS);
}

static enum exit_status make_room(int file, const char *name, const struct counts *counts)
{
	for (size_t i = 0; i < counts->size; i++) {
		const struct count *count = &counts->all[i];
		struct counter_result result = add(file, count, 0);
		if (result.loss != NULL)
			return hits_file_fail(name, result.loss);
		if (count->count > UINT64_MAX - result.count)
			return fail("the count of %s would not fit 64 bits; nothing was added",
			            counts_shown(count->path, count->path_length));
	}
	return EXIT_DONE;
}

static enum exit_status add_all(int file, const char *name, const struct counts *counts)
{
	for (size_t i = 0; i < counts->size; i++) {
		struct counter_result result = add(file, &counts->all[i], counts->all[i].count);
		if (result.loss == NULL)
			continue;
		(void)hits_file_fail(name, result.loss);
		return fail("%zu of %zu counts were added, not %s and those behind it", i,
		            counts->size,
		            counts_shown(counts->all[i].path, counts->all[i].path_length));
	}
	return EXIT_DONE;
}

/* Who types Ctrl-C does not leave half of it. */
static void hold_signals(int how)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigprocmask(how, &signals, NULL);
}

enum exit_status hits_apply(const char *name, const struct counts *counts)
{
	int file = hits_file_make(name);
	if (file < 0)
		return EXIT_FAILED;
	enum exit_status status = make_room(file, name, counts);
	if (status == EXIT_DONE) {
		hold_signals(SIG_BLOCK);
		status = add_all(file, name, counts);
		hold_signals(SIG_UNBLOCK);
	}
	if (status == EXIT_DONE && fsync(file) != 0)
		status = fail("%s is not on disk yet: %s", name, strerror(errno));
	(void)close(file);
	if (status == EXIT_DONE)
		printf("Added %s to %s.\n", counts_summary(counts_total(counts), counts->size),
		       name);
	return status;
}
