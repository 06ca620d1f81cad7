/* Memory without which a command cannot continue: if it runs out, the command exits with an error and status 1. */
#ifndef MAYFLY_MAYFLYCTL_MEMORY_H
#define MAYFLY_MAYFLYCTL_MEMORY_H

#include "base/view.h"
#include <stdarg.h>

/* Returns an array, set to zero, which the caller frees. */
void *memory_allocate(size_t count, size_t size);

/*
 * Returns the array, which may be NULL, with room for `count` elements of `size` bytes. It may have
 * moved. The caller frees it. New elements are not initialized.
 */
void *memory_grow(void *array, size_t count, size_t size);

/* Returns a copy of a text, which the caller frees. */
char *memory_copy(struct view text);

/* Return what printf(3) and vprintf(3) would print, which the caller frees. */
__attribute__((format(printf, 1, 2))) char *memory_print(const char *format, ...);
__attribute__((format(printf, 1, 0))) char *memory_vprint(const char *format, va_list arguments);

#endif
