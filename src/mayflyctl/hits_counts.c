/*
 * Lists of counts; see hits_counts.h. This is an external merge sort. Counts are packed into an
 * arena. A full arena is sorted and appended to the temporary file as a run. Reading merges the
 * runs and uses the arena for their buffers. A list that fits the arena has no file.
 */
#include "hits_counts.h"
#include "base/buffer.h"
#include "counter/layout.h"
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ARENA_SIZE = 16 << 20,
	BLOCK_SIZE = 16 << 10, /* of a run, in memory while runs are merged */
	RUNS_MAX = ARENA_SIZE / BLOCK_SIZE,

	/* A packed count: the count (8 bytes), the path's length (4), the path, a zero byte. */
	PACKED_LENGTH = 8,
	PACKED_PATH = 12,
};

_Static_assert(PACKED_PATH + COUNTER_PATH_MAX + 1 <= BLOCK_SIZE, "a block holds a count");

/* A sorted part of the temporary file, and the block of it that is in memory. */
struct run {
	off_t begin, end;
	off_t next;          /* where the next block begins */
	char *block;         /* BLOCK_SIZE bytes of the arena */
	size_t used, filled; /* bytes of the block: those up to the end of `current`, and all */
	struct count current;
};

struct counts_store {
	enum counts_order order;
	size_t packed;  /* bytes of packed counts at the start of the arena */
	size_t indexed; /* their offsets at its end, the last one first */
	FILE *file;     /* NULL: no run was written */
	size_t runs;
	struct run run[RUNS_MAX];
	size_t heap_size;
	uint16_t heap[RUNS_MAX]; /* numbers of runs, the one with the first count on top */
	size_t position;         /* counts read since counts_rewind */
	char path[COUNTER_PATH_MAX + 1];
	_Alignas(uint64_t) char arena[ARENA_SIZE];
};

/* Keeps the first problem. */
static void set_problem(struct counts *counts, const char *problem)
{
	if (counts->problem == NULL)
		counts->problem = problem;
}

/* --- Packed counts. --- */

static size_t packed_size(size_t path_length)
{
	return PACKED_PATH + path_length + 1;
}

static size_t count_pack(char *bytes, const struct count *count)
{
	uint32_t length = (uint32_t)count->path_length;
	memcpy(bytes, &count->count, sizeof count->count);
	memcpy(bytes + PACKED_LENGTH, &length, sizeof length);
	memcpy(bytes + PACKED_PATH, count->path, length);
	bytes[PACKED_PATH + length] = '\0';
	return packed_size(length);
}

static struct count count_unpack(const char *bytes)
{
	struct count count = {.path = bytes + PACKED_PATH};
	uint32_t length;
	memcpy(&count.count, bytes, sizeof count.count);
	memcpy(&length, bytes + PACKED_LENGTH, sizeof length);
	count.path_length = length;
	return count;
}

int count_compare_paths(const struct count *a, const struct count *b)
{
	size_t shorter = a->path_length < b->path_length ? a->path_length : b->path_length;
	int difference = memcmp(a->path, b->path, shorter);
	if (difference != 0)
		return difference;
	return (a->path_length > b->path_length) - (a->path_length < b->path_length);
}

static int compare_counts(enum counts_order order, const struct count *a, const struct count *b)
{
	if (order == COUNTS_BY_HITS && a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return count_compare_paths(a, b);
}

/* --- The arena. --- */

static uint32_t *index_of(struct counts_store *store)
{
	return (uint32_t *)(void *)(store->arena + ARENA_SIZE) - store->indexed;
}

static int compare_indexed(const void *left, const void *right, void *context)
{
	const struct counts_store *store = context;
	struct count a = count_unpack(store->arena + *(const uint32_t *)left);
	struct count b = count_unpack(store->arena + *(const uint32_t *)right);
	return compare_counts(store->order, &a, &b);
}

/* Adds `more` to *count. If the sum does not fit, that is the problem of the list. */
static void add_up(struct counts *counts, uint64_t *count, uint64_t more)
{
	if (!__builtin_add_overflow(*count, more, count))
		return;
	*count = UINT64_MAX;
	set_problem(counts, "a count does not fit 64 bits");
}

/* Adds up neighbours with the same path, and moves the shorter index to the end of the arena. */
static void combine_sorted(struct counts *counts)
{
	struct counts_store *store = counts->store;
	uint32_t *index = index_of(store);
	size_t kept = 0;
	for (size_t i = 0; i < store->indexed; i++) {
		char *last = kept > 0 ? store->arena + index[kept - 1] : NULL;
		struct count count = count_unpack(store->arena + index[i]), sum = {0};
		if (last != NULL)
			sum = count_unpack(last);
		if (last == NULL || count_compare_paths(&sum, &count) != 0) {
			index[kept++] = index[i];
			continue;
		}
		add_up(counts, &sum.count, count.count);
		memcpy(last, &sum.count, sizeof sum.count);
	}
	memmove(index + store->indexed - kept, index, kept * sizeof *index);
	store->indexed = kept;
}

static void sort_arena(struct counts *counts)
{
	struct counts_store *store = counts->store;
	if (store->indexed > 0)
		qsort_r(index_of(store), store->indexed, sizeof(uint32_t), compare_indexed, store);
	combine_sorted(counts);
}

/* --- The temporary file. --- */

FILE *counts_temporary_file(void)
{
	char name[4096];
	const char *directory = getenv("TMPDIR");
	if (directory == NULL || *directory == '\0')
		directory = "/var/tmp";
	int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, (mode_t)0600);
	if (file < 0 &&
	    snprintf(name, sizeof name, "%s/mayflyctl.XXXXXX", directory) < (int)sizeof name) {
		file = mkostemp(name, O_CLOEXEC);
		if (file >= 0)
			(void)unlink(name);
	}
	return file >= 0 ? fdopen(file, "w+") : NULL;
}

