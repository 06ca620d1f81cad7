/* Lines of text from an entry; see entry_format.h. */
#include "entry_format.h"
#include "when.h"

void entry_add_line(struct buffer *text, const struct entry *entry)
{
	char time[32] = "";
	const struct tm date = when_local(entry->time_us);
	(void)strftime(time, sizeof time, "%Y-%m-%d %H:%M:%S", &date);
	buffer_add_string(text, time);
	buffer_add(text, entry_is_request(entry) ? VIEW(" ") : VIEW(" mayfly: "));
	buffer_add(text, entry->fields[ENTRY_MESSAGE]);
}

static void add_unquoted(struct buffer *text, struct view value)
{
	for (size_t i = 0; i < value.length; i++) {
		if (value.data[i] == '"')
			buffer_add(text, VIEW("\\x22"));
		else
			buffer_add(text, (struct view){value.data + i, 1});
	}
}

static void add_known(struct buffer *text, struct view value)
{
	add_unquoted(text, value.length > 0 ? value : VIEW("-"));
}

static void add_quoted(struct buffer *text, struct view value)
{
	buffer_add(text, VIEW(" \""));
	add_known(text, value);
	buffer_add(text, VIEW("\""));
}

static void add_request_line(struct buffer *text, struct view method, struct view target)
{
	if (method.length == 0 || target.length == 0) {
		add_quoted(text, VIEW("-"));
		return;
	}
	buffer_add(text, VIEW(" \""));
	add_unquoted(text, method);
	buffer_add(text, VIEW(" "));
	add_unquoted(text, target);
	buffer_add(text, VIEW(" HTTP/1.1\""));
}

void entry_add_combined(struct buffer *text, const struct entry *entry)
{
	const struct view *fields = entry->fields;
	char time[40] = "";
	const struct tm date = when_local(entry->time_us);
	(void)strftime(time, sizeof time, " - - [%d/%b/%Y:%H:%M:%S %z]", &date);
	add_known(text, fields[ENTRY_ADDRESS]);
	buffer_add_string(text, time);
	add_request_line(text, fields[ENTRY_METHOD], fields[ENTRY_TARGET]);
	buffer_add(text, VIEW(" "));
	add_known(text, fields[ENTRY_STATUS]);
	buffer_add(text, VIEW(" "));
	add_known(text, fields[ENTRY_BYTES]);
	add_quoted(text, fields[ENTRY_REFERER]);
	add_quoted(text, fields[ENTRY_USER_AGENT]);
}
