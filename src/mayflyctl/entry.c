/* Reading, matching and writing an entry; see entry.h. */
#include "entry.h"
#include "base/ip_address.h"
#include "base/journald.h"
#include "base/parse.h"
#include "when.h"
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdio.h>

/* The name of each field in the journal, and in JSON. */
static const struct {
	const char *name, *key;
	bool is_number;
} FIELDS[ENTRY_FIELDS] = {
    [ENTRY_MESSAGE] = {"MESSAGE", "message", false},
    [ENTRY_PRIORITY] = {"PRIORITY", "priority", true},
    [ENTRY_METHOD] = {"HTTP_METHOD", "method", false},
    [ENTRY_TARGET] = {"HTTP_TARGET", "target", false},
    [ENTRY_STATUS] = {"HTTP_STATUS", "status", true},
    [ENTRY_BYTES] = {"HTTP_BYTES", "bytes", true},
    [ENTRY_REFERER] = {"HTTP_REFERER", "referer", false},
    [ENTRY_USER_AGENT] = {"HTTP_USER_AGENT", "user_agent", false},
    [ENTRY_ADDRESS] = {"REMOTE_ADDR", "address", false},
    [ENTRY_PORT] = {"REMOTE_PORT", "port", true},
    [ENTRY_SCHEME] = {"HTTP_SCHEME", "scheme", false},
    [ENTRY_HITS] = {"HITS", "hits", true},
    [ENTRY_ROBOT] = {"ROBOT", "robot", true},
    [ENTRY_DURATION] = {"DURATION_USEC", "duration_usec", true},
    [ENTRY_REASON] = {"REASON", "reason", false},
    [ENTRY_HOST] = {"HTTP_HOST", "host", false},
    [ENTRY_SITE] = {"", "site", false},
};

void entry_begin(struct entry *entry, uint64_t time_us)
{
	entry->time_us = time_us;
	memset(entry->fields, 0, sizeof entry->fields);
	entry->text = BUFFER(entry->array);
}

static void add_printable(struct buffer *text, struct view bytes)
{
	for (size_t i = 0; i < bytes.length; i++) {
		if (bytes.data[i] >= ' ' && bytes.data[i] <= '~')
			buffer_add_byte(text, bytes.data[i]);
		else
			buffer_add_escaped(text, (struct view){bytes.data + i, 1});
	}
}

static void set_field(struct entry *entry, enum entry_field field, struct view value)
{
	size_t start = entry->text.length;
	add_printable(&entry->text, value);
	entry->fields[field] = view_from(buffer_view(&entry->text), start);
}

void entry_add(struct entry *entry, struct view field)
{
	struct view value = field, name;
	if (!parse_cut(&value, '=', &name))
		return;
	for (size_t i = 0; i < ENTRY_SITE; i++)
		if (view_equal(name, view_of(FIELDS[i].name)))
			set_field(entry, (enum entry_field)i, value);
}

void entry_set_site(struct entry *entry, const char *site)
{
	set_field(entry, ENTRY_SITE, view_of(site));
}

