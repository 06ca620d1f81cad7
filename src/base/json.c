/* Escaping for JSON; see json.h. */
#include "json.h"
#include "utf8.h"

/*@ predicate is_shown(integer c) = !(0 <= c < ' ') && c != 127; */

/* The lower-case hexadecimal digit of a number. */
/*@ requires number < 16;
    assigns \nothing;
    ensures is_shown(\result); */
static char digit_of(unsigned number)
{
	return (char)(number < 10 ? '0' + number : 'a' + (number - 10));
}

/*@ requires buffer_is_valid(text);
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text) && text->length <= \old(text->length) + JSON_CHARACTER_MAX;
    ensures \forall integer i; \old(text->length) <= i < text->length ==> is_shown(text->data[i]); */
static void add_control(struct buffer *text, unsigned char byte)
{
	char escape[] = {'\\', 'u', '0', '0', 'h', 'h'};
	escape[4] = digit_of(byte / 16);
	escape[5] = digit_of(byte % 16);
	/*@ assert is_shown(escape[4]) && is_shown(escape[5]); */
	buffer_add(text, (struct view){escape, sizeof escape});
}

/* Appends an ASCII character. */
/*@ requires buffer_is_valid(text) && 0 <= c <= 127;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text) && text->length <= \old(text->length) + JSON_CHARACTER_MAX;
    ensures \forall integer i; \old(text->length) <= i < text->length ==> is_shown(text->data[i]); */
static void add_ascii(struct buffer *text, char c)
{
	if (ascii_is_control(c)) {
		add_control(text, (unsigned char)c);
		return;
	}
	if (c == '"' || c == '\\')
		buffer_add_byte(text, '\\');
	buffer_add_byte(text, c);
}

/* Appends the character that begins the bytes. Returns its length. */
/*@ requires buffer_is_valid(text) && readable(bytes) && is_apart(text, bytes) && bytes.length > 0;
    assigns text->length, text->truncated, text->data[0 .. text->capacity - 1];
    ensures 0 < \result <= bytes.length;
    ensures buffer_is_valid(text) && buffer_grows{Pre, Post}(text) && text->length <= \old(text->length) + JSON_CHARACTER_MAX;
    ensures \forall integer i; \old(text->length) <= i < text->length ==> is_shown(text->data[i]); */
static size_t add_character(struct buffer *text, struct view bytes)
{
	struct view shown = VIEW("\xef\xbf\xbd");
	/*@ assert !(0 <= shown.data[0] <= 127) && !(0 <= shown.data[1] <= 127) && !(0 <= shown.data[2] <= 127); */
	uint32_t character;
	if ((unsigned char)bytes.data[0] < 0x80) {
		add_ascii(text, bytes.data[0]);
		return 1;
	}
	size_t length = utf8_read(bytes, &character);
	if (length > 0)
		shown = (struct view){bytes.data, length};
	/*@ assert \forall integer i; 0 <= i < shown.length ==> !(0 <= shown.data[i] <= 127); */
	buffer_add(text, shown);
	return length > 0 ? length : 1;
}

void buffer_add_json(struct buffer *text, struct view bytes)
{
	buffer_add_byte(text, '"');
	/*@ loop invariant readable(bytes) && is_end(bytes, \at(bytes, Pre)) && buffer_is_valid(text);
	    loop invariant is_apart(text, bytes) && buffer_grows{LoopEntry, Here}(text);
	    loop invariant text->length + JSON_CHARACTER_MAX * bytes.length <=
	      \at(text->length, LoopEntry) + JSON_CHARACTER_MAX * \at(bytes.length, Pre);
	    loop invariant \forall integer i; \at(text->length, LoopEntry) <= i < text->length ==> is_shown(text->data[i]);
	    loop assigns bytes, text->length, text->truncated, text->data[0 .. text->capacity - 1];
	    loop variant bytes.length; */
	while (bytes.length > 0)
		bytes = view_from(bytes, add_character(text, bytes));
	buffer_add_byte(text, '"');
}
