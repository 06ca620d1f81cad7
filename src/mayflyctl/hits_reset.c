/* `mayflyctl hits reset`: sets counts to nought, when somebody says yes to it. */
#include "counter/edit.h"
#include "hits_file.h"
#include "hits_forms.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* counter_reset's; the context is the pattern, or NULL for all. */
static bool drops(void *glob, const char *path, size_t path_length)
{
	char terminated[COUNTER_PATH_MAX + 1];
	if (glob == NULL)
		return true;
	memcpy(terminated, path, path_length);
	terminated[path_length] = '\0';
	return counts_match(glob, terminated);
}

static bool says_yes(void)
{
	char answer[16] = "";
	if (fgets(answer, sizeof answer, stdin) == NULL)
		(void)fputs("\n", stderr);
	return strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0;
}

/* What is dropped is more where hits are counted meanwhile. */
static bool ask(const char *name, const struct counts *counts)
{
	(void)fprintf(stderr, "Drop %s in %s? [y/N] ",
	              counts_summary(counts_total(counts), counts->size), name);
	return says_yes();
}

static enum exit_status reset(const char *name, char *glob)
{
	struct counter_dropped dropped = {0, 0};
	int file = hits_file_open(name, O_RDWR);
	if (file < 0)
		return EXIT_FAILED;
	const char *loss = counter_reset(file, drops, glob, &dropped);
	enum exit_status status = loss == NULL ? EXIT_DONE : hits_file_fail(name, loss);
	if (status == EXIT_DONE && fsync(file) != 0)
		status = fail("%s is not on disk yet: %s", name, strerror(errno));
	(void)close(file);
	if (status == EXIT_DONE || dropped.records > 0)
		printf("Dropped %s.\n", counts_summary(dropped.hits, dropped.records));
	return status;
}

enum exit_status hits_set_to_nought(const struct hits_options *options)
{
	char name[PATH_MAX];
	struct counts counts = {0};
	uint64_t damaged = 0;
	char *glob = options->operand_count > 0 ? options->operands[0] : NULL;
	bool asks = (options->given & HITS_OPTION_YES) == 0;
	if (asks && (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)))
		return misuse("hits reset asks on a terminal; elsewhere it needs --yes");
	enum exit_status status = hits_file_find(options->file, name);
	if (status == EXIT_DONE)
		status = hits_file_read(name, &counts, &damaged);
	if (status == EXIT_DONE && glob != NULL)
		counts_keep_matching(&counts, glob);
	if (status == EXIT_DONE && counts.size == 0)
		(void)fputs("There is nothing to drop.\n", stderr);
	else if (status == EXIT_DONE && asks && !ask(name, &counts))
		status = fail("nothing was dropped");
	else if (status == EXIT_DONE)
		status = reset(name, glob);
	counts_free(&counts);
	return status;
}
