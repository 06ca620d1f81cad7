/*
 * Counting hits; see add.h. Changes the file only under the lock, in an order that leaves it valid
 * if the process is killed, or the machine loses power, between any two calls:
 *
 * - A record is written completely at the end of the file, with count 0, then linked, then counted.
 *   A process that is killed in between leaves a record without a link.
 * - A power failure can lose some of the pages that were not yet on disk, and keep others. A link
 *   may then lead beyond the end, to zeros, or to a record of another chain. It ends its chain, and
 *   is replaced when the next record is added. Apart from counts and links, no byte of a record is
 *   written twice, so each record that a reader can still find is complete.
 * - Records are linked at the end of the chain, so in all of these states links lead to higher
 *   offsets. A link that does not is damage, and the file is not changed any more.
 */
#include "add.h"
#include "chain.h"
#include "file.h"
#include "lock.h"
#include "state.h"
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Restores the size that the file had before a write failed. Returns the error, or its own. */
static const char *roll_back(int file, uint64_t size, const char *error)
{
	const char *worse = counter_resize(file, size);
	return worse != NULL ? worse : error;
}

static bool is_regular(int file)
{
	struct stat status;
	return fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

/* The header is on disk before the file grows beyond it: counter_state relies on that. */
static const char *initialise(int file)
{
	if (!is_regular(file))
		return "hits-not-a-file";
	const char *error = counter_write(file, COUNTER_HEADER, COUNTER_HEADER_SIZE, 0);
	if (error != NULL)
		return roll_back(file, 0, error);
	error = counter_sync(file);
	return error != NULL ? error : counter_resize(file, COUNTER_RECORDS);
}

static const char *prepare(int file)
{
	switch (counter_state(file)) {
	case COUNTER_STATE_READY:
		return NULL;
	case COUNTER_STATE_NEW:
		return initialise(file);
	case COUNTER_STATE_UNREADABLE:
		return errno == ESPIPE ? "hits-not-a-file" : "hits-damaged";
	case COUNTER_STATE_FOREIGN:
		break;
	}
	return is_regular(file) ? "hits-foreign" : "hits-not-a-file";
}

static const char *write_number(int file, uint64_t number, uint64_t offset)
{
	unsigned char bytes[8];
	counter_store64(bytes, number);
	return counter_write(file, bytes, sizeof bytes, offset);
}

/* Appends a record and links it at an offset; *record becomes its own. */
static const char *append(int file, const char *path, size_t path_length, uint64_t link,
                          uint64_t *record)
{
	unsigned char bytes[COUNTER_PAGE];
	size_t size = counter_record_size(path_length);
	struct stat status;
	if (fstat(file, &status) != 0 || status.st_size < COUNTER_RECORDS)
		return "hits-damaged";
	*record = counter_record_place((uint64_t)status.st_size, size);
	counter_record_write(bytes, path, path_length);
	const char *error = counter_write(file, bytes, size, *record);
	if (error == NULL)
		error = write_number(file, *record, link);
	return error == NULL ? NULL : roll_back(file, (uint64_t)status.st_size, error);
}

/* Finds or appends the record of a path; sets its offset and its count. */
static const char *find_or_append(int file, const char *path, size_t path_length, uint64_t *record,
                                  uint64_t *count)
{
	struct counter_chain chain;
	switch (counter_chain_find(&chain, file, path, path_length)) {
	case COUNTER_STEP_RECORD:
		*record = chain.pos;
		*count = chain.record.count;
		return NULL;
	case COUNTER_STEP_END:
		*count = 0;
		return append(file, path, path_length, chain.link, record);
	case COUNTER_STEP_FULL:
	case COUNTER_STEP_DAMAGED:
		break;
	}
	return "hits-damaged";
}

static const char *add(int file, const char *path, size_t path_length, uint64_t amount,
                       uint64_t *count)
{
	uint64_t record, before;
	const char *error = prepare(file);
	if (error == NULL)
		error = find_or_append(file, path, path_length, &record, &before);
	if (error != NULL)
		return error;
	if (amount > UINT64_MAX - before)
		return "hits-damaged";
	*count = before + amount;
	return amount == 0 ? NULL : write_number(file, *count, record + COUNTER_RECORD_COUNT);
}

struct counter_result counter_add_amount(int file, const char *path, size_t path_length,
                                         uint64_t amount, unsigned lock_wait_ms)
{
	struct counter_result result = {0, NULL};
	if (path_length > COUNTER_PATH_MAX)
		return (struct counter_result){0, "hits-path-too-long"};
	result.error = counter_lock(file, LOCK_EX, lock_wait_ms);
	if (result.error != NULL)
		return result;
	result.error = add(file, path, path_length, amount, &result.count);
	if (result.error != NULL)
		result.count = 0;
	counter_unlock(file);
	return result;
}

struct counter_result counter_add(int file, const char *path, size_t path_length,
                                  unsigned lock_wait_ms)
{
	return counter_add_amount(file, path, path_length, 1, lock_wait_ms);
}
