/*
 * A counter file with random damage: reading it ends, a refused hit changes no byte, and a repair
 * cures all faults. The input is a list of changes to a good file: the place, the number of bytes,
 * and the bytes; a change of 0 bytes truncates the file there.
 */
#include "counter/add.h"
#include "counter/each.h"
#include "counter/layout.h"
#include "counter/repair.h"
#include "counter/reset.h"
#include "counter/verify.h"
#include "fuzz.h"
#include <sys/mman.h>
#include <unistd.h>

enum {
	SIZE_MAX_HERE = COUNTER_RECORDS + 4 * COUNTER_PAGE,
	NAMES = 60,
};

static unsigned char good[SIZE_MAX_HERE], before[SIZE_MAX_HERE], after[SIZE_MAX_HERE];
static size_t good_size;
static char neighbour[24]; /* a path in the bucket of "/0" that has no record yet */
static int file = -1;

static size_t read_whole(unsigned char *bytes)
{
	ssize_t size = pread(file, bytes, SIZE_MAX_HERE, 0);
	HOLDS(size >= 0);
	return (size_t)size;
}

static void write_at(const void *bytes, size_t length, size_t offset)
{
	HOLDS(pwrite(file, bytes, length, (off_t)offset) == (ssize_t)length);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[400];
	(void)argc;
	(void)argv;
	file = memfd_create("hits", MFD_CLOEXEC);
	HOLDS(file >= 0);
	for (int i = 0; i < NAMES; i++) {
		int length = snprintf(path, sizeof path, "/%0*d", i * i % 300 + 1, i);
		HOLDS(counter_add(file, path, (size_t)length, 0).count == 1);
	}
	good_size = read_whole(good);
	HOLDS(good_size < SIZE_MAX_HERE);
	for (unsigned number = 1000; neighbour[0] == '\0'; number++) {
		int length = snprintf(path, sizeof path, "/%u", number);
		if (counter_bucket_head(counter_hash(path, (size_t)length)) ==
		    counter_bucket_head(counter_hash("/0", 2)))
			memcpy(neighbour, path, (size_t)length + 1);
	}
	return 0;
}

/*
 * Most of the file is the table: choose a place in the header, in the records, a used bucket
 * head, or any place.
 */
static size_t take_place(struct input *input)
{
	size_t number = (size_t)take(input, 3);
	size_t records = good_size - COUNTER_RECORDS;
	switch (number % 4) {
	case 0:
		return number / 4 % COUNTER_HEADER_SIZE;
	case 1: {
		char path[400];
		int i = (int)(number / 4 % NAMES);
		int length = snprintf(path, sizeof path, "/%0*d", i * i % 300 + 1, i);
		return (size_t)counter_bucket_head(counter_hash(path, (size_t)length));
	}
	case 2:
		return COUNTER_RECORDS + number / 4 % records;
	default:
		return number / 4 % good_size;
	}
}

static void damage(struct input input)
{
	HOLDS(ftruncate(file, 0) == 0);
	write_at(good, good_size, 0);
	while (input.length > 0) {
		size_t place = take_place(&input);
		size_t length = (size_t)take(&input, 1) % 16;
		if (length == 0)
			HOLDS(ftruncate(file, (off_t)place) == 0);
		unsigned char bytes[16];
		for (size_t i = 0; i < length; i++)
			bytes[i] = (unsigned char)take(&input, 1);
		if (place + length <= good_size)
			write_at(bytes, length, place);
	}
}

static void expect_path(void *context, const char *path, size_t path_length, uint64_t count)
{
	uint64_t *records = context;
	HOLDS(path_length > 0 && path_length <= COUNTER_PATH_MAX && count > 0);
	HOLDS(counter_hash(path, path_length) != 0); /* reads all bytes, for AddressSanitizer */
	*records += 1;
}

static uint64_t records_of(const char **error)
{
	uint64_t records = 0, damaged = 0;
	*error = counter_each(file, expect_path, &records, &damaged);
	return records;
}

static void expect_no_fault(void *context, const struct counter_fault *fault)
{
	(void)context;
	HOLDS(fault->kind == COUNTER_FAULT_COUNT);
}

static void ignore_fault(void *context, const struct counter_fault *fault)
{
	(void)context;
	HOLDS(fault->path == NULL || fault->path_length <= COUNTER_PATH_MAX);
}

/* A hit is counted, or is lost with nothing changed. */
static void expect_counted_or_unchanged(const char *path, size_t length)
{
	size_t size = read_whole(before);
	struct counter_result result = counter_add(file, path, length, 0);
	if (result.error == NULL) {
		HOLDS(result.count > 0);
		return;
	}
	HOLDS(result.count == 0);
	HOLDS(read_whole(after) == size && memcmp(before, after, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counter_verify_result result;
	const char *error;
	damage((struct input){data, size});
	expect_counted_or_unchanged("/0", 2);
	expect_counted_or_unchanged(neighbour, strlen(neighbour));
	counter_verify(file, ignore_fault, NULL, &result);
	uint64_t records = records_of(&error);
	if (counter_repair(file) != NULL)
		return 0;
	HOLDS(counter_verify(file, expect_no_fault, NULL, &result) == NULL);
	/* Valid records are kept, regardless of damage around them. */
	uint64_t kept = records_of(&error);
	HOLDS(error == NULL && kept >= records);
	return 0;
}
