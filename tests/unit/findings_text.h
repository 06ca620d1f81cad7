/* The functions of command_check.h for tests of one check: what it finds is kept as text. */
#ifndef MAYFLY_TESTS_UNIT_FINDINGS_TEXT_H
#define MAYFLY_TESTS_UNIT_FINDINGS_TEXT_H

#include "mayflyctl/command_check.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A line for each problem, note, and "critical" mark. The test empties it. */
static char findings_text[2048];

static void findings_text_add(const char *format, va_list arguments)
{
	size_t length = strlen(findings_text);
	(void)vsnprintf(findings_text + length, sizeof findings_text - length - 1, format,
	                arguments);
	(void)strcat(findings_text, "\n");
}

void findings_add(struct findings *findings, const char *advice, const char *command,
                  const char *format, ...)
{
	va_list arguments;
	(void)findings;
	assert_true(advice != NULL || command != NULL);
	va_start(arguments, format);
	findings_text_add(format, arguments);
	va_end(arguments);
}

void findings_add_reinstall(struct findings *findings, const char *format, ...)
{
	va_list arguments;
	(void)findings;
	va_start(arguments, format);
	findings_text_add(format, arguments);
	va_end(arguments);
}

void findings_add_note(struct findings *findings, const char *format, ...)
{
	va_list arguments;
	(void)findings;
	va_start(arguments, format);
	findings_text_add(format, arguments);
	va_end(arguments);
}

void findings_mark_critical(struct findings *findings)
{
	(void)findings;
	(void)strcat(findings_text, "critical\n");
}

#endif
