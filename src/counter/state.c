/* Whether a file is a counter file; see state.h. */
#include "state.h"
#include "file.h"
#include "layout.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Whether the file ends within its header. A network file system can read nothing from a file that
 * another machine has just extended: such a file must not be initialised again.
 */
static bool is_short(int file)
{
	struct stat status;
	if (fstat(file, &status) != 0)
		return false;
	errno = EIO;
	return status.st_size <= COUNTER_HEADER_SIZE;
}

static enum counter_state state_without_records(int file)
{
	return is_short(file) ? COUNTER_STATE_NEW : COUNTER_STATE_UNREADABLE;
}

/*
 * One byte more than the header is read: a file grows beyond its header only after that is on disk,
 * so the creation of one that ends with it was interrupted, also by a power failure.
 */
enum counter_state counter_state(int file)
{
	static const unsigned char ZEROS[COUNTER_HEADER_SIZE];
	unsigned char start[COUNTER_HEADER_SIZE + 1];
	ssize_t length = counter_read(file, start, sizeof start, 0);
	if (length < 0)
		return COUNTER_STATE_UNREADABLE;
	if (length == 0)
		return state_without_records(file);
	if (length < COUNTER_HEADER_SIZE)
		return COUNTER_STATE_FOREIGN;
	bool ours = memcmp(start, COUNTER_HEADER, COUNTER_HEADER_SIZE) == 0;
	if (length > COUNTER_HEADER_SIZE)
		return ours ? COUNTER_STATE_READY : COUNTER_STATE_FOREIGN;
	if (!ours && memcmp(start, ZEROS, COUNTER_HEADER_SIZE) != 0)
		return COUNTER_STATE_FOREIGN;
	return state_without_records(file);
}

const char *counter_records_end(int file, uint64_t *end)
{
	struct stat status;
	*end = 0;
	switch (counter_state(file)) {
	case COUNTER_STATE_NEW:
		return NULL;
	case COUNTER_STATE_FOREIGN:
		return "hits-foreign";
	case COUNTER_STATE_UNREADABLE:
		return errno == ESPIPE || errno == EISDIR ? "hits-not-a-file" : "hits-damaged";
	case COUNTER_STATE_READY:
		break;
	}
	if (fstat(file, &status) != 0 || status.st_size < COUNTER_RECORDS)
		return "hits-damaged";
	*end = (uint64_t)status.st_size;
	return NULL;
}

const char *counter_check(int file)
{
	struct stat status;
	uint64_t end;
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return "hits-not-a-file";
	return counter_records_end(file, &end);
}
