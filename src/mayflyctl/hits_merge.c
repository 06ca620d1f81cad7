/* `mayflyctl hits merge`: adds the counts of other machines' counter files. */
#include "hits_apply.h"
#include "hits_file.h"
#include "hits_forms.h"
#include "same_file.h"

/* A file that is named twice would be counted twice. */
static enum exit_status refuse_doubles(const char *into, const struct hits_options *options)
{
	for (int i = 0; i < options->operand_count; i++) {
		const char *name = options->operands[i];
		bool doubled = is_same_file(name, into);
		for (int j = 0; j < i && !doubled; j++)
			doubled = is_same_file(name, options->operands[j]);
		if (doubled)
			return fail("%s is named twice: its hits would be counted twice", name);
	}
	return EXIT_DONE;
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
