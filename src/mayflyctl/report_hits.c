/* The part of a report that the counter file tells; see report.h. */
#include "hits/hits.h"
#include "http/text.h"
#include "json.h"
#include "report.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A JSON object is a map too: a path may have more than one record. */
static void add_record(void *paths, const char *path, size_t path_length, uint64_t count)
{
	char buffer[3 * HITS_PATH_MAX + 1];
	struct text text = TEXT(buffer);
	text_add_path(&text, (struct view){path, path_length});
	buffer[text.length] = '\0';
	json_add(paths, buffer, count);
}

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

static void add_rows(struct json_object *hits, struct json_object *paths)
{
	struct json_object *rows = json_object_new_array();
	uint64_t total = 0;
	json_object_object_foreach(paths, path, count)
	{
		struct json_object *row = json_object_new_object();
		json_object_object_add(row, "path", json_object_new_string(path));
		json_object_object_add(row, "count", json_object_get(count));
		json_object_array_add(rows, row);
		total += json_object_get_uint64(count);
	}
	json_set_number(hits, "resources", json_object_array_length(rows));
	json_set_number(hits, "total", total);
	json_object_object_add(hits, "top", report_top(rows));
}

struct json_object *report_hits(const char *hits_file)
{
	struct json_object *hits = json_object_new_object();
	struct json_object *paths = json_object_new_object();
	uint64_t damaged = 0;
	json_object_object_add(hits, "file", json_object_new_string(hits_file));
	int file = open(hits_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *error =
	    file < 0 ? strerror(errno) : hits_each(file, add_record, paths, &damaged);
	if (file >= 0)
		close(file);
	if (error != NULL)
		json_object_object_add(hits, "error", json_object_new_string(error));
	else
		add_rows(hits, paths);
	json_object_put(paths);
	return hits;
}
