/* Drawing a badge; see badge_svg.h. */
#include "badge_svg.h"
#include "base/html.h"
#include "base/utf8.h"

enum { HEIGHT = 20, EDGE = 6, RADIUS = 3, BASELINE = 14 }; /* pixels */

/* One of the two parts of a badge. */
struct part {
	struct view text;
	const char *name; /* of its class, for dark mode */
	uint32_t color;
	bool has_own_color;
	unsigned left;  /* pixels */
	unsigned width; /* pixels */
	bool is_round_left;
	bool is_round_right;
};

/* The width of a character that is not ASCII, in tenths of a pixel: an average of most fonts. */
static unsigned wide_character_width(uint32_t character)
{
	static const struct {
		uint32_t last;
		unsigned width;
	} RANGES[] = {
	    {0x2ff, 70},     /* Latin */
	    {0x36f, 0},      /* combining marks */
	    {0x3ff, 65},     /* Greek */
	    {0x58f, 78},     /* Cyrillic, Armenian */
	    {0x6ff, 65},     /* Hebrew, Arabic */
	    {0x10ff, 80},    /* Indic scripts and so on */
	    {0x1fff, 100},   /* Ethiopic, Khmer, and so on */
	    {0x200a, 60},    /* spaces */
	    {0x200f, 0},     /* zero width */
	    {0x2029, 90},    /* dashes, quotation marks */
	    {0x202e, 0},     /* directions */
	    {0x2e7f, 100},   /* symbols */
	    {0xfdff, 115},   /* Chinese, Japanese, Korean */
	    {0xfe0f, 0},     /* variation selectors */
	    {0x1f000, 115},  /* full-width forms */
	    {0x10ffff, 150}, /* emoji */
	};
	size_t i = 0;
	while (character > RANGES[i].last)
		i++;
	return RANGES[i].width;
}

/* In tenths of a pixel, for the characters from the space to the tilde. */
static unsigned ascii_width(char c)
{
	static const unsigned char WIDTHS[] = {
	    35, 44,  51, 92, 70, 105, 86, 30, 43, 43, 55, 92, 35, 40,  35, 37, 70, 70,  70,
	    70, 70,  70, 70, 70, 70,  70, 37, 37, 92, 92, 92, 58, 110, 75, 75, 77, 85,  70,
	    63, 85,  83, 32, 32, 72,  61, 95, 82, 87, 66, 87, 76, 70,  67, 81, 75, 109, 75,
	    67, 75,  43, 37, 43, 92,  55, 55, 67, 70, 60, 70, 68, 39,  70, 70, 31, 31,  64,
	    31, 107, 70, 67, 70, 70,  45, 57, 43, 70, 65, 90, 65, 65,  58, 70, 37, 70,  92,
	};
	return c >= ' ' && c <= '~' ? WIDTHS[c - ' '] : 115;
}

unsigned badge_svg_text_width(struct view text)
{
	unsigned width = 0;
	while (text.length > 0) {
		uint32_t character;
		size_t length = utf8_read(text, &character);
		width += length > 0 ? wide_character_width(character) : ascii_width(text.data[0]);
		text = view_from(text, length > 0 ? length : 1);
	}
	return (width + 9) / 10;
}

/* The linear light of a channel, within 1 % of sRGB's curve: 0 to LIGHT_MAX. */
enum { LIGHT_MAX = 255 * 255 * 255 * 10 };
static uint64_t channel_light(uint32_t channel)
{
	return (uint64_t)channel * channel * (255 * 7 + channel * 3);
}

/* Whether black on the color has more contrast than white (WCAG 2.2, contrast ratio). */
static bool is_light(uint32_t rgb)
{
	uint64_t light = 2126 * channel_light(rgb >> 16) + 7152 * channel_light(rgb >> 8 & 0xff) +
	                 722 * channel_light(rgb & 0xff);
	return light > 1791 * (uint64_t)LIGHT_MAX;
}

static void add_color(struct buffer *text, uint32_t rgb)
{
	buffer_add_byte(text, '#');
	for (int shift = 20; shift >= 0; shift -= 4)
		buffer_add_byte(text, "0123456789abcdef"[rgb >> shift & 15]);
}

/* Appends ` name="number"`. */
static void add_attribute(struct buffer *text, const char *name, unsigned number)
{
	buffer_add_byte(text, ' ');
	buffer_add_string(text, name);
	buffer_add(text, VIEW("=\""));
	buffer_add_number(text, number);
	buffer_add_byte(text, '"');
}

