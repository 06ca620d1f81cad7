/* The part of a report that the counter file tells; see report.h. */
#include "hits_file.h"
#include "json.h"
#include "report.h"
#include <errno.h>

static int by_count(const void *left, const void *right)
{
	uint64_t a = json_number(*(struct json_object *const *)left, "count");
	uint64_t b = json_number(*(struct json_object *const *)right, "count");
	return a == b ? 0 : a < b ? 1 : -1;
}

struct json_object *report_top(struct json_object *rows)
{
	json_object_array_sort(rows, by_count);
	size_t count = json_object_array_length(rows);
	if (count > REPORT_ROWS)
		json_object_array_del_idx(rows, REPORT_ROWS, count - REPORT_ROWS);
	return rows;
}

static struct json_object *top_of(struct counts *counts)
{
	struct json_object *rows = json_object_new_array();
	counts_sort_by_hits(counts);
	counts_keep_first(counts, REPORT_ROWS);
	for (size_t i = 0; i < counts->size; i++) {
		const struct count *count = &counts->all[i];
		struct json_object *row = json_object_new_object();
		json_object_object_add(
		    row, "path",
		    json_object_new_string(counts_shown(count->path, count->path_length)));
		json_set_number(row, "count", count->count);
		json_object_array_add(rows, row);
	}
	return rows;
}

struct json_object *report_hits(const char *hits_file, bool must_exist)
{
	struct json_object *hits = json_object_new_object();
	struct counts counts = {0};
	uint64_t damaged = 0;
	json_object_object_add(hits, "file", json_object_new_string(hits_file));
	const char *wrong = hits_file_load(hits_file, &counts, &damaged);
	if (wrong != NULL && (must_exist || errno != ENOENT)) {
		json_object_object_add(hits, "error", json_object_new_string(wrong));
	} else {
		json_set_number(hits, "resources", counts.size);
		json_set_number(hits, "total", counts_total(&counts));
		json_set_number(hits, "damaged", damaged);
		json_object_object_add(hits, "top", top_of(&counts));
	}
	counts_free(&counts);
	return hits;
}
