/* Adding hits to the counter file, and reading it; see hits.h, and mayfly-hits(5) for the format. */
#include "hits.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, TABLE_AT = PAGE, BUCKETS = 1 << 17, RECORDS_AT = TABLE_AT + 8 * BUCKETS };

struct header { char magic[16]; uint32_t version; uint32_t bucket_bits; uint64_t rest[5]; };
struct record { uint64_t count, next, hash; uint32_t length, reserved; char path[HITS_PATH_MAX]; };
enum { RECORD_HEAD = 32 };

static struct header proper_header(void)
{
	return (struct header){.magic = "Mayfly hits\n", .version = htole32(1), .bucket_bits = htole32(17)};
}

static uint64_t hash_of(const char *path, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)path[i]) * 0x100000001b3;
	return hash;
}

int hits_open(const char *file_name, const char **loss)
{
	int file = open(file_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	*loss = file >= 0 ? NULL : "hits-unavailable";
	return file;
}

static bool lock(int file, unsigned ms)
{
	for (unsigned i = 0; i <= ms * 5; i++) {
		if (flock(file, LOCK_EX | LOCK_NB) == 0)
			return true;
		nanosleep(&(struct timespec){0, 200000}, NULL);
	}
	return false;
}

static const char *write_failure(void) { return errno == ENOSPC || errno == EDQUOT ? "hits-disk-full" : "hits-write-failed"; }

static const char *check(int file, off_t *size)
{
	struct stat st;
	struct header header, proper = proper_header();
	if (fstat(file, &st) != 0 || !S_ISREG(st.st_mode))
		return "hits-not-a-file";
	*size = st.st_size;
	if (st.st_size == 0) {
		if (ftruncate(file, RECORDS_AT) != 0 || pwrite(file, &proper, sizeof proper, 0) != sizeof proper || fdatasync(file) != 0)
			return write_failure();
		*size = RECORDS_AT;
		return NULL;
	}
	if (pread(file, &header, sizeof header, 0) != sizeof header || memcmp(&header, &proper, sizeof header) != 0)
		return "hits-foreign";
	return st.st_size < RECORDS_AT ? "hits-damaged" : NULL;
}

static const char *add(int file, const char *path, size_t length, uint64_t *count)
{
	static struct record record;
	off_t size;
	const char *loss = check(file, &size);
	if (loss != NULL)
		return loss;
	uint64_t hash = hash_of(path, length);
	uint64_t link = TABLE_AT + 8 * (hash % BUCKETS), at = 0;
	if (pread(file, &at, 8, (off_t)link) != 8)
		return "hits-damaged";
	while ((at = le64toh(at)) != 0) {
		ssize_t got = pread(file, &record, RECORD_HEAD + length, (off_t)at);
		if (got < RECORD_HEAD)
			return "hits-damaged";
		if (got == (ssize_t)(RECORD_HEAD + length) && le64toh(record.hash) == hash && le32toh(record.length) == length && memcmp(record.path, path, length) == 0)
			break;
		link = at + 8;
		at = record.next;
	}
	if (at == 0) {
		at = ((uint64_t)size + 7) / 8 * 8;
		if (at / PAGE != (at + RECORD_HEAD + length - 1) / PAGE)
			at = (at / PAGE + 1) * PAGE;
		record = (struct record){.hash = htole64(hash), .length = htole32((uint32_t)length)};
		memcpy(record.path, path, length);
		uint64_t stored = htole64(at);
		if (pwrite(file, &record, RECORD_HEAD + length, (off_t)at) != (ssize_t)(RECORD_HEAD + length) || pwrite(file, &stored, 8, (off_t)link) != 8) {
			loss = write_failure();
			return ftruncate(file, size) == 0 ? loss : loss;
		}
	}
	*count = le64toh(record.count) + 1;
	uint64_t stored = htole64(*count);
	return pwrite(file, &stored, 8, (off_t)at) == 8 ? NULL : write_failure();
}

struct hits_result hits_add(int file, const char *path, size_t path_length, unsigned lock_wait_ms)
{
	struct hits_result result = {0, NULL};
	if (path_length > HITS_PATH_MAX)
		return (struct hits_result){0, "hits-path-too-long"};
	if (!lock(file, lock_wait_ms))
		return (struct hits_result){0, "hits-locked"};
	result.loss = add(file, path, path_length, &result.count);
	if (result.loss != NULL)
		result.count = 0;
	flock(file, LOCK_UN);
	return result;
}

const char *hits_each(int file,
                      void (*each)(void *context, const char *path, size_t path_length,
                                   uint64_t count),
                      void *context, uint64_t *damaged)
{
	struct record record;
	off_t at = RECORDS_AT;
	*damaged = 0;
	while (pread(file, &record, RECORD_HEAD, at) == RECORD_HEAD) {
		uint32_t length = le32toh(record.length);
		if (length == 0 || length > HITS_PATH_MAX) {
			at = (at / PAGE + 1) * PAGE;
			continue;
		}
		if (pread(file, record.path, length, at + RECORD_HEAD) == (ssize_t)length && record.count != 0)
			each(context, record.path, length, le64toh(record.count));
		at += (RECORD_HEAD + length + 7) / 8 * 8;
	}
	return NULL;
}
