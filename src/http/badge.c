/* The counter that a page can show; see badge.h. badge_svg.c draws it. */
#include "badge.h"
#include "badge_svg.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/utf8.h"

enum { DIGITS_MAX = 20, MESSAGE_MAX = 26 }; /* bytes of a number; and with its commas */

/* Takes the extension off the end of *path. */
static enum badge_format take_format(struct view *path)
{
	static const struct {
		struct view extension;
		enum badge_format format;
	} FORMATS[] = {
	    {{".json", 5}, BADGE_JSON},
	    {{".svg", 4}, BADGE_SVG},
	    {{".txt", 4}, BADGE_TXT},
	};
	for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
		struct view extension = FORMATS[i].extension;
		if (path->length < extension.length ||
		    !view_equal(view_from(*path, path->length - extension.length), extension))
			continue;
		path->length -= extension.length;
		return FORMATS[i].format;
	}
	return BADGE_NONE;
}

enum badge_format badge_parse_path(struct view path, struct view prefix, struct view *counted)
{
	if (prefix.length == 0 || path.length < prefix.length ||
	    memcmp(path.data, prefix.data, prefix.length) != 0)
		return BADGE_NONE;
	*counted = view_from(path, prefix.length);
	enum badge_format format = take_format(counted);
	return counted->length == 0 || counted->data[0] == '/' ? format : BADGE_NONE;
}

/* Decodes a value of a query. Drops what does not fit in `text`. Returns false if the encoding is invalid. */
static bool decode_value(struct view value, struct buffer *text)
{
	while (value.length > 0) {
		bool is_space = value.data[0] == '+';
		int byte = parse_percent_byte(&value);
		if (byte < 0)
			return false;
		buffer_add_byte(text, (char)(is_space ? ' ' : byte));
	}
	return true;
}

/* Whether the bytes are characters in UTF-8 without control characters (C0, DEL and C1). */
static bool is_line_of_text(struct view text)
{
	while (text.length > 0) {
		uint32_t character;
		size_t length = utf8_read(text, &character);
		bool is_valid = length > 0 ? character >= 0xa0
		                           : (unsigned char)text.data[0] < 0x80 &&
		                                 !ascii_is_control(text.data[0]);
		if (!is_valid)
			return false;
		text = view_from(text, length > 0 ? length : 1);
	}
	return true;
}

static const char *set_label(struct badge *badge, struct view value)
{
	struct buffer label = BUFFER(badge->label);
	if (!decode_value(value, &label) || label.truncated ||
	    !is_line_of_text(buffer_view(&label)))
		return "counter-bad-label";
	badge->label_length = label.length;
	return NULL;
}

static bool parse_hex_color(struct view digits, uint32_t *rgb)
{
	if (digits.length != 3 && digits.length != 6)
		return false;
	*rgb = 0;
	for (size_t i = 0; i < digits.length; i++) {
		int digit = ascii_hex_value(digits.data[i]);
		if (digit < 0)
			return false;
		*rgb = *rgb << 4 | (uint32_t)digit;
		if (digits.length == 3)
			*rgb = *rgb << 4 | (uint32_t)digit;
	}
	return true;
}

/* The names and values are those of shields.io, with black and white. */
static bool parse_color_name(struct view name, uint32_t *rgb)
{
	static const uint32_t VALUES[] = {
	    0x44cc11, 0x97ca00, 0xdfb317, 0xa4a61d, 0xfe7d37, 0xe05d44, 0x007ec6,
	    0x555555, 0x555555, 0x9f9f9f, 0x9f9f9f, 0x000000, 0xffffff,
	};
	int choice = parse_choice(name, VIEW("brightgreen|green|yellow|yellowgreen|orange|red|blue|"
	                                     "grey|gray|lightgrey|lightgray|black|white"));
	if (choice < 0)
		return false;
	*rgb = VALUES[choice];
	return true;
}

static const char *set_color(struct badge_color *color, struct view value)
{
	char bytes[16];
	struct buffer text = BUFFER(bytes);
	if (!decode_value(value, &text) || text.truncated)
		return "counter-bad-color";
	struct view name = buffer_view(&text);
	bool has_sign = name.length > 0 && name.data[0] == '#';
	color->is_set = parse_hex_color(view_from(name, has_sign), &color->rgb) ||
	                (!has_sign && parse_color_name(name, &color->rgb));
	return color->is_set ? NULL : "counter-bad-color";
}

static const char *set_style(struct badge *badge, struct view value)
{
	int choice = parse_choice(value, VIEW("flat|flat-square"));
	badge->is_square = choice == 1;
	return choice >= 0 ? NULL : "counter-bad-style";
}

static const char *set_parameter(struct badge *badge, struct view name, struct view value)
{
	if (view_equal(name, VIEW("label")))
		return set_label(badge, value);
	if (view_equal(name, VIEW("color")))
		return set_color(&badge->message_color, value);
	if (view_equal(name, VIEW("labelColor")))
		return set_color(&badge->label_color, value);
	if (view_equal(name, VIEW("style")))
		return set_style(badge, value);
	return NULL;
}

const char *badge_parse_query(struct view query, struct badge *badge)
{
	const char *error = NULL;
	*badge = (struct badge){.label = "hits", .label_length = VIEW("hits").length};
	while (error == NULL && query.length > 0) {
		struct view value, name;
		(void)parse_cut(&query, '&', &value);
		(void)parse_cut(&value, '=', &name);
		error = set_parameter(badge, name, value);
	}
	return error;
}

/* Appends a number with a comma before each three digits: "1,234". */
static void add_with_commas(struct buffer *text, uint64_t number)
{
	char bytes[DIGITS_MAX];
	struct buffer digits = BUFFER(bytes);
	buffer_add_number(&digits, number);
	for (size_t i = 0; i < digits.length; i++) {
		if (i > 0 && (digits.length - i) % 3 == 0)
			buffer_add_byte(text, ',');
		buffer_add_byte(text, bytes[i]);
	}
}

static void add_json(struct buffer *text, struct view label, struct view message, uint64_t count)
{
	buffer_add(text, VIEW("{\"schemaVersion\":1,\"label\":"));
	buffer_add_json(text, label);
	buffer_add(text, VIEW(",\"message\":"));
	buffer_add_json(text, message);
	buffer_add(text, VIEW(",\"count\":"));
	buffer_add_json(text, message);
	buffer_add(text, VIEW(",\"hits\":"));
	buffer_add_number(text, count);
	buffer_add(text, VIEW("}\n"));
}

void badge_add(struct buffer *text, const struct badge *badge, enum badge_format format,
               uint64_t count)
{
	char bytes[MESSAGE_MAX];
	struct buffer message = BUFFER(bytes);
	add_with_commas(&message, count);
	switch (format) {
	case BADGE_JSON:
		add_json(text, (struct view){badge->label, badge->label_length},
		         buffer_view(&message), count);
		break;
	case BADGE_SVG:
		badge_svg_add(text, badge, buffer_view(&message));
		break;
	case BADGE_TXT:
	case BADGE_NONE:
		buffer_add_number(text, count);
		buffer_add_byte(text, '\n');
		break;
	}
}

struct view badge_media_type(enum badge_format format)
{
	switch (format) {
	case BADGE_JSON:
		return VIEW("application/json");
	case BADGE_SVG:
		return VIEW("image/svg+xml");
	case BADGE_TXT:
	case BADGE_NONE:
		break;
	}
	return VIEW("text/plain; charset=utf-8");
}