static void run_append(struct counts *counts, struct run *run)
{
	struct counts_store *store = counts->store;
	const uint32_t *index = index_of(store);
	bool written = true;
	for (size_t i = 0; i < store->indexed && written; i++) {
		const char *packed = store->arena + index[i];
		size_t size = packed_size(count_unpack(packed).path_length);
		written = fwrite(packed, 1, size, store->file) == size;
		run->end += (off_t)size;
	}
	if (!written || fflush(store->file) != 0)
		set_problem(counts, "cannot write to the temporary file");
}

/* Sorts the arena, and moves its counts to the temporary file as a run. */
static void write_run(struct counts *counts)
{
	struct counts_store *store = counts->store;
	sort_arena(counts);
	if (store->file == NULL)
		store->file = counts_temporary_file();
	if (store->file == NULL) {
		set_problem(counts, "cannot create a temporary file in TMPDIR or /var/tmp");
	} else if (store->runs == RUNS_MAX) {
		set_problem(counts, "too many counts to sort");
	} else {
		struct run *run = &store->run[store->runs++];
		run->begin = run->end = store->runs > 1 ? run[-1].end : 0;
		run_append(counts, run);
	}
	store->packed = store->indexed = 0;
}

/* --- Merging runs. --- */

/* Reads the next count of a run into run->current. Returns false after the last. */
static bool run_advance(struct counts *counts, struct run *run)
{
	size_t left = run->filled - run->used;
	if (left < packed_size(COUNTER_PATH_MAX) && run->next < run->end) {
		memmove(run->block, run->block + run->used, left);
		size_t wanted = BLOCK_SIZE - left;
		if ((off_t)wanted > run->end - run->next)
			wanted = (size_t)(run->end - run->next);
		ssize_t got =
		    pread(fileno(counts->store->file), run->block + left, wanted, run->next);
		run->used = 0;
		run->filled = left + (got > 0 ? (size_t)got : 0);
		run->next += got > 0 ? got : 0;
		if (got != (ssize_t)wanted)
			set_problem(counts, "cannot read the temporary file");
	}
	if (counts->problem != NULL || run->used == run->filled)
		return false;
	run->current = count_unpack(run->block + run->used);
	run->used += packed_size(run->current.path_length);
	return true;
}

static bool heap_is_before(const struct counts_store *store, size_t a, size_t b)
{
	return compare_counts(store->order, &store->run[store->heap[a]].current,
	                      &store->run[store->heap[b]].current) < 0;
}

/* Moves the run at this place of the heap down to its position. */
static void heap_sink(struct counts_store *store, size_t place)
{
	for (;;) {
		size_t first = place, child = 2 * place + 1;
		for (size_t i = child; i < child + 2 && i < store->heap_size; i++)
			if (heap_is_before(store, i, first))
				first = i;
		if (first == place)
			return;
		uint16_t number = store->heap[place];
		store->heap[place] = store->heap[first];
		store->heap[first] = number;
		place = first;
	}
}

static void begin_merge(struct counts *counts)
{
	struct counts_store *store = counts->store;
	store->heap_size = 0;
	for (size_t i = 0; i < store->runs; i++) {
		struct run *run = &store->run[i];
		run->block = store->arena + i * BLOCK_SIZE;
		run->next = run->begin;
		run->used = run->filled = 0;
		if (run_advance(counts, run))
			store->heap[store->heap_size++] = (uint16_t)i;
	}
	for (size_t place = store->heap_size; place > 0; place--)
		heap_sink(store, place - 1);
}

static void heap_advance_first(struct counts *counts)
{
	struct counts_store *store = counts->store;
	if (!run_advance(counts, &store->run[store->heap[0]]))
		store->heap[0] = store->heap[--store->heap_size];
	heap_sink(store, 0);
}

/* Returns the first count of all runs, added up with those of the same path. */
static bool next_merged(struct counts *counts, struct count *count)
{
	struct counts_store *store = counts->store;
	if (store->heap_size == 0)
		return false;
	*count = store->run[store->heap[0]].current;
	memcpy(store->path, count->path, count->path_length + 1);
	count->path = store->path;
	heap_advance_first(counts);
	while (store->heap_size > 0) {
		const struct count *other = &store->run[store->heap[0]].current;
		if (count_compare_paths(other, count) != 0)
			break;
		add_up(counts, &count->count, other->count);
		heap_advance_first(counts);
	}
	return counts->problem == NULL;
}

