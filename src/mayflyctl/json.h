/* Numbers in JSON objects, where an absent one is 0. */
#ifndef MAYFLY_MAYFLYCTL_JSON_H
#define MAYFLY_MAYFLYCTL_JSON_H

#include <json-c/json.h>

static inline uint64_t json_number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

static inline void json_set_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

/* Adds to it. */
static inline void json_add(struct json_object *object, const char *key, uint64_t more)
{
	json_set_number(object, key, json_number(object, key) + more);
}

#endif
