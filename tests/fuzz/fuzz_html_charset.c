/*
 * The charset that HTML declares: a charset that is declared remains so if bytes follow, and an element
 * without a declaration in front of it changes nothing.
 */
#include "fuzz.h"
#include "http/html_charset.h"

enum { PAGE_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char FRONT[] = "<p a='<'>";
	static char page[sizeof FRONT + PAGE_MAX];
	struct input input = {data, size};
	size_t cut = (size_t)take(&input, 2);
	struct view whole = take_rest(&input);
	if (whole.length > PAGE_MAX)
		whole.length = PAGE_MAX;
	bool declares = html_declares_charset(whole);
	if (cut < whole.length && html_declares_charset((struct view){whole.data, cut}))
		HOLDS(declares);
	memcpy(page, FRONT, sizeof FRONT - 1);
	memcpy(page + sizeof FRONT - 1, whole.data, whole.length);
	HOLDS(html_declares_charset((struct view){page, sizeof FRONT - 1 + whole.length}) ==
	      declares);
	return 0;
}
