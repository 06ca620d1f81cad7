/*
 * Names in a listing: the order is a total order, names become HTML text without markup, and every
 * query yields a valid order of rows.
 */
#include "base/html.h"
#include "base/natural.h"
#include "fuzz.h"
#include "http/order.h"

enum { NAMES = 3, NAME_MAX = 300 };

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

static void expect_order(const struct view *names)
{
	for (int i = 0; i < NAMES; i++)
		for (int j = 0; j < NAMES; j++) {
			int found = sign(natural_compare(names[i], names[j]));
			HOLDS(found == -sign(natural_compare(names[j], names[i])));
			HOLDS((found == 0) == view_equal(names[i], names[j]));
		}
	if (natural_compare(names[0], names[1]) <= 0 && natural_compare(names[1], names[2]) <= 0)
		HOLDS(natural_compare(names[0], names[2]) <= 0);
}

static void expect_text(struct view name)
{
	static char buffer[HTML_CHARACTER_MAX * NAME_MAX];
	struct buffer text = BUFFER(buffer);
	buffer_add_html(&text, name);
	HOLDS(!text.truncated && text.length >= name.length / 4);
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.data[i];
		HOLDS(byte >= ' ' && byte != 0x7f && strchr("<>\"", (char)byte) == NULL);
	}
	/* Text without ampersands is not changed by escaping again. */
	if (memchr(buffer, '&', text.length) == NULL) {
		static char again_buffer[sizeof buffer];
		struct buffer again = BUFFER(again_buffer);
		buffer_add_html(&again, buffer_view(&text));
		HOLDS(view_equal(buffer_view(&again), buffer_view(&text)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct view names[NAMES];
	size_t lengths[NAMES - 1] = {(size_t)take(&input, 1), (size_t)take(&input, 1)};
	struct view rest = take_rest(&input);
	for (int i = 0; i < NAMES; i++) {
		size_t most = i < NAMES - 1 ? lengths[i] : NAME_MAX;
		names[i] = (struct view){rest.data, rest.length < most ? rest.length : most};
		if (names[i].length > 0)
			rest = view_from(rest, names[i].length);
		expect_text(names[i]);
	}
	expect_order(names);
	struct order order = order_parse(take_rest(&input));
	HOLDS(order.key <= ORDER_HITS);
	return 0;
}
