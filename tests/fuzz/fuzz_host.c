/*
 * Host: the name of a host's directory is one name in lower case, cannot lead elsewhere, and as a
 * host yields the same directory.
 */
#include "fuzz.h"
#include "http/host.h"
#include <ctype.h>

static void expect_directory(struct view directory)
{
	char buffer[1024];
	struct buffer again = BUFFER(buffer);
	HOLDS(directory.length > 0 && directory.data[0] != '.');
	for (size_t i = 0; i < directory.length; i++) {
		unsigned char byte = (unsigned char)directory.data[i];
		HOLDS(byte > ' ' && byte < 0x7f && !isupper(byte));
		HOLDS(strchr("/\\:%[]@?#", byte) == NULL);
	}
	/* One final dot has been removed; there may have been a second. */
	if (directory.data[directory.length - 1] == '.')
		return;
	HOLDS(host_is_valid(directory) && host_add_directory(directory, &again));
	HOLDS(view_equal(buffer_view(&again), directory));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char buffer[1024];
	struct buffer directory = BUFFER(buffer);
	struct view host = {(const char *)data, size};
	if (size > sizeof buffer || !host_is_valid(host) || !host_add_directory(host, &directory))
		return 0;
	expect_directory(buffer_view(&directory));
	return 0;
}
