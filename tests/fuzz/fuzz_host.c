/*
 * Host: what names a folder is one name, in lower case, that leads nowhere else, and names the same
 * folder again.
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
	/* The dot that may end a name was taken off; before it there may have been another. */
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