/* --- The list. --- */

static struct counts_store *store_new(enum counts_order order)
{
	struct counts_store *store = malloc(sizeof *store);
	if (store == NULL)
		return NULL;
	store->order = order;
	store->packed = store->indexed = store->runs = store->position = 0;
	store->file = NULL;
	return store;
}

void counts_add(void *list, const char *path, size_t path_length, uint64_t count)
{
	struct counts *counts = list;
	if (counts->store == NULL)
		counts->store = store_new(COUNTS_BY_PATH);
	if (counts->store == NULL)
		set_problem(counts, "out of memory");
	if (counts->problem != NULL)
		return;
	struct counts_store *store = counts->store;
	size_t index_size = (store->indexed + 1) * sizeof(uint32_t);
	if (store->packed + packed_size(path_length) + index_size > ARENA_SIZE)
		write_run(counts);
	struct count added = {path, path_length, count};
	store->indexed++;
	*index_of(store) = (uint32_t)store->packed;
	store->packed += count_pack(store->arena + store->packed, &added);
	counts->size++;
}

const char *counts_combine(struct counts *counts)
{
	struct count count;
	size_t size = 0;
	uint64_t total = 0;
	if (counts->store == NULL)
		return counts->problem;
	if (counts->store->runs == 0)
		sort_arena(counts);
	else if (counts->store->indexed > 0)
		write_run(counts);
	counts->size = SIZE_MAX;
	counts_rewind(counts);
	for (; counts_next(counts, &count); size++)
		if (__builtin_add_overflow(total, count.count, &total))
			total = UINT64_MAX;
	counts->size = size;
	counts->total = total;
	return counts->problem;
}

void counts_select(struct counts *counts, const char *glob, enum counts_order order, size_t max)
{
	struct counts selected = {.problem = counts->problem};
	struct count count;
	if (counts->store == NULL)
		return;
	if (glob != NULL || order != counts->store->order) {
		selected.store = store_new(order);
		if (selected.store == NULL)
			set_problem(&selected, "out of memory");
		counts_rewind(counts);
		while (counts_next(counts, &count))
			if (glob == NULL || counts_match(glob, count.path))
				counts_add(&selected, count.path, count.path_length, count.count);
		set_problem(&selected, counts->problem);
		(void)counts_combine(&selected);
		counts_free(counts);
		*counts = selected;
	}
	if (counts->size > max)
		counts->size = max;
}

void counts_add_all(struct counts *to, const char *prefix, struct counts *from)
{
	char path[COUNTER_PATH_MAX];
	struct buffer text = BUFFER(path);
	struct count count;
	counts_rewind(from);
	while (counts_next(from, &count)) {
		text.length = 0;
		buffer_add_string(&text, prefix);
		size_t room = sizeof path - text.length;
		size_t length = count.path_length < room ? count.path_length : room;
		buffer_add(&text, (struct view){count.path, length});
		counts_add(to, path, text.length, count.count);
	}
	set_problem(to, from->problem);
}

void counts_rewind(struct counts *counts)
{
	if (counts->store == NULL)
		return;
	counts->store->position = 0;
	if (counts->store->runs > 0)
		begin_merge(counts);
}

bool counts_next(struct counts *counts, struct count *count)
{
	struct counts_store *store = counts->store;
	if (counts->problem != NULL || store == NULL || store->position >= counts->size)
		return false;
	size_t position = store->position++;
	if (store->runs > 0)
		return next_merged(counts, count);
	if (position >= store->indexed)
		return false;
	*count = count_unpack(store->arena + index_of(store)[position]);
	return true;
}

void counts_free(struct counts *counts)
{
	if (counts->store != NULL && counts->store->file != NULL)
		(void)fclose(counts->store->file);
	free(counts->store);
	*counts = (struct counts){0};
}

/* --- Showing counts. --- */

bool counts_match(const char *glob, const char *path)
{
	return fnmatch(glob, path, 0) == 0;
}

bool counts_can_match(const char *glob)
{
	return *glob != '\0' && strchr("/*?[\\", *glob) != NULL;
}

const char *counts_shown(const char *path, size_t path_length)
{
	static char shown[3 * COUNTER_PATH_MAX + 1];
	struct buffer text = {shown, sizeof shown - 1, 0, false};
	buffer_add_path(&text, (struct view){path, path_length});
	shown[text.length] = '\0';
	return shown;
}

const char *counts_summary(uint64_t hits, uint64_t resources)
{
	static char summary[80];
	(void)snprintf(summary, sizeof summary, "%" PRIu64 " hit%s on %" PRIu64 " resource%s", hits,
	               hits == 1 ? "" : "s", resources, resources == 1 ? "" : "s");
	return summary;
}
