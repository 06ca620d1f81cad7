/* Reading the names of instances; see source.h. */
#include "source.h"
#include <string.h>

bool source_of_instance(const char *name, char address[static ADDRESS_SIZE])
{
	char text[ADDRESS_SIZE + 2]; /* newer ones may put IPv6 in brackets */
	const char *start = strrchr(name, '-');
	const char *end = strrchr(name, ':');
	if (start == NULL || end == NULL || end < start)
		return false;
	start++;
	if (*start == '[' && end[-1] == ']') {
		start++;
		end--;
	}
	size_t length = (size_t)(end - start);
	if (length >= sizeof text)
		return false;
	memcpy(text, start, length);
	text[length] = '\0';
	return address_normalize(text, address);
}
