/*
 * A counter's path and query, and what it looks like: whatever a client sends, the SVG is well-formed and has
 * only the elements and attributes of a badge, the JSON is one object, and both fit.
 */
#include "base/parse.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "http/badge.h"

enum { DEPTH_MAX = 4 };

static void expect_path(struct view path)
{
	struct view counted;
	enum badge_format format = badge_parse_path(path, VIEW("/counter"), &counted);
	if (format == BADGE_NONE)
		return;
	HOLDS(is_inside(path, counted) && counted.length <= path.length - sizeof "/counter");
	HOLDS(counted.length == 0 || counted.data[0] == '/');
}

/* Takes a prefix that must be there. */
static void take_word(struct view *rest, struct view word)
{
	HOLDS(rest->length >= word.length &&
	      view_equal((struct view){rest->data, word.length}, word));
	*rest = view_from(*rest, word.length);
}

/* Takes characters up to `end`: UTF-8 that XML allows, with & only in references. */
static void take_characters(struct view *rest, char end)
{
	static const char *const REFERENCES[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
	while (rest->length > 0 && rest->data[0] != end) {
		uint32_t character = 0;
		size_t length = utf8_read(*rest, &character);
		HOLDS(length > 0 || (rest->data[0] >= ' ' && rest->data[0] < 0x7f));
		HOLDS(length == 0 || (character & 0xfffe) != 0xfffe);
		HOLDS(rest->data[0] != '<' && rest->data[0] != '"');
		bool is_reference = false;
		for (size_t i = 0; i < 4; i++)
			is_reference |=
			    rest->length >= strlen(REFERENCES[i]) &&
			    memcmp(rest->data, REFERENCES[i], strlen(REFERENCES[i])) == 0;
		HOLDS(rest->data[0] != '&' || is_reference);
		*rest = view_from(*rest, length > 0 ? length : 1);
	}
	HOLDS(rest->length > 0);
}

static struct view take_name(struct view *rest)
{
	size_t length = 0;
	while (length < rest->length &&
	       (ascii_is_letter(rest->data[length]) || rest->data[length] == '-'))
		length++;
	struct view name = {rest->data, length};
	*rest = view_from(*rest, length);
	return name;
}

/* Takes a start tag after its "<" and name. Returns whether it ends the element as well. */
static bool take_attributes(struct view *rest)
{
	while (rest->length > 0 && rest->data[0] == ' ') {
		take_word(rest, VIEW(" "));
		struct view name = take_name(rest);
		HOLDS(parse_choice(name, VIEW("xmlns|width|height|role|aria-label|font-family|"
		                              "font-size|class|fill|d|x|y|textLength")) >= 0);
		take_word(rest, VIEW("=\""));
		take_characters(rest, '"');
		take_word(rest, VIEW("\""));
	}
	bool is_empty = rest->length > 0 && rest->data[0] == '/';
	take_word(rest, is_empty ? VIEW("/>") : VIEW(">"));
	return is_empty;
}

static void expect_svg(struct view svg)
{
	struct view open[DEPTH_MAX];
	size_t depth = 0;
	take_word(&svg, VIEW("<svg xmlns=\"http://www.w3.org/2000/svg\""));
	bool is_empty = take_attributes(&svg);
	HOLDS(!is_empty);
	open[depth++] = VIEW("svg");
	while (depth > 0) {
		take_characters(&svg, '<');
		take_word(&svg, VIEW("<"));
		if (svg.length > 0 && svg.data[0] == '/') {
			take_word(&svg, VIEW("/"));
			take_word(&svg, open[--depth]);
			take_word(&svg, VIEW(">"));
			continue;
		}
		struct view name = take_name(&svg);
		HOLDS(parse_choice(name, VIEW("title|style|g|path|text")) >= 0);
		if (take_attributes(&svg))
			continue;
		HOLDS(depth < DEPTH_MAX);
		open[depth++] = name;
	}
	HOLDS(view_equal(svg, VIEW("\n")));
}

/* Takes a string of JSON. */
static void take_string(struct view *rest)
{
	take_word(rest, VIEW("\""));
	while (rest->length > 0 && rest->data[0] != '"') {
		uint32_t character;
		size_t length = utf8_read(*rest, &character);
		HOLDS(length > 0 || (rest->data[0] >= ' ' && rest->data[0] < 0x7f));
		bool is_escape = rest->data[0] == '\\';
		HOLDS(!is_escape || (rest->length > 1 && strchr("\"\\", rest->data[1]) != NULL));
		*rest = view_from(*rest, is_escape ? 2 : length > 0 ? length : 1);
	}
	take_word(rest, VIEW("\""));
}

static void expect_json(struct view json, uint64_t count)
{
	uint64_t number;
	bool fits;
	take_word(&json, VIEW("{\"schemaVersion\":1,\"label\":"));
	take_string(&json);
	take_word(&json, VIEW(",\"message\":"));
	take_string(&json);
	take_word(&json, VIEW(",\"count\":"));
	take_string(&json);
	take_word(&json, VIEW(",\"hits\":"));
	HOLDS(parse_digits(&json, &number, &fits) && fits && number == count);
	HOLDS(view_equal(json, VIEW("}\n")));
}

static struct view draw(const struct badge *badge, enum badge_format format, uint64_t count)
{
	static char bytes[BADGE_LENGTH_MAX];
	struct buffer text = BUFFER(bytes);
	badge_add(&text, badge, format, count);
	HOLDS(!text.truncated);
	return buffer_view(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct badge badge;
	uint64_t count = take(&input, 8);
	struct view rest = take_rest(&input);
	expect_path(rest);
	if (badge_parse_query(rest, &badge) != NULL)
		return 0;
	HOLDS(badge.label_length <= BADGE_LABEL_MAX);
	expect_svg(draw(&badge, BADGE_SVG, count));
	expect_json(draw(&badge, BADGE_JSON, count), count);
	return 0;
}
