/*
 * Heap copies of views: each has exactly the length of its view, so that AddressSanitizer notices
 * a byte read before or after it.
 */
#ifndef MAYFLY_TESTS_UNIT_HEAP_COPY_H
#define MAYFLY_TESTS_UNIT_HEAP_COPY_H

#include "base/view.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Returns a copy without a terminator; heap_free() frees it. */
static inline struct view heap_copy(struct view view)
{
	char *copy = malloc(view.length);
	assert_true(copy != NULL || view.length == 0);
	if (view.length > 0)
		memcpy(copy, view.data, view.length);
	return (struct view){copy, view.length};
}

static inline void heap_free(struct view copy)
{
	free((char *)copy.data);
}

#endif
