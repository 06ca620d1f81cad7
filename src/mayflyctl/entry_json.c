/* An entry as JSON; see entry_format.h. */
#include "entry_format.h"
#include "when.h"
#include <stdio.h>

static const struct {
	const char *key;
	enum entry_field field;
	bool is_number;
} KEYS[] = {
    {"message", ENTRY_MESSAGE, false}, {"priority", ENTRY_PRIORITY, true},
    {"method", ENTRY_METHOD, false},   {"target", ENTRY_TARGET, false},
    {"status", ENTRY_STATUS, true},    {"bytes", ENTRY_BYTES, true},
    {"referer", ENTRY_REFERER, false}, {"user_agent", ENTRY_USER_AGENT, false},
    {"address", ENTRY_ADDRESS, false}, {"port", ENTRY_PORT, true},
    {"hits", ENTRY_HITS, true},        {"duration_usec", ENTRY_DURATION, true},
    {"reason", ENTRY_REASON, false},
};

/* RFC 3339, with the journal's microseconds. */
static struct json_object *time_of(const struct entry *entry)
{
	char seconds[24] = "", zone[8] = "+0000", time[48];
	const struct tm date = when_local(entry->time_us);
	(void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &date);
	(void)strftime(zone, sizeof zone, "%z", &date);
	(void)snprintf(time, sizeof time, "%s.%06u%.3s:%s", seconds,
	               (unsigned)(entry->time_us % 1000000), zone, zone + 3);
	return json_object_new_string(time);
}

/* The handler's own "-" is nothing that is known. */
static bool is_known(struct view value)
{
	return value.length > 0 && !view_equal(value, VIEW("-"));
}

struct json_object *entry_to_json(const struct entry *entry)
{
	struct json_object *object = json_object_new_object();
	json_object_object_add(object, "time", time_of(entry));
	for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
		struct view value = entry->fields[KEYS[i].field];
		if (!is_known(value))
			continue;
		struct json_object *item =
		    KEYS[i].is_number ? json_object_new_uint64(entry_number(entry, KEYS[i].field))
		                      : json_object_new_string_len(value.data, (int)value.length);
		json_object_object_add(object, KEYS[i].key, item);
	}
	return object;
}
