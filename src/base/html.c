/* Escaping for HTML; see html.h. */
#include "html.h"
#include "utf8.h"

/*@ assigns \nothing;
    ensures \result ==> character >= 0xa0; */
static bool is_allowed(uint32_t character)
{
	bool control = character < 0xa0;
	bool none = (character >= 0xfdd0 && character <= 0xfdef) || character % 0x10000 >= 0xfffe;
	return !control && !none;
}

/* Appends what begins the bytes; returns how many of them that was. */
/*@ requires buffer_is_valid(text) && readable(bytes) && is_apart(text, bytes) && bytes.length > 0;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures 0 < \result <= bytes.length;
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text) && text->length <= \old(text->length) + UTF8_LENGTH_MAX;
    ensures \forall integer i; \old(text->length) <= i < text->length ==> is_in_html(text->data[i]); */
static size_t add_character(struct buffer *text, struct view bytes)
{
	struct view shown = VIEW("\xef\xbf\xbd");
	/*@ assert !(0 <= shown.data[0] <= 127) && !(0 <= shown.data[1] <= 127) && !(0 <= shown.data[2] <= 127); */
	uint32_t character = 0;
	size_t length = utf8_read(bytes, &character);
	if (length > 0 && is_allowed(character))
		shown = (struct view){bytes.data, length};
	/*@ assert \forall integer i; 0 <= i < shown.length ==> !(0 <= shown.data[i] <= 127); */
	buffer_add(text, shown);
	return length > 0 ? length : 1;
}

/* Appends a byte that would begin markup or end an attribute, escaped. Returns false for any other byte. */
/*@ requires buffer_is_valid(text);
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text) && text->length <= \old(text->length) + HTML_CHARACTER_MAX;
    ensures \forall integer i; \old(text->length) <= i < text->length ==> is_in_html(text->data[i]);
    ensures !\result ==> c != '<' && c != '>' && c != '"' && text->length == \old(text->length); */
static bool add_markup(struct buffer *text, char c)
{
	struct view escape;
	switch (c) {
	case '&':
		escape = VIEW("&amp;");
		break;
	case '<':
		escape = VIEW("&lt;");
		break;
	case '>':
		escape = VIEW("&gt;");
		break;
	case '"':
		escape = VIEW("&quot;");
		break;
	default:
		return false;
	}
	/*@ assert \forall integer i; 0 <= i < escape.length ==> is_in_html(escape.data[i]); */
	buffer_add(text, escape);
	return true;
}

/* Appends what begins the bytes, escaped; returns how many of them that was. */
/*@ requires buffer_is_valid(text) && readable(bytes) && is_apart(text, bytes) && bytes.length > 0;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures 0 < \result <= bytes.length;
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text) && text->length <= \old(text->length) + HTML_CHARACTER_MAX;
    ensures \forall integer i; \old(text->length) <= i < text->length ==> is_in_html(text->data[i]); */
static size_t add_escaped(struct buffer *text, struct view bytes)
{
	char c = bytes.data[0];
	if (add_markup(text, c))
		return 1;
	if (c < ' ' || c >= 0x7f)
		return add_character(text, bytes);
	buffer_add_byte(text, c);
	return 1;
}

void buffer_add_html(struct buffer *text, struct view bytes)
{
	/*@ loop invariant readable(bytes) && is_end(bytes, \at(bytes, Pre)) && buffer_is_valid(text);
	    loop invariant is_apart(text, bytes) && buffer_grows{Pre, Here}(text);
	    loop invariant text->length + HTML_CHARACTER_MAX * bytes.length <=
	      \at(text->length, Pre) + HTML_CHARACTER_MAX * \at(bytes.length, Pre);
	    loop invariant \forall integer i; \at(text->length, Pre) <= i < text->length ==> is_in_html(text->data[i]);
	    loop assigns bytes, text->length, text->truncated, text->data[0 .. text->capacity - 1];
	    loop variant bytes.length; */
	while (bytes.length > 0)
		bytes = view_from(bytes, add_escaped(text, bytes));
}
