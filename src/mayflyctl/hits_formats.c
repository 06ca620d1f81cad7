/* Counts for other programs: TSV and JSON; see hits_show.h. */
#include "hits_show.h"
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

void hits_show_tsv(const struct hits_listing *listing)
{
	puts("hits\tpath");
	for (size_t i = 0; i < listing->counts.size; i++)
		printf(
		    "%" PRIu64 "\t%s\n", listing->counts.all[i].count,
		    counts_shown(listing->counts.all[i].path, listing->counts.all[i].path_length));
}

static struct json_object *resource_of(const struct hits_listing *listing,
                                       const struct count *count)
{
	struct json_object *resource = json_object_new_object();
	char share[16];
	(void)snprintf(share, sizeof share, "%.6f", hits_share(listing, count));
	json_object_object_add(
	    resource, "path",
	    json_object_new_string(counts_shown(count->path, count->path_length)));
	json_object_object_add(resource, "hits", json_object_new_uint64(count->count));
	json_object_object_add(resource, "share",
	                       json_object_new_double_s(hits_share(listing, count), share));
	return resource;
}

void hits_show_json(const struct hits_listing *listing)
{
	struct json_object *object = json_object_new_object();
	struct json_object *shown = json_object_new_array();
	for (size_t i = 0; i < listing->counts.size; i++)
		json_object_array_add(shown, resource_of(listing, &listing->counts.all[i]));
	json_object_object_add(object, "file", json_object_new_string(listing->file));
	json_object_object_add(object, "total", json_object_new_uint64(listing->total));
	json_object_object_add(object, "resources", json_object_new_uint64(listing->resources));
	json_object_object_add(object, "damaged", json_object_new_uint64(listing->damaged));
	json_object_object_add(object, "counts", shown);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
	                                                JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}
