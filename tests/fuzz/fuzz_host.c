/*
 * Host: the name of a host's directory is one name in lower case, cannot lead elsewhere, and as a
 * host yields the same directory.
 */
#include "fuzz.h"
#include "http/host.h"
#include <ctype.h>

static void expect_folder(struct view folder)
{
	char buffer[1024];
	struct buffer again = BUFFER(buffer);
	HOLDS(folder.length > 0 && folder.data[0] != '.');
	for (size_t i = 0; i < folder.length; i++) {
		unsigned char byte = (unsigned char)folder.data[i];
		HOLDS(byte > ' ' && byte < 0x7f && !isupper(byte));
		HOLDS(strchr("/\\:%[]@?#", byte) == NULL);
	}
	/* One final dot has been removed; there may have been a second. */
	if (folder.data[folder.length - 1] == '.')
		return;
	HOLDS(host_is_valid(folder) && host_add_directory(folder, &again));
	HOLDS(view_equal(buffer_view(&again), folder));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char buffer[1024];
	struct buffer folder = BUFFER(buffer);
	struct view host = {(const char *)data, size};
	if (size > sizeof buffer || !host_is_valid(host) || !host_add_directory(host, &folder))
		return 0;
	expect_folder(buffer_view(&folder));
	return 0;
}