/* Appends ` class="mayfly-NAME"`, by which dark mode colors an element; nothing if the color is the query's. */
static void add_class(struct buffer *text, const struct part *part, const char *suffix)
{
	if (part->has_own_color)
		return;
	buffer_add(text, VIEW(" class=\"mayfly-"));
	buffer_add_string(text, part->name);
	buffer_add_string(text, suffix);
	buffer_add_byte(text, '"');
}

/* Appends the area of a part. It begins at the upper left corner and runs clockwise. */
static void add_area(struct buffer *text, const struct part *part)
{
	unsigned straight =
	    part->width - (part->is_round_left ? RADIUS : 0) - (part->is_round_right ? RADIUS : 0);
	buffer_add(text, VIEW("<path"));
	add_class(text, part, "");
	buffer_add(text, VIEW(" fill=\""));
	add_color(text, part->color);
	buffer_add(text, VIEW("\" d=\"M"));
	buffer_add_number(text, part->left + (part->is_round_left ? RADIUS : 0));
	buffer_add(text, VIEW(" 0h"));
	buffer_add_number(text, straight);
	buffer_add_string(text, part->is_round_right ? "a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3" : "v20");
	buffer_add(text, VIEW("h-"));
	buffer_add_number(text, straight);
	buffer_add_string(text, part->is_round_left ? "a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" : "z");
	buffer_add(text, VIEW("\"/>"));
}

static void add_text(struct buffer *text, const struct part *part)
{
	buffer_add(text, VIEW("<text"));
	add_class(text, part, "-text");
	buffer_add_string(text, is_light(part->color) ? " fill=\"#000\"" : " fill=\"#fff\"");
	add_attribute(text, "x", part->left + EDGE);
	add_attribute(text, "y", BASELINE);
	add_attribute(text, "textLength", part->width - 2 * EDGE);
	buffer_add(text, VIEW(">"));
	buffer_add_html(text, part->text);
	buffer_add(text, VIEW("</text>"));
}

static void add_part(struct buffer *text, const struct part *part)
{
	if (part->width == 0)
		return;
	add_area(text, part);
	add_text(text, part);
}

/* Appends "label: message", as text for screen readers. */
static void add_words(struct buffer *text, struct view label, struct view message)
{
	buffer_add_html(text, label);
	buffer_add(text, label.length > 0 ? VIEW(": ") : VIEW(""));
	buffer_add(text, message);
}

/* The colors of the page that a new installation shows, in dark mode. */
static void add_dark_style(struct buffer *text)
{
	buffer_add(text, VIEW("<style>@media(prefers-color-scheme:dark){"
	                      ".mayfly-label{fill:#33413e}.mayfly-label-text{fill:#e3ece9}"
	                      ".mayfly-count{fill:#7fd6c6}.mayfly-count-text{fill:#14201e}"
	                      "}</style>"));
}

void badge_svg_add(struct buffer *text, const struct badge *badge, struct view message)
{
	struct view words = {badge->label, badge->label_length};
	struct part label = {
	    .text = words,
	    .name = "label",
	    .color = badge->label_color.is_set ? badge->label_color.rgb : 0x44524f,
	    .has_own_color = badge->label_color.is_set,
	    .width = words.length > 0 ? badge_svg_text_width(words) + 2 * EDGE : 0,
	    .is_round_left = !badge->is_square,
	};
	struct part count = {
	    .text = message,
	    .name = "count",
	    .color = badge->message_color.is_set ? badge->message_color.rgb : 0x0b6b60,
	    .has_own_color = badge->message_color.is_set,
	    .left = label.width,
	    .width = badge_svg_text_width(message) + 2 * EDGE,
	    .is_round_left = !badge->is_square && label.width == 0,
	    .is_round_right = !badge->is_square,
	};
	buffer_add(text, VIEW("<svg xmlns=\"http://www.w3.org/2000/svg\""));
	add_attribute(text, "width", label.width + count.width);
	add_attribute(text, "height", HEIGHT);
	buffer_add(text, VIEW(" role=\"img\" aria-label=\""));
	add_words(text, words, message);
	buffer_add(text, VIEW("\"><title>"));
	add_words(text, words, message);
	buffer_add(text, VIEW("</title>"));
	if (!label.has_own_color || !count.has_own_color)
		add_dark_style(text);
	buffer_add(text, VIEW("<g font-family=\"DejaVu Sans,Verdana,Geneva,sans-serif\" "
	                      "font-size=\"11\">"));
	add_part(text, &label);
	add_part(text, &count);
	buffer_add(text, VIEW("</g></svg>\n"));
}