uint64_t entry_number(const struct entry *entry, enum entry_field field)
{
	uint64_t number = 0;
	(void)parse_number(entry->fields[field], 0, UINT64_MAX, &number);
	return number;
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

/* Removes and returns the next part of a log line, "name | address | port | count". */
static struct view next_part(struct view *line)
{
	struct view part;
	(void)parse_cut(line, '|', &part);
	return view_trim(part);
}

bool entry_path_matches(const struct entry *entry, const char *pattern)
{
	static char path[ENTRY_SIZE + 1];
	struct view line = entry->fields[ENTRY_MESSAGE];
	struct view name = next_part(&line);
	struct view encoded = name, word;
	size_t length = 0;
	if (!entry_is_request(entry))
		return false;
	/* A method may precede the name, which contains no space. */
	while (parse_cut(&name, ' ', &word))
		encoded = name;
	while (encoded.length > 0) {
		int byte = parse_percent_byte(&encoded);
		if (byte < 0) {
			byte = '%';
			encoded = view_from(encoded, 1);
		}
		path[length++] = (char)byte;
	}
	path[length] = '\0';
	return fnmatch(pattern, path, 0) == 0;
}

/* Replaces the address in the log line, and the port by "-". */
static void anonymize_message(struct entry *entry, struct view network)
{
	struct view line = entry->fields[ENTRY_MESSAGE];
	size_t start = entry->text.length;
	buffer_add(&entry->text, next_part(&line));
	(void)next_part(&line);
	(void)next_part(&line);
	buffer_add(&entry->text, VIEW(" | "));
	buffer_add(&entry->text, network);
	buffer_add(&entry->text, VIEW(" | - | "));
	buffer_add(&entry->text, view_trim(line));
	entry->fields[ENTRY_MESSAGE] = view_from(buffer_view(&entry->text), start);
}

void entry_anonymize(struct entry *entry)
{
	enum { IPV4_LENGTH = 4, IPV4_KEPT = 24, IPV6_KEPT = 48 };
	struct ip_address address;
	char network[IP_ADDRESS_SIZE] = "-";
	if (!entry_is_request(entry))
		return;
	if (ip_address_parse(entry->fields[ENTRY_ADDRESS], &address)) {
		address = ip_address_mask(&address,
		                          address.length == IPV4_LENGTH ? IPV4_KEPT : IPV6_KEPT);
		ip_address_format(&address, network);
	}
	anonymize_message(entry, view_of(network));
	set_field(entry, ENTRY_ADDRESS, view_of(network));
	entry->fields[ENTRY_PORT] = (struct view){0};
}

static void add_local_time(struct buffer *text, const struct entry *entry)
{
	char time[32] = "";
	const struct tm date = when_local(entry->time_us);
	(void)strftime(time, sizeof time, "%Y-%m-%d %H:%M:%S ", &date);
	buffer_add_string(text, time);
}

/* Adds the log line; the handler names the host only for a resource that it has found. */
static void add_message(struct buffer *text, const struct entry *entry)
{
	struct view line = entry->fields[ENTRY_MESSAGE], host = entry->fields[ENTRY_HOST];
	struct view rest = line, name = next_part(&rest);
	size_t start = 0;
	while (start < name.length && name.data[start] != '/')
		start++;
	bool has_host =
	    start + 1 >= name.length ? start == name.length : name.data[start + 1] == '/';
	if (!entry_is_request(entry))
		buffer_add(text, VIEW("mayfly: "));
	if (host.length > 0 && !has_host) {
		buffer_add(text, (struct view){line.data, start});
		buffer_add(text, VIEW("//"));
		buffer_add(text, host);
		line = view_from(line, start);
	}
	buffer_add(text, line);
}

void entry_add_line(struct buffer *text, const struct entry *entry)
{
	add_local_time(text, entry);
	add_message(text, entry);
}

void entry_add_line_with_site(struct buffer *text, const struct entry *entry)
{
	struct view site = entry->fields[ENTRY_SITE];
	add_local_time(text, entry);
	buffer_add_byte(text, '[');
	buffer_add(text, site.length > 0 ? site : VIEW("?"));
	buffer_add(text, VIEW("] "));
	add_message(text, entry);
}

static void add_unquoted(struct buffer *text, struct view value)
{
	for (size_t i = 0; i < value.length; i++) {
		if (value.data[i] == '"')
			buffer_add(text, VIEW("\\x22"));
		else
			buffer_add_byte(text, value.data[i]);
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
	buffer_add_byte(text, '"');
}

static void add_request_line(struct buffer *text, struct view method, struct view target)
{
	if (method.length == 0 || target.length == 0) {
		add_quoted(text, VIEW("-"));
		return;
	}
	buffer_add(text, VIEW(" \""));
	add_unquoted(text, method);
	buffer_add_byte(text, ' ');
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
	buffer_add_byte(text, ' ');
	add_known(text, fields[ENTRY_STATUS]);
	buffer_add_byte(text, ' ');
	add_known(text, fields[ENTRY_BYTES]);
	add_quoted(text, fields[ENTRY_REFERER]);
	add_quoted(text, fields[ENTRY_USER_AGENT]);
}

/* RFC 3339, with the journal's microseconds. */
static struct json_object *time_to_json(const struct entry *entry)
{
	char seconds[24] = "", zone[8] = "+0000", time[48];
	const struct tm date = when_local(entry->time_us);
	(void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &date);
	(void)strftime(zone, sizeof zone, "%z", &date);
	(void)snprintf(time, sizeof time, "%s.%06u%.3s:%s", seconds,
	               (unsigned)(entry->time_us % 1000000), zone, zone + 3);
	return json_object_new_string(time);
}

/* The handler writes "-" for what it does not know. */
static bool is_known(struct view value)
{
	return value.length > 0 && !view_equal(value, VIEW("-"));
}

struct json_object *entry_to_json(const struct entry *entry)
{
	struct json_object *object = json_object_new_object();
	json_object_object_add(object, "time", time_to_json(entry));
	for (size_t i = 0; i < ENTRY_FIELDS; i++) {
		struct view value = entry->fields[i];
		if (!is_known(value))
			continue;
		struct json_object *member =
		    FIELDS[i].is_number
		        ? json_object_new_uint64(entry_number(entry, (enum entry_field)i))
		        : json_object_new_string_len(value.data, (int)value.length);
		json_object_object_add(object, FIELDS[i].key, member);
	}
	return object;
}
