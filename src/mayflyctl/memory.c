/* Memory without which a command cannot continue; see memory.h. */
#include "memory.h"
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void exit_without_memory(void)
{
	(void)fputs("mayflyctl: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

void *memory_allocate(size_t count, size_t size)
{
	void *block = calloc(count, size);
	if (block == NULL)
		exit_without_memory();
	return block;
}

void *memory_grow(void *array, size_t count, size_t size)
{
	void *grown = reallocarray(array, count, size);
	if (grown == NULL)
		exit_without_memory();
	return grown;
}

char *memory_vprint(const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0)
		exit_without_memory();
	return text;
}

char *memory_print(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = memory_vprint(format, arguments);
	va_end(arguments);
	return text;
}

char *memory_copy(struct view text)
{
	return memory_print("%.*s", (int)text.length, text.length > 0 ? text.data : "");
}
