/* Lists of counts; see hits_counts.h. */
#include "hits_counts.h"
#include "base/buffer.h"
#include "counter/counter.h"
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

static bool has_room(struct counts *counts)
{
	if (counts->size < counts->room)
		return true;
	size_t room = counts->room * 2 + FIRST_ROOM;
	struct count *all = reallocarray(counts->all, room, sizeof *all);
	if (all == NULL)
		return false;
	counts->all = all;
	counts->room = room;
	return true;
}

void counts_add(void *list, const char *path, size_t path_length, uint64_t count)
{
	struct counts *counts = list;
	char *copy = malloc(path_length + 1);
	if (copy == NULL || !has_room(counts)) {
		counts->out_of_memory = true;
		free(copy);
		return;
	}
	memcpy(copy, path, path_length);
	copy[path_length] = '\0';
	struct count *added = &counts->all[counts->size++];
	*added = (struct count){.path_length = path_length, .count = count};
	added->path = copy;
}

static int compare_paths(const void *left, const void *right)
{
	const struct count *a = left, *b = right;
	size_t shorter = a->path_length < b->path_length ? a->path_length : b->path_length;
	int difference = memcmp(a->path, b->path, shorter);
	if (difference != 0)
		return difference;
	return (a->path_length > b->path_length) - (a->path_length < b->path_length);
}

static int compare_hits(const void *left, const void *right)
{
	const struct count *a = left, *b = right;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return compare_paths(left, right);
}

static void sort(struct counts *counts, int (*compare)(const void *, const void *))
{
	if (counts->size > 0)
		qsort(counts->all, counts->size, sizeof *counts->all, compare);
}

bool counts_combine(struct counts *counts)
{
	size_t kept = 0;
	bool fits = true;
	sort(counts, compare_paths);
	for (size_t i = 0; i < counts->size; i++) {
		struct count *last = kept > 0 ? &counts->all[kept - 1] : NULL;
		if (last == NULL || compare_paths(last, &counts->all[i]) != 0) {
			counts->all[kept++] = counts->all[i];
			continue;
		}
		if (__builtin_add_overflow(last->count, counts->all[i].count, &last->count))
			fits = false;
		free(counts->all[i].path);
	}
	counts->size = kept;
	return fits;
}

void counts_sort_by_hits(struct counts *counts)
{
	sort(counts, compare_hits);
}

bool counts_match(const char *glob, const char *path)
{
	return fnmatch(glob, path, 0) == 0;
}

bool counts_can_match(const char *glob)
{
	return *glob != '\0' && strchr("/*?[\\", *glob) != NULL;
}

void counts_keep_matching(struct counts *counts, const char *glob)
{
	size_t kept = 0;
	for (size_t i = 0; i < counts->size; i++) {
		if (counts_match(glob, counts->all[i].path))
			counts->all[kept++] = counts->all[i];
		else
			free(counts->all[i].path);
	}
	counts->size = kept;
}

void counts_keep_first(struct counts *counts, size_t max)
{
	while (counts->size > max)
		free(counts->all[--counts->size].path);
}

uint64_t counts_total(const struct counts *counts)
{
	uint64_t total = 0;
	for (size_t i = 0; i < counts->size; i++)
		if (__builtin_add_overflow(total, counts->all[i].count, &total))
			return UINT64_MAX;
	return total;
}

const char *counts_shown(const char *path, size_t path_length)
{
	static char shown[3 * COUNTER_PATH_MAX + 1];
	struct buffer text = {shown, sizeof shown - 1, 0, false};
	buffer_add_path(&text, (struct view){path, path_length});
	shown[text.length] = '\0';
	return shown;
}

void counts_free(struct counts *counts)
{
	counts_keep_first(counts, 0);
	free(counts->all);
	*counts = (struct counts){0};
}

const char *counts_summary(uint64_t hits, uint64_t resources)
{
	static char summary[80];
	(void)snprintf(summary, sizeof summary, "%" PRIu64 " hit%s on %" PRIu64 " resource%s", hits,
	               hits == 1 ? "" : "s", resources, resources == 1 ? "" : "s");
	return summary;
}
