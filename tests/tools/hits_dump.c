/*
 * Prints the records of a counter file as `count<TAB>path`, with the path encoded as in a URL.
 * Fails with the reason code if the file cannot be read, or with the number of damaged records.
 */
#include "base/buffer.h"
#include "counter/each.h"
#include "counter/layout.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

static void print_record(void *context, const char *path, size_t path_length, uint64_t count)
{
	static char buffer[3 * COUNTER_PATH_MAX];
	struct buffer shown = BUFFER(buffer);
	buffer_add_path(&shown, (struct view){path, path_length});
	fprintf(context, "%" PRIu64 "\t%.*s\n", count, (int)shown.length, shown.data);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: hits_dump FILE\n", stderr);
		return 2;
	}
	int file = open(argv[1], O_RDONLY);
	if (file < 0) {
		perror(argv[1]);
		return 1;
	}
	uint64_t damaged = 0;
	const char *reason = counter_each(file, print_record, stdout, &damaged);
	if (reason != NULL)
		fprintf(stderr, "%s\n", reason);
	if (damaged > 0)
		fprintf(stderr, "%" PRIu64 " damaged\n", damaged);
	return reason != NULL || damaged > 0;
}
