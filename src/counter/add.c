/*
 * Adding hits: counter_add of hits.h, counter_add_amount of edit.h; and looking one up,
 * counter_get, which changes nothing and takes no lock. All that changes the file happens under the
 * lock, in an order that leaves a valid file whichever call is the last that this process, or this
 * machine, makes:
 *
 * - A record is written whole at the file's end, with count 0, before a link leads to it; it is
 *   counted when it is linked. Who is killed in between leaves a record that nobody misses.
 * - A power failure keeps some pages of what was not yet on disk and loses others. So a link may be
 *   stale: lead beyond the end, into zeros, or to what another link has brought there since. It
 * ends its chain then, and the next record is linked in its place. No byte of a record but its
 * count and its link is ever written again, so that nothing a reader could still find is lost.
 * - Records are linked at the tail, hence a link leads forward, in every page of every moment. One
 *   that does not is damage, and is left alone.
 */
#include "chain.h"
#include "counter.h"
#include "edit.h"
#include "file.h"
#include "layout.h"
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

struct resource {
	const char *path;
	size_t path_length;
	uint64_t hash;
};

/* Where a resource stands in the file. */
struct place {
	uint64_t record; /* 0: it has no record yet */
	uint64_t count;
	uint64_t link; /* offset of the link that ends its chain, if it has no record */
};

/* Takes a file back to the size it had before what failed for this reason, which is returned. */
static const char *undo(int file, uint64_t size, const char *loss)
{
	const char *worse = counter_resize(file, size);
	return worse != NULL ? worse : loss;
}

static bool is_regular(int file)
{
	struct stat status;
	return fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

/* The header is on disk before the file grows beyond it; counter_state_of relies on that. */
static const char *initialise(int file)
{
	if (!is_regular(file))
		return "hits-not-a-file";
	const char *loss = counter_write(file, COUNTER_HEADER, COUNTER_HEADER_SIZE, 0);
	if (loss != NULL)
		return undo(file, 0, loss);
	loss = counter_sync(file);
	return loss != NULL ? loss : counter_resize(file, COUNTER_RECORDS);
}

static const char *prepare(int file)
{
	switch (counter_state_of(file)) {
	case COUNTER_READY:
		return NULL;
	case COUNTER_NEW:
		return initialise(file);
	case COUNTER_UNREADABLE:
		return errno == ESPIPE ? "hits-not-a-file" : "hits-damaged";
	case COUNTER_FOREIGN:
		break;
	}
	return is_regular(file) ? "hits-foreign" : "hits-not-a-file";
}

static bool is_record_of(const struct counter_record *record, const struct resource *resource)
{
	return record->hash == resource->hash && record->path_length == resource->path_length &&
	       memcmp(record->path, resource->path, resource->path_length) == 0;
}

/* Follows the chain to the resource's record, or to the link that ends it. */
static const char *find(int file, const struct resource *resource, struct place *place)
{
	struct counter_chain chain;
	if (!counter_chain_begin(&chain, file, counter_bucket(resource->hash)))
		return "hits-damaged";
	enum counter_step step = counter_chain_next(&chain);
	while (step == COUNTER_STEP_RECORD && !is_record_of(&chain.record, resource))
		step = counter_chain_next(&chain);
	*place = (struct place){.link = chain.link};
	if (step == COUNTER_STEP_RECORD) {
		place->record = chain.pos;
		place->count = chain.record.count;
		return NULL;
	}
	return step == COUNTER_STEP_END ? NULL : "hits-damaged";
}

static const char *write_number(int file, uint64_t number, uint64_t offset)
{
	unsigned char bytes[8];
	counter_store64(bytes, number);
	return counter_write(file, bytes, sizeof bytes, offset);
}

/* Gives a resource that has none a record, and links it. */
static const char *append(int file, const struct resource *resource, struct place *place)
{
	unsigned char bytes[COUNTER_PAGE];
	size_t size = counter_record_size(resource->path_length);
	struct stat status;
	if (fstat(file, &status) != 0 || status.st_size < COUNTER_RECORDS)
		return "hits-damaged";
	place->record = counter_record_place((uint64_t)status.st_size, size);
	counter_record_write(bytes, resource->path, resource->path_length);
	const char *loss = counter_write(file, bytes, size, place->record);
	if (loss == NULL)
		loss = write_number(file, place->record, place->link);
	return loss == NULL ? NULL : undo(file, (uint64_t)status.st_size, loss);
}

static const char *add(int file, const struct resource *resource, uint64_t amount, uint64_t *count)
{
	struct place place;
	const char *loss = prepare(file);
	if (loss == NULL)
		loss = find(file, resource, &place);
	if (loss == NULL && place.record == 0)
		loss = append(file, resource, &place);
	if (loss != NULL)
		return loss;
	if (amount > UINT64_MAX - place.count)
		return "hits-damaged";
	*count = place.count + amount;
	return amount == 0 ? NULL : write_number(file, *count, place.record + COUNTER_RECORD_COUNT);
}

struct counter_result counter_add_amount(int file, const char *path, size_t path_length,
                                         uint64_t amount, unsigned lock_wait_ms)
{
	struct counter_result result = {0, NULL};
	if (path_length > COUNTER_PATH_MAX)
		return (struct counter_result){0, "hits-path-too-long"};
	struct resource resource = {path, path_length, counter_hash(path, path_length)};
	result.loss = counter_lock(file, LOCK_EX, lock_wait_ms);
	if (result.loss != NULL)
		return result;
	result.loss = add(file, &resource, amount, &result.count);
	if (result.loss != NULL)
		result.count = 0;
	counter_unlock(file);
	return result;
}

struct counter_result counter_add(int file, const char *path, size_t path_length,
                                  unsigned lock_wait_ms)
{
	return counter_add_amount(file, path, path_length, 1, lock_wait_ms);
}

static const char *look_up(int file, const struct resource *resource, uint64_t *count)
{
	struct place place;
	uint64_t end;
	const char *loss = counter_extent(file, &end);
	if (loss != NULL || end == 0)
		return loss;
	loss = find(file, resource, &place);
	*count = loss == NULL ? place.count : 0;
	return loss;
}

struct counter_result counter_get(int file, const char *path, size_t path_length)
{
	struct counter_result result = {0, NULL};
	struct resource resource = {path, path_length, counter_hash(path, path_length)};
	result.loss = look_up(file, &resource, &result.count);
	return result;
}
