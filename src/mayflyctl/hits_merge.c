/* `mayflyctl hits merge`: adds the counts of other machines' counter files. */
#include "hits_apply.h"
#include "hits_file.h"
#include "hits_forms.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Which file a name leads to. */
struct identity {
	dev_t device;
	ino_t inode;
};

static bool identify(const char *name, struct identity *identity)
{
	struct stat status;
	if (stat(name, &status) != 0)
		return false;
	*identity = (struct identity){status.st_dev, status.st_ino};
	return true;
}

/* A file that is named twice would be counted twice. */
static enum exit_status refuse_doubles(const char *into, const struct hits_options *options)
{
	size_t count = 0, most = (size_t)options->operand_count + 1;
	struct identity *seen = calloc(most, sizeof *seen);
	enum exit_status status = EXIT_DONE;
	if (seen == NULL)
		return fail("merge: %s", strerror(ENOMEM));
	for (size_t i = 0; i < most && status == EXIT_DONE; i++) {
		const char *name = i == 0 ? into : options->operands[i - 1];
		if (!identify(name, &seen[count]))
			continue; /* it is missed when it is opened */
		for (size_t j = 0; j < count && status == EXIT_DONE; j++)
			if (seen[j].device == seen[count].device &&
			    seen[j].inode == seen[count].inode)
				status = fail("%s is named twice: its hits would be counted twice",
				              name);
		count++;
	}
	free(seen);
	return status;
}

static enum exit_status read_all(const struct hits_options *options, struct counts *counts)
{
	for (int i = 0; i < options->operand_count; i++) {
		uint64_t damaged = 0;
		const char *name = options->operands[i];
		enum exit_status status = hits_file_read(name, counts, &damaged);
		if (status != EXIT_DONE)
			return status;
		if (damaged > 0)
			return fail("%s is damaged: `mayflyctl hits verify --hits %s` says where; "
			            "nothing was added",
			            name, name);
	}
	return EXIT_DONE;
}

enum exit_status hits_merge(const struct hits_options *options)
{
	char name[PATH_MAX];
	struct counts counts = {0};
	enum exit_status status = hits_file_find(options->file, name);
	if (status == EXIT_DONE)
		status = refuse_doubles(name, options);
	if (status == EXIT_DONE)
		status = read_all(options, &counts);
	if (status == EXIT_DONE)
		status = hits_apply(name, &counts);
	counts_free(&counts);
	return status;
}
