/*
 * Shared by the fuzzers. Each is a libFuzzer program for one function, or for the whole exchange,
 * and aborts if a property that the function's header promises does not hold.
 */
#ifndef MAYFLY_TESTS_FUZZ_H
#define MAYFLY_TESTS_FUZZ_H

#include "base/view.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Like assert, but independent of NDEBUG. */
#define HOLDS(property)                                                                            \
	do {                                                                                       \
		if (!(property)) {                                                                 \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
			        #property);                                                        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Functions that libFuzzer calls: for each input, and once before the first. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The bytes of an input that have not been read yet. */
struct input {
	const uint8_t *data;
	size_t length;
};

/* Reads a number of so many bytes; missing bytes count as 0. */
static inline uint64_t take(struct input *input, size_t bytes)
{
	uint64_t number = 0;
	for (size_t i = 0; i < bytes; i++) {
		number = number << 8 | (input->length > 0 ? *input->data : 0);
		if (input->length > 0) {
			input->data++;
			input->length--;
		}
	}
	return number;
}

static inline struct view take_rest(const struct input *input)
{
	return (struct view){(const char *)input->data, input->length};
}

static inline bool is_inside(struct view whole, struct view part)
{
	return part.data >= whole.data && part.data + part.length <= whole.data + whole.length;
}

#endif
