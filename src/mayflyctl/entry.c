/* Reading an entry; see entry.h. */
#include "entry.h"
#include "address.h"
#include <fnmatch.h>
#include <stdlib.h>

static const char *const NAMES[ENTRY_FIELDS] = {
    [ENTRY_MESSAGE] = "MESSAGE",
    [ENTRY_PRIORITY] = "PRIORITY",
    [ENTRY_METHOD] = "HTTP_METHOD",
    [ENTRY_TARGET] = "HTTP_TARGET",
    [ENTRY_STATUS] = "HTTP_STATUS",
    [ENTRY_BYTES] = "HTTP_BYTES",
    [ENTRY_REFERER] = "HTTP_REFERER",
    [ENTRY_USER_AGENT] = "HTTP_USER_AGENT",
    [ENTRY_ADDRESS] = "REMOTE_ADDR",
    [ENTRY_PORT] = "REMOTE_PORT",
    [ENTRY_HITS] = "HITS",
    [ENTRY_DURATION] = "DURATION_USEC",
    [ENTRY_REASON] = "REASON",
};

static const struct view SEPARATOR = {" | ", 3};

enum { PRIORITY_WARNING = 4, LONGEST_NUMBER = 20 };

void entry_begin(struct entry *entry, uint64_t time_us)
{
	entry->time_us = time_us;
	memset(entry->fields, 0, sizeof entry->fields);
	entry->text = BUFFER(entry->buffer);
}

static void add_printable(struct buffer *text, struct view bytes)
{
	for (size_t i = 0; i < bytes.length; i++) {
		struct view byte = {bytes.data + i, 1};
		if (bytes.data[i] >= ' ' && bytes.data[i] <= '~')
			buffer_add(text, byte);
		else
			buffer_add_escaped(text, byte, 1);
	}
}

static void set(struct entry *entry, enum entry_field field, struct view value)
{
	size_t start = entry->text.length;
	add_printable(&entry->text, value);
	entry->fields[field] = view_from(buffer_view(&entry->text), start);
}

void entry_take(struct entry *entry, struct view field)
{
	const char *equals = field.length > 0 ? memchr(field.data, '=', field.length) : NULL;
	if (equals == NULL)
		return;
	struct view name = {field.data, (size_t)(equals - field.data)};
	for (size_t i = 0; i < ENTRY_FIELDS; i++)
		if (view_equal(name, view_of(NAMES[i])))
			set(entry, (enum entry_field)i, view_from(field, name.length + 1));
}

uint64_t entry_number(const struct entry *entry, enum entry_field field)
{
	struct view value = entry->fields[field];
	char digits[LONGEST_NUMBER + 1] = "";
	if (value.length == 0 || value.length > LONGEST_NUMBER || !ascii_is_digit(value.data[0]))
		return 0;
	memcpy(digits, value.data, value.length);
	return strtoull(digits, NULL, 10);
}

bool entry_is_request(const struct entry *entry)
{
	return entry->fields[ENTRY_STATUS].length > 0;
}

bool entry_is_warning(const struct entry *entry)
{
	return entry->fields[ENTRY_PRIORITY].length > 0 &&
	       entry_number(entry, ENTRY_PRIORITY) <= PRIORITY_WARNING;
}

/* Takes the front of a line of the log up to its next " | "; all of it where there is none. */
static struct view take_part(struct view *line)
{
	const char *end = line->length > 0
	                      ? memmem(line->data, line->length, SEPARATOR.data, SEPARATOR.length)
	                      : NULL;
	struct view part = *line;
	if (end != NULL)
		part.length = (size_t)(end - line->data);
	*line = view_from(*line, part.length + (end != NULL ? SEPARATOR.length : 0));
	return part;
}

static bool decode_byte(struct view encoded, char *byte)
{
	if (encoded.length < 3 || encoded.data[0] != '%')
		return false;
	int high = ascii_hex_value(encoded.data[1]);
	int low = ascii_hex_value(encoded.data[2]);
	if (high < 0 || low < 0)
		return false;
	*byte = (char)(high << 4 | low);
	return true;
}

bool entry_path_matches(const struct entry *entry, const char *pattern)
{
	static char path[ENTRY_SIZE + 1];
	struct view line = entry->fields[ENTRY_MESSAGE];
	struct view encoded = take_part(&line);
	size_t length = 0;
	if (!entry_is_request(entry))
		return false;
	while (encoded.length > 0) {
		bool decoded = decode_byte(encoded, &path[length]);
		if (!decoded)
			path[length] = encoded.data[0];
		encoded = view_from(encoded, decoded ? 3 : 1);
		length++;
	}
	path[length] = '\0';
	return fnmatch(pattern, path, 0) == 0;
}

/* The line of the log with another address, and without the port. */
static void anonymize_message(struct entry *entry, struct view network)
{
	struct view line = entry->fields[ENTRY_MESSAGE];
	size_t start = entry->text.length;
	buffer_add(&entry->text, take_part(&line));
	(void)take_part(&line);
	(void)take_part(&line);
	buffer_add(&entry->text, SEPARATOR);
	buffer_add(&entry->text, network);
	buffer_add(&entry->text, VIEW(" | - | "));
	buffer_add(&entry->text, line);
	entry->fields[ENTRY_MESSAGE] = view_from(buffer_view(&entry->text), start);
}

void entry_anonymize(struct entry *entry)
{
	struct view address = entry->fields[ENTRY_ADDRESS];
	char whole[ADDRESS_SIZE] = "";
	char network[ADDRESS_SIZE];
	if (!entry_is_request(entry))
		return;
	if (address.length < sizeof whole)
		memcpy(whole, address.length > 0 ? address.data : "", address.length);
	address_anonymize(whole, network);
	anonymize_message(entry, view_of(network));
	set(entry, ENTRY_ADDRESS, view_of(network));
	entry->fields[ENTRY_PORT] = (struct view){0};
}
