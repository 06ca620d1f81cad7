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
	struct text again = TEXT(buffer);
	HOLDS(folder.length > 0 && folder.at[0] != '.');
	for (size_t i = 0; i < folder.length; i++) {
		unsigned char byte = (unsigned char)folder.at[i];
		HOLDS(byte > ' ' && byte < 0x7f && !isupper(byte));
		HOLDS(strchr("/\\:%[]@?#", byte) == NULL);
	}
	/* The dot that may end a name was taken off; before it there may have been another. */
	if (folder.at[folder.length - 1] == '.')
		return;
	HOLDS(host_is_valid(folder) && host_folder(folder, &again));
	HOLDS(view_equal(text_view(&again), folder));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char buffer[1024];
	struct text folder = TEXT(buffer);
	struct view host = {(const char *)data, size};
	if (size > sizeof buffer || !host_is_valid(host) || !host_folder(host, &folder))
		return 0;
	expect_folder(text_view(&folder));
	return 0;
}
