/* `mayflyctl hits export`, and `import`, which reads back what it wrote. */
#include "hits_apply.h"
#include "hits_file.h"
#include "hits_forms.h"
#include "hits_text.h"
#include "output.h"
#include <errno.h>
#include <string.h>

static bool is_dash(const char *name)
{
	return strcmp(name, "-") == 0;
}

static enum exit_status write_to(const char *name, const struct counts *counts,
                                 const char *counter_file)
{
	struct output output;
	enum exit_status status = output_begin(&output, name, counter_file);
	if (status != EXIT_DONE)
		return status;
	hits_text_write(stdout, counts);
	return output_end(&output);
}

enum exit_status hits_export(const struct hits_options *options)
{
	char name[PATH_MAX];
	struct counts counts = {0};
	uint64_t damaged = 0;
	enum exit_status status = hits_file_find(options->file, name);
	if (status == EXIT_DONE)
		status = hits_file_read(name, &counts, &damaged);
	if (status == EXIT_DONE && is_dash(options->operands[0]))
		hits_text_write(stdout, &counts);
	else if (status == EXIT_DONE)
		status = write_to(options->operands[0], &counts, name);
	counts_free(&counts);
	if (status == EXIT_DONE && damaged > 0)
		return fail(
		    "%s is damaged: what is left was exported; `mayflyctl hits verify` says "
		    "what is not",
		    name);
	return status;
}

/* All of it, before the first count is added. */
static enum exit_status read_from(const char *name, struct counts *counts)
{
	size_t line;
	FILE *file = is_dash(name) ? stdin : fopen(name, "re");
	if (file == NULL)
		return fail("%s cannot be read: %s", name, strerror(errno));
	const char *wrong = hits_text_read(file, counts, &line);
	bool failed = ferror(file) != 0;
	int error = errno;
	if (file != stdin)
		(void)fclose(file);
	if (failed)
		return fail("%s cannot be read: %s", name, strerror(error));
	if (wrong != NULL)
		return fail("%s: line %zu %s; nothing was added", name, line, wrong);
	if (!counts_combine(counts))
		return fail("%s: a count does not fit 64 bits; nothing was added", name);
	return EXIT_DONE;
}

enum exit_status hits_import(const struct hits_options *options)
{
	char name[PATH_MAX];
	struct counts counts = {0};
	enum exit_status status = hits_file_find(options->file, name);
	if (status == EXIT_DONE)
		status = read_from(options->operands[0], &counts);
	if (status == EXIT_DONE)
		status = hits_apply(name, &counts);
	counts_free(&counts);
	return status;
}
